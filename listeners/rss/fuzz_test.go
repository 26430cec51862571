package rss

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"earshot/listeners/seen"
)

// Whatever a server sends, reading it ends, and what is made of it keeps the
// promises of a mention: an ID of the network, once, valid text, absolute links.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.[xj]*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, "text/xml; charset=iso-8859-1")
		f.Add(body, "")
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		doc, err := read(body, contentType)
		if err != nil {
			return
		}
		s := sourceAt(feedURL)
		batch := s.sift(&state{}, doc, s.address)
		ids := map[string]bool{}
		for _, m := range batch.Mentions {
			if !strings.HasPrefix(m.ID, "rss:") || len(m.ID) == len("rss:") || ids[m.ID] {
				t.Errorf("ID %q", m.ID)
			}
			ids[m.ID] = true
			if !utf8.ValidString(m.ID + m.Title + m.Text + m.Author.Name + m.Author.Handle) {
				t.Errorf("invalid UTF-8 in %+v", m)
			}
			for _, link := range append(m.Links, m.URL) {
				if link != "" && !strings.HasPrefix(link, "http") {
					t.Errorf("link %q", link)
				}
			}
		}
		// Heard again, it says nothing new.
		again := s.sift(&state{Known: new(seen.Memory).With(batch.seen)}, doc, s.address)
		if len(again.Mentions)+len(again.Dead) > 0 && len(doc.Items) < 1000 {
			t.Errorf("heard again: %+v", again)
		}
		doc.pace(time.Now())
	})
}

// benchFeed is five hundred articles of about a thousand characters.
func benchFeed() []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
		xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Bench</title><link>https://bench.example/</link>`)
	words := strings.Repeat("<p>The <b>crane</b> arrived broken &amp; nobody at <a href='https://acme.example/'>Acme</a> answers.</p>", 10)
	for i := range 500 {
		fmt.Fprintf(&b, `<item><title>Article %d</title><link>https://bench.example/%d</link><guid>https://bench.example/%d</guid>
			<pubDate>Tue, 17 Nov 2026 09:%02d:00 +0000</pubDate><dc:creator>Ida Holm</dc:creator>
			<content:encoded><![CDATA[%s]]></content:encoded></item>`, i, i, i, i%60, words)
	}
	b.WriteString("</channel></rss>")
	return []byte(b.String())
}

func BenchmarkParse(b *testing.B) {
	body := benchFeed()
	s := sourceAt(feedURL)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		doc, err := read(body, "")
		if err != nil {
			b.Fatal(err)
		}
		if batch := s.sift(&state{}, doc, s.address); len(batch.Mentions) != 500 {
			b.Fatal(len(batch.Mentions))
		}
	}
}

func BenchmarkOutline(b *testing.B) {
	body := benchFeed()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if o, err := outlineOf(body); err != nil || len(o.items) != 500 {
			b.Fatal(err)
		}
	}
}

// Whatever a server says of its hub, what comes of it are addresses or nothing.
func FuzzAnnounced(f *testing.F) {
	f.Add(`<https://hub.example/>; rel="hub", </b>; rel=self`, "", "")
	f.Add(`<h?a=1,2>; title="a,<b>"; rel="x hub"`, "/hub", "/self")
	f.Fuzz(func(t *testing.T, link, hub, self string) {
		s := sourceAt(feedURL)
		gotHub, topic := announced{hub: hub, self: self}.by(http.Header{"Link": {link}}, s.address)
		if (gotHub == "") != (topic == "") || gotHub != "" && (!strings.HasPrefix(gotHub, "http") || !strings.HasPrefix(topic, "http")) {
			t.Errorf("hub %q, topic %q", gotHub, topic)
		}
	})
}
