package mastodon

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/mattn/go-mastodon"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/markup"
)

// maxURI is more than any address of a post has, in bytes.
const maxURI = 1900

// post is one status, or one notification of one.
type post struct {
	page    mastodon.ID // by which the timeline is paged: of the notification if it is one
	id      mastodon.ID // of the status at this server
	replies mastodon.ID // to which status at this server, if it does
	mention earshot.Mention
}

// status is what a server tells of a post. Source: the entities Status and Quote
// of the documentation of Mastodon.
type status struct {
	mastodon.Status
	Quote *quote `json:"quote"`
}

type quote struct {
	Status *mastodon.Status `json:"quoted_status"`
}

// reader turns what a server says into posts. It is safe for concurrent use.
type reader struct {
	host          string // of the server, for handles of its own people
	notifications bool
}

// page reads an array of statuses, or of notifications, in its order. What is not
// as it should be becomes a dead letter, and costs no other.
func (r reader) page(body []byte) (posts []post, dead []earshot.DeadLetter, err error) {
	var all []json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil {
		return nil, nil, fmt.Errorf("%w: reading a page of posts: %w", listeners.ErrMalformed, err)
	}
	for _, one := range all {
		p, ok, err := r.one(one)
		if err != nil {
			dead = append(dead, earshot.DeadLetter{Reason: err.Error(), Body: one})
		} else if ok {
			posts = append(posts, p)
		}
	}
	return posts, dead, nil
}

// span returns the least and the greatest ID of a page, whatever else its entries
// are; both are "" if it is no page, or empty.
func span(body []byte) (oldest, newest mastodon.ID) {
	var all []json.RawMessage
	if json.Unmarshal(body, &all) != nil {
		return "", ""
	}
	for _, one := range all {
		var entry struct {
			ID mastodon.ID `json:"id"`
		}
		if json.Unmarshal(one, &entry) != nil || entry.ID == "" {
			continue
		}
		if newest = max2(newest, entry.ID); oldest == "" || entry.ID.Compare(oldest) < 0 {
			oldest = entry.ID
		}
	}
	return oldest, newest
}

// one reads a status or notification; ok is false if it is about no post.
func (r reader) one(text []byte) (p post, ok bool, err error) {
	if !r.notifications {
		p, err = r.status(text)
		return p, err == nil, err
	}
	var n struct {
		ID     mastodon.ID     `json:"id"`
		Type   string          `json:"type"`
		Status json.RawMessage `json:"status"`
	}
	if err := json.Unmarshal(text, &n); err != nil {
		return post{}, false, fmt.Errorf("reading a notification: %w", err)
	}
	if n.Type != "mention" || len(n.Status) == 0 || string(n.Status) == "null" {
		return post{}, false, nil
	}
	p, err = r.status(n.Status)
	if n.ID != "" {
		p.page = n.ID
	}
	return p, err == nil, err
}

func (r reader) status(text []byte) (post, error) {
	var s status
	if err := json.Unmarshal(text, &s); err != nil {
		if _, wrong := errors.AsType[*json.UnmarshalTypeError](err); !wrong { // those count as absent
			return post{}, fmt.Errorf("reading a post: %w", err)
		}
	}
	m, err := r.mention(&s.Status)
	if err != nil {
		return post{}, err
	}
	if s.Quote != nil && s.Quote.Status != nil {
		m.QuoteOf = idOf(s.Quote.Status)
	}
	replies, _ := s.InReplyToID.(string)
	if s.ID == "" {
		return post{}, errors.New("reading a post: it has no id")
	}
	return post{page: s.ID, id: s.ID, replies: mastodon.ID(replies), mention: m}, nil
}

// idOf is the same at every server: the address by which servers know the post.
func idOf(s *mastodon.Status) string {
	uri := s.URI
	if uri == "" {
		uri = s.URL
	}
	if uri == "" || len(uri) > maxURI || strings.ContainsFunc(uri, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }) {
		return ""
	}
	return network + ":" + uri
}

func (r reader) mention(s *mastodon.Status) (earshot.Mention, error) {
	m := earshot.Mention{
		ID: idOf(s), Network: network, Change: earshot.New,
		Author: earshot.Author{
			Handle: r.handle(s.Account.Acct), Name: s.Account.DisplayName, Followers: s.Account.FollowersCount,
			Created: s.Account.CreatedAt,
		},
		Title: s.SpoilerText, URL: s.URL, Lang: s.Language, Posted: s.CreatedAt,
		Engagement: earshot.Engagement{Likes: s.FavouritesCount, Reposts: s.ReblogsCount, Replies: s.RepliesCount},
	}
	if m.ID == "" {
		return earshot.Mention{}, fmt.Errorf("reading a post: %.80q is no address of one", s.URI)
	}
	if m.URL == "" {
		m.URL = s.URI
	}
	if s.Visibility == mastodon.VisibilityDirectMessage || s.Visibility == mastodon.VisibilityFollowersOnly {
		m.Visibility = earshot.Private
	}
	r.fill(&m, s)
	if s.Reblog != nil {
		r.fill(&m, s.Reblog)
		m.RepostOf = idOf(s.Reblog)
	}
	return m, nil
}

// fill adds what a post says.
func (r reader) fill(m *earshot.Mention, s *mastodon.Status) {
	base, _ := url.Parse(s.URL) // nil leaves relative links out
	said := markup.Render(s.Content, base)
	if m.Text = said.Text; said.Cut {
		m.Flags = append(m.Flags, "cut")
	}
	if s.Poll != nil {
		for _, option := range s.Poll.Options {
			m.Text += "\n- " + option.Title
		}
	}
	for _, to := range s.Mentions {
		m.To = append(m.To, r.handle(to.Acct))
	}
	for _, link := range said.Links {
		if !isAnnotation(link, s) {
			m.Links = append(m.Links, link)
		}
	}
	if s.Card != nil && s.Card.URL != "" && !slices.Contains(m.Links, s.Card.URL) {
		m.Links = append(m.Links, s.Card.URL)
	}
	for _, a := range s.MediaAttachments {
		where := a.RemoteURL
		if where == "" {
			where = a.URL
		}
		m.Media = append(m.Media, earshot.Media{URL: where, Alt: a.Description})
	}
}

// isAnnotation reports whether a link was made of a handle or hashtag.
func isAnnotation(link string, s *mastodon.Status) bool {
	for _, to := range s.Mentions {
		if to.URL == link {
			return true
		}
	}
	for _, tag := range s.Tags {
		lower := strings.ToLower(link)
		name := strings.ToLower(tag.Name)
		if tag.URL == link || strings.HasSuffix(lower, "/tags/"+name) || strings.HasSuffix(lower, "/tag/"+name) {
			return true
		}
	}
	return false
}

// handle is how somebody is called from everywhere.
func (r reader) handle(acct string) string {
	acct = strings.TrimPrefix(acct, "@")
	switch {
	case acct == "":
		return ""
	case strings.Contains(acct, "@"):
		return "@" + acct
	}
	return "@" + acct + "@" + r.host
}
