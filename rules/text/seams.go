package text

import (
	"unicode"
	"unicode/utf8"
)

// seams notes where the words of a tag begin, and its end, and returns how many
// words there are.
func seams(tag string, ends *[maxParts + 1]int) (n int) {
	var before, here rune
	for i := 0; i < len(tag); {
		next, size := utf8.DecodeRuneInString(tag[i:])
		if i > 0 && n < maxParts-1 && isSeam(before, here, next) {
			at := i
			if unicode.IsUpper(here) && unicode.IsLower(next) && unicode.IsUpper(before) {
				at = i - utf8.RuneLen(here) // BT|Sport
			}
			if at > ends[n] {
				n++
				ends[n] = at
			}
		}
		before, here = here, next
		i += size
	}
	if len(tag) == 0 {
		return 0
	}
	n++
	ends[n] = len(tag)
	return n
}

// isSeam reports whether a new word begins with next, or with here if next shows
// that here was its capital.
func isSeam(before, here, next rune) bool {
	switch {
	case here == '_' || here == '.' || here == '@' || here == '-':
		return next != '_'
	case unicode.IsDigit(here) != unicode.IsDigit(next):
		return true
	case unicode.IsLower(here) && unicode.IsUpper(next):
		return true
	}
	return unicode.IsUpper(before) && unicode.IsUpper(here) && unicode.IsLower(next)
}
