package x

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// page is an answer of API v2 with posts, as X's OpenAPI has it. X renamed tweets
// to posts in August 2026, endpoint by endpoint: both names are read everywhere.
type page struct {
	Data     json.RawMessage `json:"data"` // a list, or one post in a stream
	Includes includes        `json:"includes"`
	Errors   list            `json:"errors"`
	Meta     struct {
		NextToken string `json:"next_token"`
	} `json:"meta"`
}

type includes struct {
	Users  list `json:"users"`
	Media  list `json:"media"`
	Places list `json:"places"`
	Tweets list `json:"tweets"`
	Posts  list `json:"posts"`
}

// list is what an answer has beside its posts: each member is read on its own, so
// that one that makes no sense costs nothing else.
type list []json.RawMessage

// UnmarshalJSON reads a list. Anything else is an empty one.
func (l *list) UnmarshalJSON(b []byte) error {
	var all []json.RawMessage
	if json.Unmarshal(b, &all) != nil {
		all = nil
	}
	*l = all
	return nil
}

// post is one post, in the words of both editions.
type post struct {
	ID           snowflake   `json:"id"`
	Text         string      `json:"text"`
	AuthorID     string      `json:"author_id"`
	Username     string      `json:"username"`
	CreatedAt    moment      `json:"created_at"`
	Conversation snowflake   `json:"conversation_id"`
	Lang         string      `json:"lang"`
	NoteTweet    *note       `json:"note_tweet"`
	NotePost     *note       `json:"note_post"`
	Tweets       []reference `json:"referenced_tweets"`
	Posts        []reference `json:"referenced_posts"`
	TweetEdits   []snowflake `json:"edit_history_tweet_ids"`
	PostEdits    []snowflake `json:"edit_history_post_ids"`
	Metrics      struct {
		Retweets    int64 `json:"retweet_count"`
		Reposts     int64 `json:"repost_count"`
		Replies     int64 `json:"reply_count"`
		Likes       int64 `json:"like_count"`
		Quotes      int64 `json:"quote_count"`
		Impressions int64 `json:"impression_count"`
	} `json:"public_metrics"`
	Entities    entities `json:"entities"`
	Attachments struct {
		MediaKeys []string `json:"media_keys"`
	} `json:"attachments"`
	Geo struct {
		PlaceID string `json:"place_id"`
	} `json:"geo"`
}

// note is the whole of a post that is longer than 280 characters.
type note struct {
	Text     string   `json:"text"`
	Entities entities `json:"entities"`
}

type entities struct {
	URLs []struct {
		URL      string `json:"url"`
		Expanded string `json:"expanded_url"`
		Unwound  string `json:"unwound_url"`
		MediaKey string `json:"media_key"`
	} `json:"urls"`
	Mentions []struct {
		Username string `json:"username"`
	} `json:"mentions"`
	Hashtags []struct {
		Tag string `json:"tag"`
	} `json:"hashtags"`
}

type reference struct {
	Type string    `json:"type"` // retweeted, quoted, replied_to
	ID   snowflake `json:"id"`
}

type user struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Username  string `json:"username"`
	Verified  bool   `json:"verified"`
	CreatedAt moment `json:"created_at"`
	Metrics   struct {
		Followers int64 `json:"followers_count"`
	} `json:"public_metrics"`
}

type media struct {
	Key     string `json:"media_key"`
	URL     string `json:"url"`
	Preview string `json:"preview_image_url"`
	Alt     string `json:"alt_text"`
}

type place struct {
	ID       string `json:"id"`
	FullName string `json:"full_name"`
	Country  string `json:"country"`
	Code     string `json:"country_code"`
}

// moment is a time as v2 writes it, or as v1.1 did and examples of v2 still do. Of
// anything else it is zero: the ID tells when a post was made.
type moment struct{ time.Time }

// UnmarshalJSON reads a time.
func (m *moment) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	for _, layout := range []string{time.RFC3339, time.RubyDate} {
		if at, err := time.Parse(layout, text); err == nil {
			m.Time = at.UTC()
			return nil
		}
	}
	return nil
}

// snowflake is an ID of X: milliseconds since its epoch in the upper bits, so
// that IDs sort by time. In JSON it is a string.
type snowflake int64

var errNotID = errors.New("an ID is no number of X's")

// UnmarshalJSON reads an ID, as a string or as a number.
func (s *snowflake) UnmarshalJSON(b []byte) error {
	text := string(b)
	if text == "null" {
		return nil
	}
	if len(text) >= 2 && text[0] == '"' {
		text = text[1 : len(text)-1]
	}
	n, err := parseID(text)
	if err != nil {
		return err
	}
	*s = n
	return nil
}

// MarshalJSON writes the ID as X does.
func (s snowflake) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// String writes the ID in digits.
func (s snowflake) String() string { return strconv.FormatInt(int64(s), 10) }

func parseID(text string) (snowflake, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, fmt.Errorf("%w: %.30q", errNotID, text)
	}
	return snowflake(n), nil
}

// epoch is when X's clock begins, in Unix milliseconds.
const epoch = 1_288_834_974_657

// idAt is the smallest ID of a post of that moment.
func idAt(at time.Time) snowflake { return snowflake(max(at.UnixMilli()-epoch, 0) << 22) }

// time is when the post was made. IDs from before November 2010 hold no time.
func (s snowflake) time() time.Time { return time.UnixMilli(int64(s)>>22 + epoch).UTC() }
