package listeners

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// AppendBareLinks adds the http addresses that are written out in a text to
// links, each once, until there are most of them.
func AppendBareLinks(links []string, text string, most int) []string {
	for len(links) < most {
		i := strings.Index(text, "http")
		if i < 0 {
			break
		}
		text = text[i:]
		if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") {
			text = text[len("http"):]
			continue
		}
		end := strings.IndexFunc(text, endsLink)
		if end < 0 {
			end = len(text)
		}
		link := strings.TrimRight(text[:end], ".,;:!?)]}'…”»")
		if u, err := url.Parse(link); err == nil && u.Hostname() != "" && len(link) <= maxURL && !slices.Contains(links, link) {
			links = append(links, link)
		}
		text = text[end:]
	}
	return links
}

// endsLink reports whether c cannot be in an address as people write them: in
// scripts without spaces, punctuation follows at once.
func endsLink(c rune) bool {
	return unicode.IsSpace(c) || strings.ContainsRune("<>\"`、。，！？；：「」『』（）【】", c)
}
