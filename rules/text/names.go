package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Name is how the handle or the name of a person is compared: folded, without @,
// with single spaces.
func Name(s string) string { return string(AppendName(nil, s)) }

// AppendName appends what Name returns.
func AppendName(dst []byte, s string) []byte {
	folds := loadFolds()
	start := len(dst)
	gap := false
	for _, r := range strings.TrimLeft(s, "@＠") {
		if unicode.IsSpace(r) {
			gap = len(dst) > start
			continue
		}
		if gap {
			dst, gap = append(dst, ' '), false
		}
		dst = folds.appendRune(dst, r)
	}
	return dst
}

// Channel is how the name of a subreddit, group or board is compared: folded,
// without r/ and without #.
func Channel(s string) string { return string(AppendChannel(nil, s)) }

// AppendChannel appends what Channel returns.
func AppendChannel(dst []byte, s string) []byte {
	s = strings.TrimPrefix(strings.TrimSpace(s), "/")
	if hasPrefixFold(s, "r/") {
		s = s[len("r/"):]
	}
	return AppendName(dst, strings.TrimLeft(s, "#"))
}

// AppendExact appends s as it was written, but for what nobody sees: how accents
// are encoded, and characters without width.
func AppendExact(dst []byte, s string) []byte {
	if isASCII(s) {
		return append(dst, s...)
	}
	if !norm.NFC.IsNormalString(s) {
		s = norm.NFC.String(s)
	}
	for _, r := range s {
		if !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Variation_Selector, r) {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// AppendLetters appends the key that the letters of s have as a single token.
func AppendLetters(dst []byte, s string) []byte {
	folds := loadFolds()
	for _, r := range s {
		switch folds.lookup(r).class() {
		case letter, single, mark, ignored:
			dst = folds.appendRune(dst, r)
		}
	}
	return dst
}
