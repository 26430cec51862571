package wording

import (
	"strings"
	"unicode"
)

// Line makes one line of at most limit runes of a text: white space becomes one
// blank, what cannot be seen or turns the reading direction goes.
func Line(s string, limit int) string {
	s = strings.Join(strings.Fields(Lines(s, 4*limit)), " ")
	return cut([]rune(s), limit)
}

// Lines is a text of at most limit runes as a person may safely read it: without
// control characters but line ends, without what cannot be seen or turns the reading
// direction, without towers of accents and without more than one empty line at a time.
func Lines(s string, limit int) string {
	kept := make([]rune, 0, min(len(s), limit+1))
	ends, marks := 0, 0
	for _, r := range s {
		if len(kept) > limit {
			break
		}
		switch {
		case r == '\n' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			if ends++; ends <= 2 && len(kept) > 0 {
				kept = append(kept, '\n')
			}
			continue
		case r == '\t' || unicode.Is(unicode.Zs, r):
			r = ' '
		case hidden(r):
			continue
		}
		if marks++; !unicode.IsMark(r) {
			marks = 0
		}
		if marks > 4 {
			continue
		}
		if r != ' ' {
			ends = 0
		}
		kept = append(kept, r)
	}
	return strings.TrimSpace(cut(kept, limit))
}

// hidden reports whether a character cannot be seen, or changes how others are. The
// joiners stay: Persian, Hindi and many emoji are not themselves without.
func hidden(r rune) bool {
	switch r {
	case '\u200c', '\u200d':
		return false
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0', unicode.ReplacementChar:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef
}

// cut shortens a text with an ellipsis, never between a letter and its marks.
func cut(s []rune, limit int) string {
	if len(s) <= limit {
		return string(s)
	}
	end := max(limit-1, 0)
	for end > 0 && (unicode.IsMark(s[end]) || s[end] == '\u200d' || s[end] >= 0x1f3fb && s[end] <= 0x1f3ff) {
		end--
	}
	return strings.TrimRightFunc(string(s[:end]), unicode.IsSpace) + "…"
}
