package casework

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"earshot"
)

// Post is a post as it is stored now: who wrote what, where and when.
type Post struct {
	Mention string    `json:"mention"` // ID
	First   bool      `json:"first,omitempty"`
	Network string    `json:"network"`
	Author  string    `json:"author,omitempty"` // handle, or name where there is none
	Words   string    `json:"words,omitempty"`  // its title, or else how its text begins
	URL     string    `json:"url,omitempty"`
	Posted  time.Time `json:"posted,omitzero"`
	Reach   int64     `json:"reach,omitempty"` // followers of the author
}

// quoted is how much of a post is repeated, in runes.
const quoted = 200

func postOf(m *earshot.Mention) Post {
	return Post{
		Mention: m.ID, Network: m.Network, Author: cmp.Or(m.Author.Handle, m.Author.Name), Words: beginning(m),
		URL: m.URL, Posted: m.Posted, Reach: max(m.Author.Followers, 0),
	}
}

// beginning is how a mention begins, on one line.
func beginning(m *earshot.Mention) string {
	said := cmp.Or(strings.TrimSpace(m.Title), strings.TrimSpace(m.Text))
	for i := 0; said == "" && i < len(m.Media); i++ {
		said = strings.TrimSpace(m.Media[i].Alt)
	}
	const widest = 4 * (quoted + 1) // bytes of the runes that may be kept
	words := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(said[:min(len(said), widest)], "")), " "))
	if len(words) > quoted {
		return string(words[:quoted-1]) + "…"
	}
	return string(words)
}

// spreadOf adds what is known of the story or the crisis that a case is of. What can
// not be read any more, or is private, is named nowhere.
func (d *Desk) spreadOf(ctx context.Context, s *Sheet) error {
	id := s.Case.Story
	if id == "" && s.Story != nil {
		id = s.Story.ID
	}
	if id != "" {
		now, err := d.Log.Story(ctx, s.Case.Brand, id)
		if err != nil {
			return err
		}
		if now != nil {
			s.Story = now
		}
	}
	if s.Story != nil && s.Story.Count < 2 {
		s.Story = nil
	}
	var first *earshot.Source
	var top *[]earshot.Source
	switch {
	case s.Evidence != nil:
		if err := d.whereSeen(ctx, s); err != nil {
			return err
		}
		first, top = &s.Evidence.First, &s.Evidence.Top
		if s.Story != nil {
			s.Story.First, s.Story.Top = earshot.Source{}, nil
		}
	case s.Story != nil:
		first, top = &s.Story.First, &s.Story.Top
	default:
		return nil
	}
	posts, err := d.readable(ctx, s.Case.Brand, append([]earshot.Source{*first}, *top...))
	if err != nil {
		return err
	}
	*first, *top = earshot.Source{}, nil
	for i, post := range posts {
		if post.First {
			*first = sourceOf(&post)
		} else if i == 0 || post.Mention != posts[0].Mention {
			*top = append(*top, sourceOf(&post))
		}
		if i == 0 || post.Mention != posts[0].Mention {
			s.Posts = append(s.Posts, post)
		}
	}
	return nil
}

// whereSeen has the evidence say where people can look: a case does not remember that,
// but the alert does.
func (d *Desk) whereSeen(ctx context.Context, s *Sheet) error {
	c := &s.Case
	told, err := d.Log.LastAlert(ctx, &earshot.Alert{Team: c.Team, Brand: c.Brand, Kind: c.Kind, Urgency: s.urgency})
	switch {
	case errors.Is(err, earshot.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	if told.Case == c.ID && told.Evidence != nil {
		s.Evidence.First, s.Evidence.Top = told.Evidence.First, told.Evidence.Top
	}
	return nil
}

// readable are the posts that sources name, as far as they can still be read; the
// first source is where it began.
func (d *Desk) readable(ctx context.Context, brand string, named []earshot.Source) ([]Post, error) {
	keys := make([]string, len(named))
	for i, source := range named {
		keys[i] = keyOf(source.Mention)
	}
	stored, err := d.Log.MentionsNow(ctx, brand, keys)
	if err != nil {
		return nil, err
	}
	var posts []Post
	for i, key := range keys {
		m, ok := stored[key]
		if !ok || m.Mention.Change == earshot.Deleted || m.Mention.Visibility == earshot.Private {
			continue
		}
		post := postOf(&m.Mention)
		post.First = i == 0
		posts = append(posts, post)
	}
	return posts, nil
}

func sourceOf(p *Post) earshot.Source {
	return earshot.Source{Mention: p.Mention, Network: p.Network, URL: p.URL, Posted: p.Posted, Reach: p.Reach}
}

// keyOf is the key of a mention that is named by its ID or its key.
func keyOf(mention string) string {
	if len(mention) == len(earshot.Key("")) && !strings.Contains(mention, ":") {
		return mention
	}
	return earshot.Key(mention)
}

// say adds to each case of a page who opened it, with what words.
func (d *Desk) say(ctx context.Context, page *Page) error {
	refs := make([]Ref, len(page.Cases))
	at := make(map[Ref]*Item, len(page.Cases))
	for i := range page.Cases {
		item := &page.Cases[i]
		refs[i] = Ref{item.Team, item.ID}
		at[refs[i]] = item
	}
	cases, err := d.Log.CasesNow(ctx, refs)
	if err != nil {
		return err
	}
	keys, of := map[string][]string{}, map[string][]*Item{}
	for i := range cases {
		c := &cases[i].Case
		item, key := at[Ref{c.Team, c.ID}], foremost(c)
		if item == nil || key == "" {
			continue
		}
		keys[c.Brand] = append(keys[c.Brand], key)
		of[c.Brand+" "+key] = append(of[c.Brand+" "+key], item)
	}
	for brand, list := range keys {
		stored, err := d.Log.MentionsNow(ctx, brand, list)
		if err != nil {
			return err
		}
		for key, m := range stored {
			post := postOf(&m.Mention)
			for _, item := range of[brand+" "+key] {
				item.Author, item.Words = post.Author, post.Words
			}
		}
	}
	return nil
}

// foremost is the key of the mention that a case is known by: the one that opened it,
// or else the most urgent one there is. It is empty for a case without mentions.
func foremost(c *earshot.Case) string {
	opening := earshot.Key(c.Opening)
	if has(c.Members, opening) {
		return opening
	}
	key, urgency := "", earshot.Score(-1)
	for _, m := range c.Members {
		if m.Urgency > urgency {
			key, urgency = m.Mention, m.Urgency
		}
	}
	return key
}
