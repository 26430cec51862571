package rss

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

var (
	utf8BOM      = []byte("\xef\xbb\xbf")
	declaration  = regexp.MustCompile(`^\s*<\?xml\s[^>]*\?>`)
	declaredName = regexp.MustCompile(`\sencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)
)

// toUTF8 returns a document as valid UTF-8 without byte order mark and XML
// declaration. What the bytes say (a byte order mark, UTF-16's zeros) counts
// most, then what the document declares, then what the server claims.
func toUTF8(doc []byte, contentType string) ([]byte, error) {
	if order, ok := utf16Order(doc); ok {
		return recode(doc, unicode.UTF16(order, unicode.UseBOM).NewDecoder())
	}
	if rest, ok := bytes.CutPrefix(doc, utf8BOM); ok {
		return withoutDeclaration(repair(rest, "utf-8")), nil
	}
	label := declaredCharset(doc)
	if label == "" {
		label = servedCharset(contentType)
	}
	if label == "" || isUTF8(label) || strings.HasPrefix(strings.ToLower(label), "utf-16") {
		return withoutDeclaration(repair(doc, label)), nil
	}
	enc, _ := charset.Lookup(label)
	if enc == nil {
		return nil, fmt.Errorf("unknown character set %q", label)
	}
	return recode(doc, enc.NewDecoder())
}

// mostText is the longest document, in UTF-8; a longer one is cut off.
const mostText = 16 << 20

func recode(doc []byte, t transform.Transformer) ([]byte, error) {
	out, err := readAll(io.LimitReader(transform.NewReader(bytes.NewReader(doc), t), mostText))
	if err != nil {
		return nil, fmt.Errorf("decoding characters: %w", err)
	}
	return withoutDeclaration(out), nil
}

// withoutDeclaration drops the XML declaration, whose encoding is no longer true.
func withoutDeclaration(doc []byte) []byte {
	return doc[len(declaration.Find(doc)):]
}

func declaredCharset(doc []byte) string {
	if m := declaredName.FindSubmatch(declaration.Find(doc)); m != nil {
		return string(m[1])
	}
	return ""
}

func servedCharset(contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return params["charset"]
}

func isUTF8(label string) bool {
	enc, err := htmlindex.Get(label)
	if err != nil {
		return false
	}
	name, err := htmlindex.Name(enc)
	return err == nil && name == "utf-8"
}

// utf16Order recognises UTF-16 by its byte order mark or, without one, by the
// zero beside the first character, which is always ASCII.
func utf16Order(doc []byte) (unicode.Endianness, bool) {
	if len(doc) < 2 {
		return unicode.BigEndian, false
	}
	switch {
	case doc[0] == 0xfe && doc[1] == 0xff, doc[0] == 0 && doc[1] != 0:
		return unicode.BigEndian, true
	case doc[0] == 0xff && doc[1] == 0xfe, doc[0] != 0 && doc[1] == 0:
		return unicode.LittleEndian, true
	}
	return unicode.BigEndian, false
}

// repair makes a document that should be UTF-8 valid. One that claims nothing
// and holds more stray bytes than characters is read as windows-1252, which is
// what old pages mean by saying nothing.
func repair(doc []byte, label string) []byte {
	if utf8.Valid(doc) {
		return doc
	}
	if label == "" && strayBytes(doc) {
		if enc, _ := charset.Lookup("windows-1252"); enc != nil {
			if out, err := recode(doc, enc.NewDecoder()); err == nil {
				return out
			}
		}
	}
	return bytes.ToValidUTF8(doc, []byte("\ufffd"))
}

func strayBytes(doc []byte) bool {
	stray, good := 0, 0
	for i := 0; i < len(doc); {
		if doc[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(doc[i:])
		if r == utf8.RuneError && n == 1 {
			stray++
		} else {
			good++
		}
		i += n
	}
	return stray > good
}
