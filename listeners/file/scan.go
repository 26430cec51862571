package file

import (
	"strconv"
	"strings"
	"time"

	"earshot"
)

// scanner reads the usual kind of line several times faster than encoding/json.
// It never judges: whatever is unusual or wrong makes it give up, and
// encoding/json has the last word. That both agree is fuzzed.
type scanner struct {
	text string // the line; strings of the mention are parts of it
	at   int
}

// scan reads a mention and reports whether it could.
func scan(text string) (m earshot.Mention, ok bool) {
	s := scanner{text: text}
	s.space()
	if !s.object(func(key string) bool { return s.mention(&m, key) }) {
		return m, false
	}
	s.space()
	return m, s.at == len(s.text)
}

func (s *scanner) mention(m *earshot.Mention, key string) bool {
	switch key {
	case "id":
		return s.string(&m.ID)
	case "network":
		return s.string(&m.Network)
	case "listener":
		return s.string(&m.Listener)
	case "change":
		return s.string((*string)(&m.Change))
	case "author":
		return s.null() || s.object(func(key string) bool { return s.author(&m.Author, key) })
	case "title":
		return s.string(&m.Title)
	case "text":
		return s.string(&m.Text)
	case "url":
		return s.string(&m.URL)
	case "lang":
		return s.string(&m.Lang)
	case "posted":
		return s.time(&m.Posted)
	case "heard":
		return s.time(&m.Heard)
	case "reply_to":
		return s.string(&m.ReplyTo)
	case "conversation":
		return s.string(&m.Conversation)
	case "repost_of":
		return s.string(&m.RepostOf)
	case "quote_of":
		return s.string(&m.QuoteOf)
	case "to":
		return scanArray(s, &m.To, s.string)
	case "channel":
		return s.string(&m.Channel)
	case "links":
		return scanArray(s, &m.Links, s.string)
	case "media":
		return scanArray(s, &m.Media, s.media)
	case "engagement":
		return s.null() || s.object(func(key string) bool { return s.engagement(&m.Engagement, key) })
	case "rating":
		return s.float(&m.Rating)
	case "place":
		return s.string(&m.Place)
	case "country":
		return s.string(&m.Country)
	case "visibility":
		return s.string((*string)(&m.Visibility))
	case "about":
		return scanArray(s, &m.About, s.string)
	case "flags":
		return scanArray(s, &m.Flags, s.string)
	}
	return s.unknown(key)
}

func (s *scanner) author(a *earshot.Author, key string) bool {
	switch key {
	case "handle":
		return s.string(&a.Handle)
	case "name":
		return s.string(&a.Name)
	case "followers":
		return s.int(&a.Followers)
	case "verified":
		return s.bool(&a.Verified)
	case "created":
		return s.time(&a.Created)
	}
	return s.unknown(key)
}

func (s *scanner) media(to *earshot.Media) bool {
	return s.null() || s.object(func(key string) bool {
		switch key {
		case "url":
			return s.string(&to.URL)
		case "alt":
			return s.string(&to.Alt)
		case "name":
			return s.string(&to.Name)
		}
		return s.unknown(key)
	})
}

func (s *scanner) engagement(e *earshot.Engagement, key string) bool {
	switch key {
	case "likes":
		return s.int(&e.Likes)
	case "reposts":
		return s.int(&e.Reposts)
	case "replies":
		return s.int(&e.Replies)
	case "views":
		return s.int(&e.Views)
	}
	return s.unknown(key)
}

// unknown skips the value of a key, if it is one that encoding/json would not
// take for another way to write a known one, such as "Text".
func (s *scanner) unknown(key string) bool {
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return s.skip(0)
}

// skip passes over any value.
func (s *scanner) skip(depth int) bool {
	const deep = 32
	if s.at >= len(s.text) || depth > deep {
		return false
	}
	var text string
	var figure float64
	var truth bool
	switch s.text[s.at] {
	case '{':
		return s.object(func(string) bool { return s.skip(depth + 1) })
	case '[':
		return s.array(func() bool { return s.skip(depth + 1) })
	case '"':
		return s.string(&text)
	case 't', 'f':
		return s.bool(&truth)
	case 'n':
		return s.null()
	}
	return s.float(&figure)
}

func scanArray[T any](s *scanner, to *[]T, element func(*T) bool) bool {
	if *to != nil {
		return false // a key written twice: encoding/json has rules of its own for that
	}
	if s.null() {
		return true
	}
	all := []T{}
	ok := s.array(func() bool {
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

func (s *scanner) object(field func(key string) bool) bool {
	return s.list('{', '}', func() bool {
		var key string
		if s.at >= len(s.text) || s.text[s.at] != '"' || !s.string(&key) {
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

func (s *scanner) array(element func() bool) bool { return s.list('[', ']', element) }

func (s *scanner) list(opening, closing byte, element func() bool) bool {
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

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

func (s *scanner) byte(c byte) bool {
	if s.at >= len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) word(w string) bool {
	if !strings.HasPrefix(s.text[s.at:], w) {
		return false
	}
	s.at += len(w)
	return true
}

func (s *scanner) null() bool { return s.word("null") }

func (s *scanner) bool(to *bool) bool {
	switch {
	case s.word("true"):
		*to = true
	case s.word("false"):
		*to = false
	default:
		return s.null()
	}
	return true
}

func (s *scanner) int(to *int64) bool {
	if s.null() {
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

func (s *scanner) float(to *float64) bool {
	if s.null() {
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
func (s *scanner) number() (digits string, whole bool) {
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

func (s *scanner) digits() int {
	start := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at - start
}

func (s *scanner) time(to *time.Time) bool {
	if s.null() {
		return true
	}
	var text string
	start := s.at
	if !s.string(&text) || len(text) != s.at-start-2 {
		return false // escapes, which time.Time does not understand in JSON
	}
	return to.UnmarshalText([]byte(text)) == nil
}
