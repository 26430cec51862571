package reddit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/markup"
)

// site is where people read Reddit.
var site = &url.URL{Scheme: "https", Host: "www.reddit.com"}

// page is one answer: posts newest first, and after which one the next begins.
type page struct {
	posts []post
	dead  []earshot.DeadLetter
	after string // empty at the end of the listing
}

// post is a post or comment with its name in the API.
type post struct {
	name    string // t1_… or t3_…
	mention earshot.Mention
}

// thing is what the API wraps everything in.
type thing struct {
	Kind string          `json:"kind"`
	Data json.RawMessage `json:"data"`
}

type listing struct {
	After    string  `json:"after"`
	Children []thing `json:"children"`
}

// parsePage reads a listing. What is neither a post nor a comment is left out;
// what cannot be read is a dead letter.
func parsePage(body []byte) (page, error) {
	var root thing
	var list listing
	if err := json.Unmarshal(body, &root); err != nil {
		return page{}, fmt.Errorf("%w: reading the listing: %w", listeners.ErrMalformed, err)
	}
	if root.Kind != "Listing" {
		return page{}, fmt.Errorf("%w: it is a %.20q, not a Listing", listeners.ErrMalformed, root.Kind)
	}
	if err := json.Unmarshal(root.Data, &list); err != nil {
		return page{}, fmt.Errorf("%w: reading the listing: %w", listeners.ErrMalformed, err)
	}
	p := page{after: list.After}
	for _, child := range list.Children {
		if child.Kind != "t1" && child.Kind != "t3" {
			continue
		}
		one, err := parsePost(child.Data)
		if err != nil {
			p.dead = append(p.dead, earshot.DeadLetter{Reason: "reading a " + child.Kind + ": " + err.Error(), Body: child.Data})
			continue
		}
		p.posts = append(p.posts, one)
	}
	return p, nil
}

// submission is a post (t3) or a comment (t1); fields of the other are empty.
type submission struct {
	Name          string  `json:"name"`
	Author        string  `json:"author"`
	Permalink     string  `json:"permalink"`
	Subreddit     string  `json:"subreddit"`
	SubredditType string  `json:"subreddit_type"`
	Created       float64 `json:"created_utc"` // seconds
	Score         int64   `json:"score"`
	RemovedBy     string  `json:"removed_by_category"`

	Title       string           `json:"title"`
	SelfText    string           `json:"selftext"` // Markdown
	SelfHTML    string           `json:"selftext_html"`
	IsSelf      bool             `json:"is_self"`
	URL         string           `json:"url"`
	Hint        string           `json:"post_hint"`
	Comments    int64            `json:"num_comments"`
	CrosspostOf string           `json:"crosspost_parent"`
	Crossposts  []submission     `json:"crosspost_parent_list"`
	Gallery     gallery          `json:"gallery_data"`
	Pictures    map[string]image `json:"media_metadata"`

	Body     string `json:"body"`
	BodyHTML string `json:"body_html"`
	Link     string `json:"link_id"`
	Parent   string `json:"parent_id"`
}

type gallery struct {
	Items []struct {
		ID      string `json:"media_id"`
		Caption string `json:"caption"`
	} `json:"items"`
}

type image struct {
	Source struct {
		URL string `json:"u"`
	} `json:"s"`
}

func parsePost(data []byte) (post, error) {
	var s submission
	if err := json.Unmarshal(data, &s); err != nil {
		return post{}, err
	}
	if !isName(s.Name) {
		return post{}, errors.New("it has no name of the form t3_…")
	}
	return post{s.Name, s.mention()}, nil
}

// isName reports whether s is the full name of a post or comment.
func isName(s string) bool {
	kind, id, _ := strings.Cut(s, "_")
	return (kind == "t1" || kind == "t3") && id != "" && len(id) <= 20 &&
		strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyz") == ""
}

func idOf(name string) string {
	if !isName(name) {
		return ""
	}
	return network + ":" + name
}

// What Reddit writes in place of what was taken back.
const (
	deletedWords = "[deleted]"
	removedWords = "[removed]"
)

func (s *submission) takenBack() bool {
	words := strings.TrimSpace(s.Body + s.SelfText)
	return s.RemovedBy != "" || words == deletedWords || words == removedWords || strings.HasPrefix(words, "[ Removed by ")
}

func (s *submission) mention() earshot.Mention {
	m := earshot.Mention{ID: idOf(s.Name), Network: network, Change: earshot.New, Visibility: earshot.Public}
	if s.SubredditType == "private" || s.SubredditType == "employees_only" {
		m.Visibility = earshot.Private
	}
	if s.takenBack() {
		m.Change = earshot.Deleted
		return m
	}
	if s.Author != deletedWords {
		m.Author.Handle = s.Author
	}
	m.URL = markup.Resolve(site, s.Permalink)
	if s.Subreddit != "" {
		m.Channel = "r/" + s.Subreddit
	}
	if s.Created > 0 && s.Created < math.MaxInt32*100 {
		m.Posted = time.Unix(int64(s.Created), 0).UTC()
	}
	m.Engagement.Likes = s.Score
	if strings.HasPrefix(s.Name, "t1_") {
		s.comment(&m)
	} else {
		s.submitted(&m)
	}
	return m
}

func (s *submission) comment(m *earshot.Mention) {
	s.body(m, s.BodyHTML, s.Body)
	m.ReplyTo, m.Conversation = idOf(s.Parent), idOf(s.Link)
}

func (s *submission) submitted(m *earshot.Mention) {
	m.Title = s.Title
	s.body(m, s.SelfHTML, s.SelfText)
	m.Engagement.Replies = s.Comments
	if id := idOf(s.CrosspostOf); id != "" {
		m.QuoteOf = id
		if len(s.Crossposts) > 0 && s.Crossposts[0].Title == s.Title {
			m.QuoteOf, m.RepostOf = "", id
		}
	}
	if link := markup.Resolve(site, s.URL); link != "" && !s.IsSelf && link != m.URL {
		if s.Hint == "image" {
			m.Media = markup.AppendMedia(m.Media, earshot.Media{URL: link})
		} else if !slices.Contains(m.Links, link) {
			m.Links = append([]string{link}, m.Links...)
		}
	}
	for _, item := range s.Gallery.Items {
		if u := markup.Resolve(site, s.Pictures[item.ID].Source.URL); u != "" {
			m.Media = markup.AppendMedia(m.Media, earshot.Media{URL: u, Alt: item.Caption})
		}
	}
}

// body takes the text from HTML, which says where links lead, or else as it was
// written.
func (s *submission) body(m *earshot.Mention, html, plain string) {
	r := markup.Plain(plain)
	if html != "" {
		r = markup.Render(html, site)
	}
	m.Text, m.Links, m.Media = r.Text, r.Links, r.Media
	if r.Cut {
		m.Flags = append(m.Flags, "cut")
	}
}
