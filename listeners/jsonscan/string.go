package jsonscan

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// String reads a string or null. One without escapes is a part of the text.
func (s *Scanner) String(to *string) bool {
	if s.Null() {
		return true
	}
	if !s.byte('"') {
		return false
	}
	start := s.at
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			*to = s.text[start:s.at]
			s.at++
			return true
		case c == '\\':
			return s.escaped(start, to)
		case c < ' ':
			return false
		}
	}
	return false
}

// escaped reads on from the first escape of a string.
func (s *Scanner) escaped(start int, to *string) bool {
	var b strings.Builder
	b.Grow(min(len(s.text)-start, 512)) // not all the rest: a text may hold many strings
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			b.WriteString(s.text[start:s.at])
			*to = b.String()
			s.at++
			return true
		case c == '\\':
			b.WriteString(s.text[start:s.at])
			r, ok := s.escape()
			if !ok {
				return false
			}
			b.WriteRune(r)
			start = s.at
		case c < ' ':
			return false
		default:
			s.at++
		}
	}
	return false
}

// escape reads one escape; two that are the halves of a character count as one.
func (s *Scanner) escape() (rune, bool) {
	if s.at+1 >= len(s.text) {
		return 0, false
	}
	c := s.text[s.at+1]
	if c == 'u' {
		return s.unicode()
	}
	s.at += 2
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

func (s *Scanner) unicode() (rune, bool) {
	r, ok := s.hex(s.at)
	if !ok {
		return 0, false
	}
	s.at += 6
	if !utf16.IsSurrogate(r) {
		return r, true
	}
	low, ok := s.hex(s.at)
	if whole := utf16.DecodeRune(r, low); ok && whole != utf8.RuneError {
		s.at += 6
		return whole, true
	}
	return utf8.RuneError, true // half a character, as encoding/json has it
}

// hex reads \uXXXX at a place.
func (s *Scanner) hex(at int) (rune, bool) {
	if len(s.text)-at < 6 || s.text[at:at+2] != `\u` {
		return 0, false
	}
	r, err := strconv.ParseUint(s.text[at+2:at+6], 16, 32)
	return rune(r), err == nil
}
