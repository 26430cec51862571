package rss

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"earshot/listeners/markup"
)

// announced is who pushes a feed and under which name (WebSub, W3C Recommendation
// of 2018-01-23, section 4), as it is written.
type announced struct{ hub, self string }

// add notes a link; the first of its kind counts.
func (a *announced) add(rel, href string) {
	for kind := range strings.FieldsSeq(strings.ToLower(rel)) {
		switch {
		case kind == "hub" && a.hub == "":
			a.hub = strings.TrimSpace(href)
		case kind == "self" && a.self == "":
			a.self = strings.TrimSpace(href)
		}
	}
}

// addJSON notes what a JSON Feed says of its hubs.
func (a *announced) addJSON(doc []byte) {
	if !bytes.Contains(doc, []byte(`"hubs"`)) {
		return
	}
	var feed struct {
		Self string `json:"feed_url"`
		Hubs []struct {
			Type string `json:"type"`
			URL  string `json:"url"`
		} `json:"hubs"`
	}
	if json.Unmarshal(doc, &feed) != nil {
		return // the feed itself may be readable all the same
	}
	a.add("self", feed.Self)
	for _, hub := range feed.Hubs {
		if strings.EqualFold(hub.Type, "WebSub") {
			a.add("hub", hub.URL)
		}
	}
}

// by returns what counts of an answer: its headers, else the document, with
// absolute addresses. Both are empty if there is no hub; the name is the address
// that was asked if the feed gives none.
func (a announced) by(header http.Header, from *url.URL) (hub, topic string) {
	var said announced
	for _, value := range header.Values("Link") {
		said.addHeader(value)
	}
	said.add("hub", a.hub)
	said.add("self", a.self)
	if hub = markup.Resolve(from, said.hub); hub == "" {
		return "", ""
	}
	if topic = markup.Resolve(from, said.self); topic == "" {
		topic = from.String()
	}
	return hub, topic
}

// addHeader notes the links of a header (RFC 8288). Commas and semicolons may be in
// addresses and in quotes.
func (a *announced) addHeader(value string) {
	for {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			return
		}
		address, rest, ok := strings.Cut(rest, ">")
		if !ok {
			return
		}
		quoted := false
		end := strings.IndexFunc(rest, func(c rune) bool {
			quoted = quoted != (c == '"')
			return c == ',' && !quoted
		})
		if end < 0 {
			end = len(rest)
		}
		a.addParameters(address, rest[:end])
		value = rest[end:]
	}
}

func (a *announced) addParameters(address, all string) {
	for parameter := range strings.SplitSeq(all, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(strings.TrimSpace(name), "rel") {
			a.add(strings.Trim(strings.TrimSpace(value), `"`), address)
		}
	}
}
