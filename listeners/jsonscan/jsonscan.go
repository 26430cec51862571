// Package jsonscan reads JSON of a known shape several times faster than
// encoding/json. It never judges: whatever is unusual or wrong makes it give up,
// so that encoding/json has the last word. What it does read, it reads as
// encoding/json would; every user proves that by fuzzing. Which keys there are is
// the user's business.
package jsonscan

import (
	"strconv"
	"strings"
	"time"
)

// Scanner is a place in a JSON text. All methods pass over one value, or say
// false to give up; after that the scanner is of no use. Strings without escapes
// are parts of the text. Not for concurrent use.
type Scanner struct {
	text string
	at   int
}

// New returns a scanner at the first value of a text.
func New(text string) *Scanner {
	s := &Scanner{text: text}
	s.space()
	return s
}

// End reports whether nothing but white space is left.
func (s *Scanner) End() bool {
	s.space()
	return s.at == len(s.text)
}

// Unknown passes over the value of a key that is none of known. It gives up on a
// key that encoding/json would take for another way to write one of them, such as
// "Text" for "text".
func (s *Scanner) Unknown(key string, known ...string) bool {
	for i := range len(key) {
		if key[i] >= 0x80 { // folds to more letters than are worth knowing
			return false
		}
	}
	for _, k := range known {
		if len(k) == len(key) && strings.EqualFold(k, key) {
			return false
		}
	}
	return s.Skip()
}

// Skip passes over any value that is not nested too deeply.
func (s *Scanner) Skip() bool { return s.skip(0) }

func (s *Scanner) skip(depth int) bool {
	const deep = 32
	if s.at >= len(s.text) || depth > deep {
		return false
	}
	var text string
	var figure float64
	var truth bool
	switch s.text[s.at] {
	case '{':
		return s.Object(func(string) bool { return s.skip(depth + 1) })
	case '[':
		return s.list('[', ']', func() bool { return s.skip(depth + 1) })
	case '"':
		return s.String(&text)
	case 't', 'f':
		return s.Bool(&truth)
	case 'n':
		return s.Null()
	}
	return s.Float(&figure)
}

// Array reads an array or null. It gives up if to is not nil: of a key written
// twice encoding/json makes something of its own.
func Array[T any](s *Scanner, to *[]T, element func(*T) bool) bool {
	if *to != nil {
		return false
	}
	if s.Null() {
		return true
	}
	all := []T{}
	ok := s.list('[', ']', func() bool {
		var one T
		if !element(&one) {
			return false
		}
		all = append(all, one)
		return true
	})
	*to = all
	return ok
}

// Object reads an object; field reads the value of each key.
func (s *Scanner) Object(field func(key string) bool) bool {
	return s.list('{', '}', func() bool {
		var key string
		if s.at >= len(s.text) || s.text[s.at] != '"' || !s.String(&key) {
			return false
		}
		s.space()
		if !s.byte(':') {
			return false
		}
		s.space()
		return field(key)
	})
}

func (s *Scanner) list(opening, closing byte, element func() bool) bool {
	if !s.byte(opening) {
		return false
	}
	s.space()
	if s.byte(closing) {
		return true
	}
	for {
		if !element() {
			return false
		}
		s.space()
		if s.byte(closing) {
			return true
		}
		if !s.byte(',') {
			return false
		}
		s.space()
	}
}

func (s *Scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *Scanner) byte(c byte) bool {
	if s.at >= len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *Scanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.at:], w) {
		return false
	}
	s.at += len(w)
	return true
}

// Null reads null.
func (s *Scanner) Null() bool { return s.word("null") }

// Bool reads true, false or null.
func (s *Scanner) Bool(to *bool) bool {
	switch {
	case s.word("true"):
		*to = true
	case s.word("false"):
		*to = false
	default:
		return s.Null()
	}
	return true
}

// Int reads a whole number or null.
func (s *Scanner) Int(to *int64) bool {
	if s.Null() {
		return true
	}
	digits, whole := s.number()
	if digits == "" || !whole {
		return false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	*to = n
	return err == nil
}

// Float reads a number without an exponent, or null.
func (s *Scanner) Float(to *float64) bool {
	if s.Null() {
		return true
	}
	digits, _ := s.number()
	if digits == "" {
		return false
	}
	f, err := strconv.ParseFloat(digits, 64)
	*to = f
	return err == nil
}

// number passes over a number without an exponent and reports whether it is whole.
func (s *Scanner) number() (digits string, whole bool) {
	start := s.at
	s.byte('-')
	first := s.at
	if n := s.digits(); n == 0 || n > 1 && s.text[first] == '0' {
		return "", false
	}
	whole = true
	if s.byte('.') {
		if whole = false; s.digits() == 0 {
			return "", false
		}
	}
	if s.at < len(s.text) && (s.text[s.at] == 'e' || s.text[s.at] == 'E') {
		return "", false
	}
	return s.text[start:s.at], whole
}

func (s *Scanner) digits() int {
	start := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at - start
}

// Time reads a time as encoding/json writes it, or null.
func (s *Scanner) Time(to *time.Time) bool {
	if s.Null() {
		return true
	}
	var text string
	start := s.at
	if !s.String(&text) || len(text) != s.at-start-2 {
		return false // escapes, which time.Time does not understand in JSON
	}
	return to.UnmarshalText([]byte(text)) == nil
}
