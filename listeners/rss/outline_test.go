package rss

import (
	"slices"
	"testing"
)

// The outline finds whole items in what feeds really look like.
func TestOutline(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		doc       string
		root      string
		items     []string
		truncated bool
	}{
		"plain":              {`<rss><channel><item>a</item><item/></channel></rss>`, "rss", []string{"<item>a</item>", "<item/>"}, false},
		"prefixes and cases": {`<RDF:rdf><r:Item>a</r:Item></RDF:rdf>`, "rdf", []string{"<r:Item>a</r:Item>"}, false},
		"doctype": {
			`<!DOCTYPE rss PUBLIC "-//N//DTD RSS>//EN" "x" [<!-- don't --><!ENTITY a "</rss>">]><rss><item/></rss>`,
			"rss",
			[]string{"<item/>"},
			false,
		},
		"cdata and comments": {
			`<feed><!-- <entry/> --><entry><![CDATA[</entry>]]></entry></feed>`,
			"feed",
			[]string{"<entry><![CDATA[</entry>]]></entry>"},
			false,
		},
		"quoted brackets":   {`<feed><entry a="/>" b='>'>x</entry></feed>`, "feed", []string{`<entry a="/>" b='>'>x</entry>`}, false},
		"items of others":   {`<feed><x><entry/></x><entry><entry/></entry></feed>`, "feed", []string{"<entry><entry/></entry>"}, false},
		"unclosed markup":   {`<rss><channel><item><p>a<br>b</item><item/></channel></rss>`, "rss", []string{"<item><p>a<br>b</item>", "<item/>"}, false},
		"unclosed item":     {`<rss><channel><item>a</channel></rss>`, "rss", []string{"<item>a"}, false},
		"stray end tags":    {`<rss></b><item></i>a</item></rss>`, "rss", []string{"<item></i>a</item>"}, false},
		"stray brackets":    {`<rss><item>1 < 2 <a b="</item><item>c</item></rss>`, "rss", []string{`<item>1 < 2 <a b="</item>`, "<item>c</item>"}, false},
		"after the end":     {`<rss><item/></rss><rss><item/></rss>`, "rss", []string{"<item/>"}, false},
		"cut in a tag":      {`<rss><item>a</item><item a="`, "rss", []string{"<item>a</item>"}, true},
		"cut in an end tag": {`<rss><item>a</item><item>b</ite`, "rss", []string{"<item>a</item>"}, true},
		"cut in cdata":      {`<rss><item>a</item><item><![CDATA[</item>`, "rss", []string{"<item>a</item>"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := outlineOf([]byte(c.doc))
			if err != nil {
				t.Fatal(err)
			}
			var items []string
			for _, p := range o.items {
				items = append(items, c.doc[p.from:p.to])
			}
			if o.root != c.root || !slices.Equal(items, c.items) || o.truncated != c.truncated {
				t.Errorf("root %s, truncated %v, items %q", o.root, o.truncated, items)
			}
		})
	}
}
