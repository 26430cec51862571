package reddit

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/markup"
)

// entries is what Reddit's Atom feeds hold of interest.
type entries struct {
	XMLName xml.Name `xml:"feed"`
	Entries []entry  `xml:"entry"`
}

type entry struct {
	ID     string `xml:"id"`
	Title  string `xml:"title"`
	Author struct {
		Name string `xml:"name"`
	} `xml:"author"`
	Category struct {
		Label string `xml:"label,attr"`
	} `xml:"category"`
	Link struct {
		Href string `xml:"href,attr"`
	} `xml:"link"`
	Content   string `xml:"content"`
	Published string `xml:"published"`
	Updated   string `xml:"updated"`
}

// parseFeed reads one of the public feeds, which know less than the API: no
// scores, no edits of titles, nothing of deletions.
func parseFeed(body []byte) (page, error) {
	var feed entries
	if err := xml.Unmarshal(body, &feed); err != nil {
		return page{}, fmt.Errorf("%w: reading the feed: %w", listeners.ErrMalformed, err)
	}
	var p page
	for _, e := range feed.Entries {
		if isName(e.ID) { // else it is a subreddit that a search found
			p.posts = append(p.posts, post{e.ID, e.mention()})
		}
	}
	if len(p.posts) >= pageSize {
		p.after = p.posts[len(p.posts)-1].name
	}
	return p, nil
}

var (
	external = regexp.MustCompile(`<a href="([^"]*)">\[link\]</a>`)
	thread   = regexp.MustCompile(`/comments/([0-9a-z]{1,20})/`)
)

func (e *entry) mention() earshot.Mention {
	m := earshot.Mention{ID: idOf(e.ID), Network: network, Change: earshot.New, Visibility: earshot.Public}
	m.Author.Handle = strings.TrimPrefix(strings.TrimSpace(e.Author.Name), "/u/")
	m.URL, m.Channel = markup.Resolve(site, e.Link.Href), e.Category.Label
	for _, at := range []string{e.Published, e.Updated} {
		if t, err := time.Parse(time.RFC3339, at); err == nil && m.Posted.IsZero() {
			m.Posted = t.UTC()
		}
	}
	said, rest := e.Content, ""
	if _, after, ok := strings.Cut(e.Content, "<!-- SC_OFF -->"); ok {
		said, rest, _ = strings.Cut(after, "<!-- SC_ON -->")
	} else if strings.Contains(e.Content, "[comments]</a>") {
		said, rest = "", e.Content // a link and nothing else
	}
	r := markup.Render(said, site)
	m.Text, m.Links, m.Media = r.Text, r.Links, r.Media
	if strings.HasPrefix(e.ID, "t1_") {
		if found := thread.FindStringSubmatch(m.URL); found != nil {
			m.Conversation = idOf("t3_" + found[1])
		}
		return m
	}
	m.Title, _ = markup.Title(e.Title)
	if found := external.FindStringSubmatch(rest); found != nil {
		link := markup.Resolve(site, markup.Plain(strings.ReplaceAll(found[1], "&amp;", "&")).Text)
		if link != "" && link != m.URL && !slices.Contains(m.Links, link) {
			m.Links = append([]string{link}, m.Links...)
		}
	}
	return m
}
