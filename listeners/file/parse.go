package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"earshot"
)

// SyntaxError says what is wrong with a line, and where in it.
type SyntaxError struct {
	Column int    // in bytes, from 1
	What   string // what is wrong there
}

// Error says where and what.
func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.What) }

// Parse reads one mention from one line of NDJSON, without its end. Keys it does
// not know are ignored; an ID that is missing is left to the caller, who knows
// where the line is from. Every error is a *SyntaxError. It may be called
// concurrently.
func Parse(text []byte) (earshot.Mention, error) {
	start, err := object(text)
	if err != nil {
		return earshot.Mention{}, err
	}
	m, usual := scan(string(text))
	if !usual {
		m = earshot.Mention{}
		if err := json.Unmarshal(text, &m); err != nil {
			return earshot.Mention{}, locate(err, text)
		}
	}
	if m.Text == "" && m.Title == "" && m.Change != earshot.Deleted && !bytes.Contains(text, []byte(`"text"`)) {
		return earshot.Mention{}, &SyntaxError{Column: start + 1, What: `there is neither "text" nor "title"`}
	}
	if err := checkWords(&m, text); err != nil {
		return earshot.Mention{}, err
	}
	return m, nil
}

// checkWords refuses what the listeners refuse of any source: here its place is
// still known.
func checkWords(m *earshot.Mention, text []byte) error {
	for _, word := range []struct {
		field, value string
		known        []string
	}{
		{"change", string(m.Change), []string{"", string(earshot.New), string(earshot.Edited), string(earshot.Deleted)}},
		{"visibility", string(m.Visibility), []string{"", string(earshot.Public), string(earshot.Private)}},
	} {
		if slices.Contains(word.known, word.value) {
			continue
		}
		_, at := seek(text, func(field string, _ json.RawMessage) bool { return field == word.field })
		what := fmt.Sprintf("%s %.40q is none of %s", word.field, word.value, strings.Join(word.known[1:], ", "))
		return &SyntaxError{Column: at + 1, What: what}
	}
	return nil
}

// Decode reads the keys that into has from one line of NDJSON, whose mistakes it
// tells as Parse does.
func Decode(text []byte, into any) error {
	if _, err := object(text); err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return locate(err, text)
	}
	return nil
}

// object returns where the object of a line begins.
func object(text []byte) (start int, err error) {
	if bad := invalidUTF8(text); bad >= 0 {
		return 0, &SyntaxError{Column: bad + 1, What: "invalid UTF-8"}
	}
	start = len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	if start == len(text) || text[start] != '{' {
		return 0, &SyntaxError{Column: start + 1, What: "a mention is a JSON object, in braces"}
	}
	return start, nil
}

func invalidUTF8(text []byte) int {
	if utf8.Valid(text) {
		return -1
	}
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// locate turns an error of encoding/json into ours.
func locate(err error, text []byte) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return &SyntaxError{Column: min(max(int(syntax.Offset), 1), len(text)+1), What: syntax.Error()}
	case errors.As(err, &wrong):
		what := fmt.Sprintf("%s cannot be a %s", quoted(wrong.Field), wrong.Value)
		return &SyntaxError{Column: max(int(wrong.Offset), 1), What: what}
	}
	// Only times are left, whose errors tell neither the key nor the place.
	field, at := wrongTime(text)
	return &SyntaxError{Column: at + 1, What: quoted(field) + " is not a time: write it as 2026-11-21T08:15:00Z"}
}

// wrongTime finds the first time of a mention that is none.
func wrongTime(text []byte) (field string, at int) {
	return seek(text, func(field string, value json.RawMessage) bool {
		switch field {
		case "posted", "heard", "author.created":
			return json.Unmarshal(value, new(time.Time)) != nil
		}
		return false
	})
}

// seek returns the name and the place of the first value that is meant, of those
// of a mention and its author; the place is 0 if there is none.
func seek(text []byte, meant func(field string, value json.RawMessage) bool) (field string, at int) {
	s := seeker{text: text, decoder: json.NewDecoder(bytes.NewReader(text)), meant: meant}
	if s.object("") {
		return s.field, s.at
	}
	return "", 0
}

type seeker struct {
	text    []byte
	decoder *json.Decoder
	meant   func(field string, value json.RawMessage) bool
	field   string
	at      int
}

func (s *seeker) object(prefix string) (found bool) {
	if _, err := s.decoder.Token(); err != nil {
		return false
	}
	for s.decoder.More() {
		key, err := s.decoder.Token()
		if err != nil {
			return false
		}
		name, _ := key.(string)
		after := s.text[s.decoder.InputOffset():]
		s.field = prefix + strings.ToLower(name)
		s.at = len(s.text) - len(bytes.TrimLeft(after, ": \t\r\n"))
		if s.field == "author" && s.text[s.at] == '{' {
			if s.object("author.") {
				return true
			}
			continue
		}
		var value json.RawMessage
		if err := s.decoder.Decode(&value); err != nil {
			return false
		}
		if s.meant(s.field, value) {
			return true
		}
	}
	_, _ = s.decoder.Token() // the closing brace: the text is known to be JSON
	return false
}

func quoted(field string) string {
	if field == "" {
		return "a mention"
	}
	return fmt.Sprintf("%.80q", field)
}
