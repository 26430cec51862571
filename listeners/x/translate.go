package x

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"earshot"
	"earshot/listeners"
)

// extra is what API v2 says of a post and the structures of v1.1 have no field
// for. It travels in Scopes, the one member of theirs that is free.
type extra struct {
	Conversation snowflake       `json:"conversation,omitzero"`
	RepostOf     snowflake       `json:"repost_of,omitzero"`
	Original     snowflake       `json:"original,omitzero"` // first version of an edited post
	Latest       snowflake       `json:"latest,omitzero"`   // last version, as far as known
	Posted       time.Time       `json:"posted,omitzero"`
	Views        int64           `json:"views,omitempty"`
	Media        []earshot.Media `json:"media,omitempty"`
	Damage       string          `json:"damage,omitempty"` // why this is no post; Body is what came
	Body         []byte          `json:"body,omitempty"`
}

// scope is the key of extra in Scopes.
const scope = "earshot"

// translated is a page of v2 in the structures that go-twitter decodes.
type translated struct {
	tweets []tweet
	posts  int // that X charges for: those asked for and those they refer to
	users  int
	next   string
	gone   []snowflake // asked for by ID and not there any more
}

// maxDead is how much of what is no post is kept.
const maxDead = 64 << 10

// translate turns an answer with posts from v2 to v1.1. A post that makes no
// sense stays in its place with the reason, so that it becomes a dead letter.
func translate(body []byte) (translated, error) {
	var p page
	if err := json.Unmarshal(body, &p); err != nil {
		return translated{}, malformed(err)
	}
	raw, err := posts(p.Data)
	if err != nil {
		return translated{}, malformed(err)
	}
	in := newCompany(p.Includes)
	out := translated{next: p.Meta.NextToken, users: len(in.users), gone: gone(p.Errors), tweets: make([]tweet, 0, len(raw))}
	out.posts = len(raw) + len(in.posts)
	for _, one := range raw {
		t, err := in.tweet(one)
		if err != nil {
			t = withExtra(tweet{}, extra{Damage: err.Error(), Body: one[:min(len(one), maxDead)]})
		}
		out.tweets = append(out.tweets, t)
	}
	return out, nil
}

// malformed hides what encoding/json says of the content: it may quote a post.
func malformed(err error) error {
	what := "X's answer is not what its API promises"
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		what += fmt.Sprintf(": %s is of the type %s", cmp.Or(wrong.Field, "a post"), wrong.Value)
	} else if errors.Is(err, errNotID) {
		what += ": " + err.Error()
	} else if broken, ok := errors.AsType[*json.SyntaxError](err); ok {
		what += fmt.Sprintf(": no JSON at byte %d", broken.Offset)
	}
	return fmt.Errorf("%w: %s", listeners.ErrMalformed, what)
}

// posts are those of data, which is a list or, in a stream, one.
func posts(data json.RawMessage) ([]json.RawMessage, error) {
	text := strings.TrimSpace(string(data[:min(len(data), 16)]))
	switch {
	case text == "" || text == "null":
		return nil, nil
	case text[0] == '{':
		return []json.RawMessage{data}, nil
	}
	var all []json.RawMessage
	err := json.Unmarshal(data, &all)
	return all, err
}

// company is what an answer includes beside its posts, by the names they use.
type company struct {
	users  map[string]user
	media  map[string]media
	places map[string]place
	posts  map[snowflake]post
}

func newCompany(in includes) company {
	c := company{users: map[string]user{}, media: map[string]media{}, places: map[string]place{}, posts: map[snowflake]post{}}
	gather(in.Users, func(u user) { c.users[u.ID] = u })
	gather(in.Media, func(m media) { c.media[m.Key] = m })
	gather(in.Places, func(p place) { c.places[p.ID] = p })
	gather(in.Tweets, func(p post) { c.posts[p.ID] = p })
	gather(in.Posts, func(p post) { c.posts[p.ID] = p })
	return c
}

// gather reads each on its own: an account that makes no sense costs its post
// its author, and no other post anything.
func gather[T any](all list, keep func(T)) {
	for _, raw := range all {
		var one T
		if json.Unmarshal(raw, &one) == nil {
			keep(one)
		}
	}
}

