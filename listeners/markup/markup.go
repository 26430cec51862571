// Package markup turns HTML that strangers wrote into the plain text, the links
// and the pictures that a reader sees. It never nests, however deeply the HTML
// does, and trusts nothing in it. Which markup a network uses, and what a mention
// is made of, is the driver's business.
package markup

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"earshot"
)

const (
	maxSource = 1 << 20 // bytes of HTML that are read; what follows is cut
	maxMedia  = 20
)

// MaxLinks is how many links of a text are kept.
const MaxLinks = 50

// Rendering is what a piece of HTML says to a reader.
type Rendering struct {
	Text  string          // plain, blocks on lines of their own
	Links []string        // absolute http addresses that anchors lead to, each once
	Media []earshot.Media // pictures and films, each once
	Cut   bool            // there was more than is read
}

// Render turns HTML into plain text, with the links and pictures in it. Relative
// addresses are resolved against base, or left out without one. What looks like a
// tag but is none that HTML knows stays as text.
func Render(source string, base *url.URL) Rendering {
	source, cut := cutAt(source, maxSource)
	if !strings.ContainsAny(source, "<&") {
		r := Plain(source)
		r.Cut = cut
		return r
	}
	r := &renderer{base: base}
	z := html.NewTokenizer(strings.NewReader(source))
	for r.token(z) {
	}
	return Rendering{Text: r.out.String(), Links: r.links, Media: r.media, Cut: cut}
}

// Plain tidies text that has no markup; its line breaks are its own.
func Plain(source string) Rendering {
	source, cut := cutAt(source, maxSource)
	var w writer
	w.write(source, true)
	return Rendering{Text: w.String(), Cut: cut}
}

// Title is Render for a headline: one line, and whether there was more than is
// read.
func Title(source string) (string, bool) {
	const longest = 16 << 10
	source, cut := cutAt(source, longest)
	return strings.Join(strings.Fields(Render(source, nil).Text), " "), cut
}

// cutAt cuts s after at most n bytes, between two characters.
func cutAt(s string, n int) (string, bool) {
	if len(s) <= n {
		return s, false
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}

type renderer struct {
	out   writer
	base  *url.URL
	links []string
	media []earshot.Media
	skip  bool // the next text is a script, not something to read
	pre   int  // open <pre> elements
}

// token deals with the next token and reports whether there may be more.
func (r *renderer) token(z *html.Tokenizer) bool {
	kind := z.Next()
	switch kind {
	case html.ErrorToken:
		if rest := z.Raw(); len(rest) > 0 { // a tag that never ends is text
			r.out.write(string(rest), false)
		}
		return false
	case html.TextToken:
		if r.skip {
			r.skip = false
			return true
		}
		r.out.write(string(z.Text()), r.pre > 0)
	case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
		r.skip = false
		r.tag(z, kind)
	}
	return true
}

func (r *renderer) tag(z *html.Tokenizer, kind html.TokenType) {
	raw := z.Raw()
	written := rawName(raw)
	name := atom.Lookup(written)
	if name == 0 && !bytes.ContainsAny(written, ":-") {
		r.out.write(string(raw), false)
		return
	}
	if kind == html.SelfClosingTagToken {
		z.NextIsNotRawText() // XHTML means what it says: nothing is inside
	}
	switch name {
	case atom.Script, atom.Style, atom.Iframe, atom.Noembed, atom.Noframes:
		r.skip = kind == html.StartTagToken
	case atom.Pre:
		r.preformatted(kind)
	case atom.A:
		if kind == html.StartTagToken {
			r.link(Attributes(z)["href"])
		}
	case atom.Img, atom.Video, atom.Audio, atom.Source:
		if kind != html.EndTagToken {
			r.picture(Attributes(z))
		}
	}
	r.out.rest(gapOf(name))
}

func (r *renderer) preformatted(kind html.TokenType) {
	switch kind {
	case html.StartTagToken:
		r.pre++
	case html.EndTagToken:
		r.pre = max(0, r.pre-1)
	}
}

// rawName is the lower-case name of a raw tag.
func rawName(raw []byte) []byte {
	raw = bytes.TrimLeft(raw, "</")
	if i := bytes.IndexAny(raw, " \t\r\n\f/>"); i >= 0 {
		raw = raw[:i]
	}
	for _, c := range raw {
		if 'A' <= c && c <= 'Z' {
			return bytes.ToLower(raw)
		}
	}
	return raw
}

// TagOf is the tag that a tokenizer is at, 0 for one that HTML does not know. It
// reads nothing away.
func TagOf(z *html.Tokenizer) atom.Atom { return atom.Lookup(rawName(z.Raw())) }

// Attributes are those of the tag that a tokenizer is at, the first thirty-two; it
// reads them away.
func Attributes(z *html.Tokenizer) map[string]string {
	_, more := z.TagName()
	found := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, known := found[string(key)]; !known && len(found) < 32 {
			found[string(key)] = string(value)
		}
	}
	return found
}

func (r *renderer) link(href string) {
	if u := Resolve(r.base, href); u != "" {
		r.links = appendLink(r.links, u)
	}
}

func (r *renderer) picture(attr map[string]string) {
	alt := strings.Join(strings.Fields(attr["alt"]), " ")
	if class := attr["class"]; strings.Contains(class, "emoji") || strings.Contains(class, "smiley") {
		r.out.write(alt, false) // a character somebody drew
		return
	}
	if attr["width"] == "1" || attr["height"] == "1" {
		return // counts readers
	}
	if u := Resolve(r.base, attr["src"]); u != "" {
		r.media = AppendMedia(r.media, earshot.Media{URL: u, Alt: alt})
	}
}

func appendLink(links []string, u string) []string {
	if slices.Contains(links, u) {
		return links
	}
	if len(links) >= MaxLinks {
		return links
	}
	return append(links, u)
}

// AppendMedia adds m unless its address is there already; then only a missing
// description is filled in. What is too many is left out.
func AppendMedia(media []earshot.Media, m earshot.Media) []earshot.Media {
	for i, known := range media {
		if known.URL == m.URL {
			if known.Alt == "" {
				media[i].Alt = m.Alt
			}
			return media
		}
	}
	if len(media) >= maxMedia {
		return media
	}
	return append(media, m)
}

// Resolve returns ref as an absolute http address, or "" when it is none.
func Resolve(base *url.URL, ref string) string {
	const longest = 2048
	ref = strings.TrimSpace(ref)
	if ref == "" || len(ref) > longest {
		return ""
	}
	u, err := url.Parse(ref)
	if err != nil {
		return ""
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return ""
	}
	return u.String()
}
