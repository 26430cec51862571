package model

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot"
)

// personal finds what tells who somebody is: links, accounts with and without a
// server, addresses of mail, and long numbers. The first alternative wins.
var personal = regexp.MustCompile(
	`(?i)(?P<link>\bhttps?://\S+)` +
		`|(?P<handle>[@＠][\p{L}\p{N}_.\-]*[\p{L}\p{N}_](?:@[\p{L}\p{N}.\-]+\.\p{L}{2,})?|/?\bu/[\p{L}\p{N}_\-]{3,})` +
		`|(?P<mail>[\p{L}\p{N}._%+\-]+[@＠][\p{L}\p{N}.\-]+\.\p{L}{2,})` +
		`|(?P<number>\+?\p{Nd}(?:[\s().\-/]{0,3}\p{Nd}){6,})`)

// mostText is how much of a text is shown, in bytes.
const mostText = 8 << 10

// masker hides who people are. The same person has the same name in all
// questions, and nobody without the key can tell whose that is.
type masker struct {
	key   []byte
	owned []string // handles of brands, folded: they stay
}

func newMasker(key []byte, owned []string) *masker {
	m := &masker{key: key}
	for _, handle := range owned {
		m.owned = append(m.owned, fold(handle))
	}
	return m
}

func fold(handle string) string {
	return strings.ToLower(strings.TrimLeft(strings.TrimSpace(handle), "@＠"))
}

// person is the name that somebody has instead of his own.
func (k *masker) person(name string) string {
	mac := hmac.New(sha256.New, k.key)
	mac.Write([]byte(fold(name)))
	return "@person-" + hex.EncodeToString(mac.Sum(nil)[:6])
}

// text hides people in a text, and its author by name.
func (k *masker) text(s string, author *earshot.Author) string {
	s = personal.ReplaceAllStringFunc(s, k.replace)
	for _, name := range []string{author.Name, strings.TrimLeft(author.Handle, "@＠")} {
		s = k.hide(s, name)
	}
	for len(s) > mostText {
		s = s[:mostText]
		for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) {
			s = s[:len(s)-1]
		}
	}
	return s
}

func (k *masker) replace(found string) string {
	lower := strings.ToLower(found)
	switch {
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		if u, err := url.Parse(found); err == nil {
			return "[link " + u.Hostname() + "]"
		}
		return "[link]"
	case strings.HasPrefix(lower, "@"), strings.HasPrefix(found, "＠"), strings.HasPrefix(strings.TrimPrefix(lower, "/"), "u/"):
		name := fold(strings.TrimPrefix(strings.TrimPrefix(lower, "/"), "u/"))
		if slices.Contains(k.owned, name) {
			return found
		}
		return k.person(name)
	case strings.ContainsAny(found, "@＠"):
		return "[mail]"
	}
	return "[number]"
}

// hide replaces a name that stands in the text as words of their own.
func (k *masker) hide(s, name string) string {
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) < 3 || slices.Contains(k.owned, fold(name)) {
		return s
	}
	finds, err := regexp.Compile(`(?i)` + regexp.QuoteMeta(name))
	if err != nil {
		return s // QuoteMeta leaves nothing that could be wrong but invalid UTF-8
	}
	var b strings.Builder
	at := 0
	for _, span := range finds.FindAllStringIndex(s, -1) {
		before, _ := utf8.DecodeLastRuneInString(s[:span[0]])
		after, _ := utf8.DecodeRuneInString(s[span[1]:])
		if wordRune(before) || wordRune(after) {
			continue
		}
		b.WriteString(s[at:span[0]] + "[author]")
		at = span[1]
	}
	b.WriteString(s[at:])
	return b.String()
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