// tweet is a post of v2 as v1.1 would have had it.
func (c company) tweet(raw json.RawMessage) (tweet, error) {
	var p post
	if err := json.Unmarshal(raw, &p); err != nil {
		return tweet{}, malformed(err)
	}
	if p.ID == 0 {
		return tweet{}, fmt.Errorf("%w: the post has no ID", listeners.ErrMalformed)
	}
	text, ents := p.whole()
	t := tweet{
		ID: int64(p.ID), IDStr: p.ID.String(), FullText: text, Text: text, Lang: p.Lang,
		FavoriteCount: int(p.Metrics.Likes), ReplyCount: int(p.Metrics.Replies), QuoteCount: int(p.Metrics.Quotes),
		RetweetCount: int(p.Metrics.Retweets + p.Metrics.Reposts), // one of them, whichever the edition
		User:         c.author(p), Place: c.place(p.Geo.PlaceID), Entities: ents.legacy(),
	}
	if !p.CreatedAt.IsZero() {
		t.CreatedAt = p.CreatedAt.UTC().Format(time.RubyDate)
	}
	more := extra{Conversation: p.Conversation, Posted: p.CreatedAt.Time, Views: p.Metrics.Impressions, Media: c.pictures(p.Attachments.MediaKeys)}
	for _, ref := range append(p.Tweets, p.Posts...) {
		switch ref.Type {
		case "replied_to":
			t.InReplyToStatusID = int64(ref.ID)
		case "quoted":
			t.QuotedStatusID = int64(ref.ID)
		case "retweeted", "reposted":
			more.RepostOf = ref.ID
			c.repeat(&t, ref.ID)
		}
	}
	if edits := append(p.TweetEdits, p.PostEdits...); len(edits) > 0 {
		more.Original, more.Latest = edits[0], edits[0]
		for _, id := range edits {
			more.Original, more.Latest = min(more.Original, id), max(more.Latest, id)
		}
	}
	return withExtra(t, more), nil
}

// whole is a post's text with nothing cut off.
func (p *post) whole() (string, entities) {
	for _, n := range []*note{p.NotePost, p.NoteTweet} {
		if n != nil && n.Text != "" {
			return n.Text, n.Entities
		}
	}
	return p.Text, p.Entities
}

// repeat gives a repost the words it repeats, which its own text cuts off.
func (c company) repeat(t *tweet, id snowflake) {
	of, known := c.posts[id]
	if !known {
		return
	}
	text, ents := of.whole()
	t.FullText, t.Entities = text, ents.legacy()
	if u := c.author(of); u != nil && u.ScreenName != "" {
		t.FullText = "RT @" + u.ScreenName + ": " + text
	}
}

func (c company) author(p post) *tweeter {
	u, known := c.users[p.AuthorID]
	if !known {
		return &tweeter{ScreenName: p.Username, IDStr: p.AuthorID}
	}
	author := &tweeter{
		IDStr: u.ID, Name: u.Name, ScreenName: u.Username, Verified: u.Verified,
		FollowersCount: int(u.Metrics.Followers),
	}
	if !u.CreatedAt.IsZero() {
		author.CreatedAt = u.CreatedAt.UTC().Format(time.RubyDate)
	}
	return author
}

func (c company) place(id string) *tweetPlace {
	p, known := c.places[id]
	if !known {
		return nil
	}
	return &tweetPlace{ID: p.ID, FullName: p.FullName, Country: p.Country, CountryCode: p.Code}
}

func (c company) pictures(keys []string) []earshot.Media {
	var all []earshot.Media
	for _, key := range keys {
		m, known := c.media[key]
		if !known {
			continue
		}
		if m.URL == "" {
			m.URL = m.Preview
		}
		all = append(all, earshot.Media{URL: m.URL, Alt: m.Alt})
	}
	return all
}

func (e entities) legacy() *tweetParts {
	var out tweetParts
	for _, u := range e.URLs {
		expanded := u.Expanded
		if u.Unwound != "" {
			expanded = u.Unwound
		}
		if u.MediaKey != "" {
			out.Media = append(out.Media, tweetPicture{URLEntity: tweetLink{URL: u.URL}})
			continue
		}
		out.Urls = append(out.Urls, tweetLink{URL: u.URL, ExpandedURL: expanded})
	}
	for _, m := range e.Mentions {
		out.UserMentions = append(out.UserMentions, tweetName{ScreenName: m.Username})
	}
	for _, h := range e.Hashtags {
		out.Hashtags = append(out.Hashtags, tweetTag{Text: h.Tag})
	}
	return &out
}

// users turns an answer with accounts from v2 to v1.1.
func users(body []byte) ([]tweeter, error) {
	var answer struct {
		Data []user `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, malformed(err)
	}
	all := []tweeter{}
	for _, u := range answer.Data {
		id, err := strconv.ParseInt(u.ID, 10, 64)
		if err != nil {
			continue // not an account of X's
		}
		all = append(all, tweeter{ID: id, IDStr: u.ID, Name: u.Name, ScreenName: u.Username})
	}
	return all, nil
}

func withExtra(t tweet, more extra) tweet {
	packed, err := json.Marshal(more)
	if err != nil { // strings, numbers and times of JSON always can be
		packed = []byte(`{"damage":"the year of its date is beyond 9999"}`)
	}
	t.Scopes = map[string]any{scope: string(packed)}
	return t
}

func extraOf(t *tweet) (extra, error) {
	var more extra
	packed, _ := t.Scopes[scope].(string)
	if packed == "" {
		return more, nil
	}
	err := json.Unmarshal([]byte(packed), &more)
	return more, err
}
