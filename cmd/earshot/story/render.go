package story

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

func (f Format) contentType() string {
	switch f {
	case RSS:
		return "application/rss+xml; charset=utf-8"
	case Atom:
		return "application/atom+xml; charset=utf-8"
	default:
		return "application/feed+json"
	}
}

// render writes the feed with its newest entry first, as feeds do.
func (f Feed) render(entries []entry, now time.Time) []byte {
	switch f.Format {
	case RSS:
		return marshalXML(f.rss(entries))
	case Atom:
		return marshalXML(f.atom(entries, now))
	default:
		return marshalJSON(f.json(entries))
	}
}

// content is the body of a post as HTML: a paragraph a line, then the link.
func (en entry) content() string {
	var b strings.Builder
	for line := range strings.Lines(en.Text) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(&b, "<p>%s</p>\n", html.EscapeString(line))
		}
	}
	if en.Link != "" {
		u := html.EscapeString(en.Link)
		fmt.Fprintf(&b, `<p><a href="%s">%s</a></p>`, u, u)
	}
	return b.String()
}

// byline is the author as the feed shows it: the handle where there is one.
func (en entry) byline() string {
	if en.Handle != "" {
		return en.Handle
	}
	return en.Name
}

type rssFeed struct {
	XMLName xml.Name  `xml:"rss"`
	Version string    `xml:"version,attr"`
	DC      string    `xml:"xmlns:dc,attr"`
	Title   string    `xml:"channel>title"`
	Link    string    `xml:"channel>link"`
	About   string    `xml:"channel>description"`
	Items   []rssItem `xml:"channel>item"`
}

type rssItem struct {
	Title   string  `xml:"title,omitempty"`
	Link    string  `xml:"link"`
	GUID    rssGUID `xml:"guid"`
	PubDate string  `xml:"pubDate"`
	Creator string  `xml:"dc:creator"`
	Lang    string  `xml:"dc:language"`
	Body    string  `xml:"description"`
}

type rssGUID struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

func (f Feed) rss(entries []entry) rssFeed {
	doc := rssFeed{Version: "2.0", DC: "http://purl.org/dc/elements/1.1/", Title: f.Title, Link: f.Home, About: f.Title}
	for _, en := range slices.Backward(entries) {
		doc.Items = append(doc.Items, rssItem{
			Title: en.Title, Link: en.URL(), GUID: rssGUID{Value: f.tag(en.ID)},
			PubDate: en.posted.UTC().Format(time.RFC1123Z), Creator: en.byline(), Lang: en.Lang, Body: en.content(),
		})
	}
	return doc
}

type atomFeed struct {
	XMLName xml.Name      `xml:"http://www.w3.org/2005/Atom feed"`
	At      string        `xml:"xmlns:at,attr"`
	Thr     string        `xml:"xmlns:thr,attr"`
	ID      string        `xml:"id"`
	Title   string        `xml:"title"`
	Updated string        `xml:"updated"`
	Link    atomLink      `xml:"link"`
	Deleted []atomDeleted `xml:"at:deleted-entry"`
	Entries []atomEntry   `xml:"entry"`
}

type atomEntry struct {
	Lang      string      `xml:"xml:lang,attr"`
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Published string      `xml:"published"`
	Updated   string      `xml:"updated"`
	Author    atomAuthor  `xml:"author"`
	Link      atomLink    `xml:"link"`
	Parent    *atomParent `xml:"thr:in-reply-to"`
	Content   atomContent `xml:"content"`
}

type atomAuthor struct {
	Name string `xml:"name"`
	URI  string `xml:"uri,omitempty"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomParent struct {
	Ref string `xml:"ref,attr"`
}

type atomContent struct {
	Type string `xml:"type,attr"`
	Body string `xml:",chardata"`
}

type atomDeleted struct {
	Ref  string `xml:"ref,attr"`
	When string `xml:"when,attr"`
}

func (f Feed) atom(entries []entry, now time.Time) atomFeed {
	doc := atomFeed{
		At:  "http://purl.org/atompub/tombstones/1.0",
		Thr: "http://purl.org/syndication/thread/1.0",
		ID:  f.tag("feed"), Title: f.Title, Updated: stamp(now), Link: atomLink{"alternate", f.Home + "/"},
	}
	for _, en := range slices.Backward(entries) {
		if en.deleted() {
			doc.Deleted = append(doc.Deleted, atomDeleted{f.tag(en.ID), stamp(en.updated)})
			continue
		}
		doc.Entries = append(doc.Entries, f.atomEntry(en))
	}
	return doc
}

func (f Feed) atomEntry(en entry) atomEntry {
	out := atomEntry{
		Lang: en.Lang, ID: f.tag(en.ID), Title: en.Title, Published: stamp(en.posted), Updated: stamp(en.updated),
		Author: atomAuthor{Name: en.byline()}, Link: atomLink{"alternate", en.URL()},
		Content: atomContent{"html", en.content()},
	}
	if en.Handle != "" {
		out.Author.URI = f.Home + "/" + en.Handle
	}
	if en.parent != "" {
		out.Parent = &atomParent{en.parent}
	}
	return out
}

type jsonFeed struct {
	Version string     `json:"version"`
	Title   string     `json:"title"`
	Home    string     `json:"home_page_url"`
	Items   []jsonItem `json:"items"`
}

type jsonItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url"`
	Title     string       `json:"title,omitempty"`
	Body      string       `json:"content_html"`
	Published string       `json:"date_published"`
	Modified  string       `json:"date_modified"`
	Authors   []jsonAuthor `json:"authors"`
	Lang      string       `json:"language"`
}

type jsonAuthor struct {
	Name string `json:"name"`
}

func (f Feed) json(entries []entry) jsonFeed {
	doc := jsonFeed{Version: "https://jsonfeed.org/version/1.1", Title: f.Title, Home: f.Home, Items: []jsonItem{}}
	for _, en := range slices.Backward(entries) {
		doc.Items = append(doc.Items, jsonItem{
			ID: f.tag(en.ID), URL: en.URL(), Title: en.Title, Body: en.content(),
			Published: stamp(en.posted), Modified: stamp(en.updated),
			Authors: []jsonAuthor{{en.byline()}}, Lang: en.Lang,
		})
	}
	return doc
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// marshalXML and marshalJSON cannot fail: what they write holds only strings,
// numbers and structs of these.
func marshalXML(doc any) []byte {
	body, err := xml.MarshalIndent(doc, "", " ")
	if err != nil {
		panic(err)
	}
	return append([]byte(xml.Header), body...)
}

func marshalJSON(doc any) []byte {
	body, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		panic(err)
	}
	return body
}
