package sentiment

import (
	"strings"

	"earshot/rules/text"
)

// emoticons adds the faces people draw with signs. They are no tokens, so the
// text itself is read.
func (r *reader) emoticons() {
	for field, s := range r.in.Fields {
		r.exclaimAtEnd(text.Field(field), s)
		for i := 0; i < len(s) && len(r.found) < most; i++ {
			if c := s[i]; c != ':' && c != ';' && c != '=' && c != '<' {
				continue
			}
			if value, n := emoticon(s[i:]); n > 0 && (i == 0 || !isAlphanumeric(s[i-1])) {
				r.found = append(r.found, finding{field: text.Field(field), from: i, to: i + n, value: value, denied: -1, degree: -1})
				i += n - 1
			}
		}
	}
}

// exclaimAtEnd accounts for the marks after the last word of a post.
func (r *reader) exclaimAtEnd(field text.Field, s string) {
	list := r.in.Tokens.List
	if len(list) == 0 || list[len(list)-1].Field != field {
		return
	}
	from := int(list[len(list)-1].To)
	r.exclaims(field, from, s[from:])
}

// emoticon returns the value in steps and the length of the face s begins with.
func emoticon(s string) (value float64, n int) {
	if strings.HasPrefix(s, "<3") {
		return 2, 2
	}
	if len(s) < 2 || s[0] == '<' {
		return 0, 0
	}
	n = 1
	if c := s[n]; (c == '-' || c == '\'' || c == 'o') && len(s) > 2 {
		n++
	}
	switch s[n] {
	case ')', ']', 'D', '*':
		value = 2
	case '(', '[':
		value = -2
	case '/', '\\', '|':
		value = -1
	case 'P', 'p':
		value = 1
	default:
		return 0, 0
	}
	if n++; n < len(s) && (isAlphanumeric(s[n]) || s[n] == '/') {
		return 0, 0 // https://, :D in a word
	}
	return value, n
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
