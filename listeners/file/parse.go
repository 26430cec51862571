package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	if bad := invalidUTF8(text); bad >= 0 {
		return earshot.Mention{}, &SyntaxError{Column: bad + 1, What: "invalid UTF-8"}
	}
	start := len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	if start == len(text) || text[start] != '{' {
		return earshot.Mention{}, &SyntaxError{Column: start + 1, What: "a mention is a JSON object, in braces"}
	}
	m, usual := scan(string(text))
	if !usual {
		m = earshot.Mention{}
		if err := json.Unmarshal(text, &m); err != nil {
			return earshot.Mention{}, locate(err, len(text))
		}
	}
	if m.Text == "" && m.Title == "" && m.Change != earshot.Deleted && !bytes.Contains(text, []byte(`"text"`)) {
		return earshot.Mention{}, &SyntaxError{Column: start + 1, What: `there is neither "text" nor "title"`}
	}
	return m, nil
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
func locate(err error, length int) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return &SyntaxError{Column: min(max(int(syntax.Offset), 1), length+1), What: syntax.Error()}
	case errors.As(err, &wrong):
		what := fmt.Sprintf("%s cannot be a %s", quoted(wrong.Field), wrong.Value)
		return &SyntaxError{Column: max(int(wrong.Offset), 1), What: what}
	}
	return &SyntaxError{Column: 1, What: strings.TrimPrefix(err.Error(), "json: ")} // a time, which tells no place
}

func quoted(field string) string {
	if field == "" {
		return "a mention"
	}
	return fmt.Sprintf("%.80q", field)
}
