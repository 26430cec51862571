package facebook

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"earshot"
)

// text is a string that may come as a number.
type text string

// UnmarshalJSON takes strings and numbers; anything else is nothing.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = text(s)
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*t = text(b)
	}
	return nil
}

// moment is a time that may come as seconds or in words.
type moment struct{ time.Time }

// UnmarshalJSON takes both; anything else is no time.
func (m *moment) UnmarshalJSON(b []byte) error {
	b = bytes.Trim(b, `"`)
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		m.Time = unix(n)
		return nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05-0700", time.RFC3339} {
		if at, err := time.Parse(layout, string(b)); err == nil {
			m.Time = at.UTC()
			return nil
		}
	}
	return nil
}

// person is who wrote something, as far as we are told.
type person struct {
	ID       text   `json:"id"`
	Name     string `json:"name"`
	Username string `json:"username"`
}

// list is an edge as it comes inside a node.
type list struct {
	Data    []json.RawMessage `json:"data"`
	Paging  paging            `json:"paging"`
	Summary struct {
		Total int64 `json:"total_count"`
	} `json:"summary"`
}

type paging struct {
	Cursors struct {
		After string `json:"after"`
	} `json:"cursors"`
	Next string `json:"next"`
}

// object is a post, photo or comment of either network, with the fields of all.
type object struct {
	ID          text   `json:"id"`
	Message     string `json:"message"`
	Story       string `json:"story"`
	Text        string `json:"text"`
	Caption     string `json:"caption"`
	Created     moment `json:"created_time"`
	Timestamp   moment `json:"timestamp"`
	Permalink   string `json:"permalink_url"`
	IGPermalink string `json:"permalink"`
	From        person `json:"from"`
	Username    string `json:"username"`
	Parent      struct {
		ID text `json:"id"`
	} `json:"parent"`
	ParentID text `json:"parent_id"`
	Media    struct {
		ID text `json:"id"`
	} `json:"media"`
	MediaURL     string `json:"media_url"`
	Alt          string `json:"alt_text"`
	Likes        int64  `json:"like_count"`
	CommentCount int64  `json:"comment_count"`
	IGComments   int64  `json:"comments_count"`
	Shares       struct {
		Count int64 `json:"count"`
	} `json:"shares"`
	Reactions   list `json:"reactions"`
	Comments    list `json:"comments"`
	Replies     list `json:"replies"`
	Attachments struct {
		Data []attachment `json:"data"`
	} `json:"attachments"`
	Attachment *attachment `json:"attachment"`
	Hidden     bool        `json:"is_hidden"`
	Place      struct {
		Name string `json:"name"`
	} `json:"place"`
}

type attachment struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Plain       string `json:"unshimmed_url"`
	Media       struct {
		Image struct {
			Src string `json:"src"`
		} `json:"image"`
	} `json:"media"`
	More struct {
		Data []attachment `json:"data"`
	} `json:"subattachments"`
}

// mention makes one of an object. root is the mention of the post that a comment
// stands below, empty for a post.
func (o *object) mention(network, root, channel string) earshot.Mention {
	m := earshot.Mention{
		ID:      network + ":" + string(o.ID),
		Network: network,
		Author:  earshot.Author{Handle: string(o.From.ID), Name: o.From.Name},
		Text:    first(o.Message, o.Text, o.Caption),
		URL:     first(o.Permalink, o.IGPermalink),
		Posted:  o.Created.Time,
		Channel: channel,
		Place:   o.Place.Name,
		Engagement: earshot.Engagement{
			Likes: max(o.Likes, o.Reactions.Summary.Total), Reposts: o.Shares.Count,
			Replies: max(o.CommentCount, o.IGComments, o.Comments.Summary.Total),
		},
	}
	if m.Posted.IsZero() {
		m.Posted = o.Timestamp.Time
	}
	if name := first(o.Username, o.From.Username); network == instagram && name != "" {
		m.Author = earshot.Author{Handle: "@" + name}
	}
	if o.MediaURL != "" {
		m.Media = append(m.Media, earshot.Media{URL: o.MediaURL, Alt: o.Alt})
	}
	for _, a := range o.Attachments.Data {
		a.describe(&m)
	}
	if o.Attachment != nil {
		o.Attachment.describe(&m)
	}
	if m.Text == "" {
		m.Text = o.Story
	}
	if o.Hidden {
		m.Flags = append(m.Flags, hidden)
	}
	if root != "" {
		m.Conversation, m.ReplyTo = root, root
		if parent := first(string(o.Parent.ID), string(o.ParentID)); parent != "" {
			m.ReplyTo = network + ":" + parent
		}
	} else if o.ParentID != "" && network == facebook {
		m.RepostOf = network + ":" + string(o.ParentID)
	}
	return m
}

// hidden is the flag of a comment that the page does not show to others.
const hidden = "hidden"

// describe adds what an attachment says to a mention.
func (a *attachment) describe(m *earshot.Mention) {
	const most = 50
	if len(m.Media)+len(m.Links) >= most {
		return
	}
	if src := a.Media.Image.Src; src != "" {
		m.Media = append(m.Media, earshot.Media{URL: src, Alt: strings.TrimSpace(a.Description)})
	}
	if link := first(a.Plain, a.URL); link != "" {
		m.Links = append(m.Links, link)
	}
	if m.Text == "" {
		m.Text = first(a.Title, a.Description)
	}
	for i := range a.More.Data {
		a.More.Data[i].More.Data = nil // one level is all there is
		a.More.Data[i].describe(m)
	}
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
