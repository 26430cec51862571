package earshot

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"
)

// Mention is one post, article, review or letter that may concern a watched
// brand. Text is plain (no markup) and times are UTC.
type Mention struct {
	ID           string     `json:"id"`                     // network:native-id, the same whichever listener heard it
	Network      string     `json:"network,omitempty"`      // rss, mastodon, x …: lower case, [a-z0-9-]
	Listener     string     `json:"listener,omitempty"`     // name of the listener that heard it, from the configuration
	Change       Change     `json:"change,omitempty"`       // empty means new
	Author       Author     `json:"author,omitzero"`        // who wrote it, as far as the network tells
	Title        string     `json:"title,omitempty"`        // headline, if the network has one
	Text         string     `json:"text"`                   // body as plain text
	URL          string     `json:"url,omitempty"`          // where a person can open it
	Lang         string     `json:"lang,omitempty"`         // as the network claims, BCP 47
	Posted       time.Time  `json:"posted,omitzero"`        // when the author published it; zero if unknown
	Heard        time.Time  `json:"heard,omitzero"`         // when a listener first saw it
	ReplyTo      string     `json:"reply_to,omitempty"`     // mention ID this one answers
	Conversation string     `json:"conversation,omitempty"` // mention ID of the root of its thread
	RepostOf     string     `json:"repost_of,omitempty"`    // mention ID this one repeats
	QuoteOf      string     `json:"quote_of,omitempty"`     // mention ID this one comments on with words of its own
	To           []string   `json:"to,omitempty"`           // handles it is addressed to, with @ where the network writes it so
	Channel      string     `json:"channel,omitempty"`      // where on the network: subreddit, group, board, folder
	Links        []string   `json:"links,omitempty"`        // absolute URLs in the text, expanded
	Media        []Media    `json:"media,omitempty"`        // pictures and films
	Engagement   Engagement `json:"engagement,omitzero"`    // what others did with it so far
	Rating       float64    `json:"rating,omitempty"`       // stars of a review, 0 for none
	Place        string     `json:"place,omitempty"`        // where it was written, as the network claims
	Country      string     `json:"country,omitempty"`      // of that place, ISO 3166-1 alpha-2 in capitals
	Visibility   Visibility `json:"visibility,omitempty"`   // empty means public
	About        []string   `json:"about,omitempty"`        // brands whose conversation it belongs to, as known when it was heard
	Opinions     []Opinion  `json:"opinions,omitempty"`     // what models outside earshot think of it, at most one for each brand
	Flags        []string   `json:"flags,omitempty"`        // what went wrong while reading it: truncated, undated …
}

// Author is who wrote a mention. Zero values mean unknown.
type Author struct {
	Handle    string    `json:"handle,omitempty"` // with @ where the network writes it so
	Name      string    `json:"name,omitempty"`
	Followers int64     `json:"followers,omitempty"`
	Verified  bool      `json:"verified,omitempty"`
	Created   time.Time `json:"created,omitzero"` // when the account was opened
}

// Media is a picture, film or attached file of a mention. It has a URL or a name.
type Media struct {
	URL  string `json:"url,omitempty"`
	Alt  string `json:"alt,omitempty"`  // the author's description for those who cannot see it
	Name string `json:"name,omitempty"` // of an attachment, which is named and not kept
}

// Engagement counts what others did with a mention up to when it was heard.
type Engagement struct {
	Likes   int64 `json:"likes,omitempty"`
	Reposts int64 `json:"reposts,omitempty"`
	Replies int64 `json:"replies,omitempty"`
	Views   int64 `json:"views,omitempty"`
}

// Change says what happened to a post.
type Change string

// The changes a network can tell of. A deleted mention carries its ID and
// nothing that the author took back.
const (
	New     Change = "new"
	Edited  Change = "edited"
	Deleted Change = "deleted"
)

// Visibility says who could read a post where it was written.
type Visibility string

// Private mentions come from mailboxes and closed groups and are kept apart.
const (
	Public  Visibility = "public"
	Private Visibility = "private"
)

// Key is the mention's name in subjects: 26 lower-case base32 characters of the
// SHA-256 of its ID.
func (m *Mention) Key() string { return Key(m.ID) }

// Key is a name for s that is safe in subjects and file names: 26 lower-case
// base32 characters (130 bits) of its SHA-256.
func Key(s string) string {
	sum := sha256.Sum256([]byte(s))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:17]))[:26]
}

// Age is how old the post was when it was heard, 0 when it has no date.
func (m *Mention) Age() time.Duration {
	if m.Posted.IsZero() || m.Heard.IsZero() {
		return 0
	}
	return m.Heard.Sub(m.Posted)
}

// AuthorKey names the author of the mention on its network, without saying who it
// is to whoever does not know already. It is empty for an author without a handle.
func (m *Mention) AuthorKey() string {
	handle := strings.ToLower(strings.TrimPrefix(m.Author.Handle, "@"))
	if handle == "" {
		return ""
	}
	return Key("author\x00" + m.Network + "\x00" + handle)
}
