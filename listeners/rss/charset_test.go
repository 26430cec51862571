package rss

import (
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// The character set is found by byte order mark, declaration, header, guess: in
// this order, and it is applied once.
func TestCharsets(t *testing.T) {
	t.Parallel()
	utf16 := func(order unicode.Endianness, bom unicode.BOMPolicy) encoding.Encoding {
		return unicode.UTF16(order, bom)
	}
	for name, c := range map[string]struct {
		in          encoding.Encoding
		words       string
		declaration string
		contentType string
	}{
		"utf-8":                        {encoding.Nop, "Zoë 🧸", "", ""},
		"utf-8 with mark":              {unicode.UTF8BOM, "Zoë", `<?xml version="1.0" encoding="iso-8859-1"?>`, ""},
		"latin-1 by header":            {charmap.ISO8859_1, "Zoë", "", "text/xml; charset=ISO-8859-1"},
		"latin-1 declared":             {charmap.ISO8859_1, "Zoë", `<?xml version='1.0' encoding='ISO-8859-1'?>`, ""},
		"declaration beats header":     {charmap.ISO8859_1, "Zoë", `<?xml version="1.0" encoding="ISO-8859-1"?>`, "text/xml; charset=utf-8"},
		"windows-1251 by header":       {charmap.Windows1251, "Игрушка", "", `application/rss+xml; charset="windows-1251"`},
		"windows-1251 declared":        {charmap.Windows1251, "Игрушка", `<?xml version="1.0" encoding="windows-1251"?>`, ""},
		"shift_jis by header":          {japanese.ShiftJIS, "おもちゃ", "", "text/xml; charset=Shift_JIS"},
		"shift_jis declared":           {japanese.ShiftJIS, "おもちゃ", "\n<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>", "text/xml"},
		"utf-16le with mark":           {utf16(unicode.LittleEndian, unicode.UseBOM), "Zoë おもちゃ", `<?xml version="1.0" encoding="utf-16"?>`, ""},
		"utf-16be with mark":           {utf16(unicode.BigEndian, unicode.UseBOM), "Zoë おもちゃ", `<?xml version="1.0" encoding="utf-16"?>`, "text/xml; charset=utf-16"},
		"utf-16le without mark":        {utf16(unicode.LittleEndian, unicode.IgnoreBOM), "Zoë", `<?xml version="1.0"?>`, "text/xml; charset=utf-16le"},
		"utf-16be without mark":        {utf16(unicode.BigEndian, unicode.IgnoreBOM), "Zoë", "", ""},
		"utf-16 declared, but it lies": {encoding.Nop, "Zoë", `<?xml version="1.0" encoding="utf-16"?>`, ""},
		"windows-1252 by guess":        {charmap.Windows1252, "Zoë – “toy”", "", "text/xml"},
		"header with rubbish":          {encoding.Nop, "Zoë", "", "text/xml; charset="},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := c.in.NewEncoder().String(c.declaration + channel(item("1", c.words)))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := read([]byte(body), c.contentType)
			if err != nil {
				t.Fatal(err)
			}
			if len(doc.Items) != 1 || doc.Items[0].Title != c.words {
				t.Errorf("read %q, want %q", doc.Items[0].Title, c.words)
			}
		})
	}
}

// A character that is damaged costs itself and no other.
func TestDamagedCharacters(t *testing.T) {
	t.Parallel()
	doc, err := read([]byte(channel(item("1", "Zo\xeb ëëë \x00\x01\ufffe end"))), "text/xml; charset=utf-8")
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Items) != 1 || doc.Items[0].Title != "Zo\ufffd ëëë  end" {
		t.Errorf("read %+v", doc.Items)
	}
}

// A character set that nobody knows is an error, not mojibake.
func TestUnknownCharset(t *testing.T) {
	t.Parallel()
	if _, err := read([]byte(`<?xml version="1.0" encoding="klingon"?>`+channel()), ""); err == nil {
		t.Error("read a feed in klingon")
	}
}
