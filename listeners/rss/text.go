package rss

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"earshot"
	"earshot/listeners"
)

const (
	maxSource = 1 << 20 // bytes of HTML that are read; what follows is cut
	maxLinks  = 50
	maxMedia  = 20
)

// rendering is what a piece of HTML says to a reader.
type rendering struct {
	text  string
	links []string
	media []earshot.Media
	cut   bool
}

// render turns HTML into plain text, with the links and pictures in it. It never
// nests, however deeply the HTML does. Relative addresses are resolved against
// base. What looks like a tag but is none that HTML knows stays as text.
func render(source string, base *url.URL) rendering {
	source, cut := cutAt(source, maxSource)
	if !strings.ContainsAny(source, "<&") {
		r := renderPlain(source)
		r.cut = cut
		return r
	}
	r := &renderer{base: base}
	z := html.NewTokenizer(strings.NewReader(source))
	for r.token(z) {
	}
	out := rendering{text: r.out.String(), links: r.links, media: r.media, cut: cut}
	out.links = listeners.AppendBareLinks(out.links, out.text, maxLinks)
	return out
}

// renderPlain tidies text that has no markup; its line breaks are its own.
func renderPlain(source string) rendering {
	source, cut := cutAt(source, maxSource)
	var w writer
	w.write(source, true)
	text := w.String()
	return rendering{text: text, links: listeners.AppendBareLinks(nil, text, maxLinks), cut: cut}
}

// renderTitle is render for a headline: one line.
func renderTitle(source string) (string, bool) {
	const longest = 16 << 10
	source, cut := cutAt(source, longest)
	r := render(source, nil)
	return strings.Join(strings.Fields(r.text), " "), cut
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
			r.link(attributes(z)["href"])
		}
	case atom.Img, atom.Video, atom.Audio, atom.Source:
		if kind != html.EndTagToken {
			r.picture(attributes(z))
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

func attributes(z *html.Tokenizer) map[string]string {
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
	if u := resolve(r.base, href); u != "" {
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
	if u := resolve(r.base, attr["src"]); u != "" {
		r.media = appendMedia(r.media, earshot.Media{URL: u, Alt: alt})
	}
}

func appendLink(links []string, u string) []string {
	if slices.Contains(links, u) {
		return links
	}
	if len(links) >= maxLinks {
		return links
	}
	return append(links, u)
}

func appendMedia(media []earshot.Media, m earshot.Media) []earshot.Media {
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

// resolve returns an absolute http address, or "".
func resolve(base *url.URL, ref string) string {
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
