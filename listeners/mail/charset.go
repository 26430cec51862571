package mail

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
)

// charsetReader decodes a character set. Names mean what browsers take them for,
// since that is what mail programs write: iso-8859-1 is windows-1252, gb2312 is
// GBK. What browsers do not know is looked up at IANA.
func charsetReader(name string, input io.Reader) (io.Reader, error) {
	name = strings.ToLower(strings.Trim(name, " \t\"'"))
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement {
		return e.NewDecoder().Reader(input), nil
	}
	r, err := charset.Reader(name, input)
	if err != nil {
		return nil, fmt.Errorf("reading the character set: %w", err)
	}
	return r, nil
}

// guess turns a text into UTF-8, from the character set that it claims to be in or,
// when there is none or nobody knows it, from what it looks like.
func guess(text []byte, claimed string) string {
	claimed = strings.ToLower(strings.Trim(claimed, " \t\"'"))
	switch claimed {
	case "", "us-ascii", "ascii", "utf-8", "utf8", "default", "unknown-8bit", "x-unknown":
	default:
		if r, err := charsetReader(claimed, bytes.NewReader(text)); err == nil {
			if decoded, err := io.ReadAll(r); err == nil {
				return string(decoded)
			}
		}
	}
	switch {
	case bytes.Contains(text, []byte("\x1b$")):
		return decode(text, japanese.ISO2022JP)
	case utf8.Valid(text), claimed == "utf-8" || claimed == "utf8":
		return strings.ToValidUTF8(string(text), "\ufffd")
	}
	return decode(text, charmap.Windows1252)
}

func decode(text []byte, e encoding.Encoding) string {
	decoded, err := e.NewDecoder().Bytes(text)
	if err != nil {
		return strings.ToValidUTF8(string(text), "\ufffd")
	}
	return string(decoded)
}
