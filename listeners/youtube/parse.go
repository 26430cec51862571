package youtube

import (
	"encoding/json"
	"errors"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"earshot"
	"earshot/listeners/markup"
)

// page is one answer: threads newest first, and what the next one is called.
type page struct {
	threads []thread
	dead    []earshot.DeadLetter
	next    string
}

// thread is a comment with some of its replies.
type thread struct {
	post
	replies []post
	total   int // replies that there are
}

// post is a comment or a video.
type post struct {
	id      string // in the API
	video   string
	author  string // ID of the author's channel
	mention earshot.Mention
}

type threadList struct {
	Next  string            `json:"nextPageToken"`
	Items []json.RawMessage `json:"items"`
}

type commentList struct {
	Next  string    `json:"nextPageToken"`
	Items []comment `json:"items"`
}

type comment struct {
	ID      string `json:"id"`
	Snippet struct {
		Video     string `json:"videoId"`
		Original  string `json:"textOriginal"`
		Display   string `json:"textDisplay"` // plain, since we ask for that
		Parent    string `json:"parentId"`
		Name      string `json:"authorDisplayName"` // @handle, since 2023
		ChannelID struct {
			Value string `json:"value"`
		} `json:"authorChannelId"`
		Likes     int64  `json:"likeCount"`
		Published string `json:"publishedAt"`
	} `json:"snippet"`
}

// page reads the threads; what cannot be read is a dead letter. name is that of
// the channel.
func (l threadList) page(name string) page {
	p := page{next: l.Next}
	for _, raw := range l.Items {
		t, err := parseThread(raw, name)
		if err != nil {
			p.dead = append(p.dead, earshot.DeadLetter{Reason: "reading a comment thread: " + err.Error(), Body: raw})
			continue
		}
		p.threads = append(p.threads, t)
	}
	return p
}

func parseThread(raw []byte, name string) (thread, error) {
	var item struct {
		Snippet struct {
			Video   string  `json:"videoId"`
			Top     comment `json:"topLevelComment"`
			Replies int     `json:"totalReplyCount"`
		} `json:"snippet"`
		Replies struct {
			Comments []comment `json:"comments"`
		} `json:"replies"`
	}
	if err := json.Unmarshal(raw, &item); err != nil {
		return thread{}, err
	}
	top, err := item.Snippet.Top.post(name, item.Snippet.Video)
	if err != nil {
		return thread{}, err
	}
	top.mention.Engagement.Replies = int64(item.Snippet.Replies)
	t := thread{post: top, total: item.Snippet.Replies}
	for _, c := range item.Replies.Comments {
		if p, err := c.post(name, top.video); err == nil {
			t.replies = append(t.replies, p)
		}
	}
	return t, nil
}

var commentID = regexp.MustCompile(`^[A-Za-z0-9_-]{12,100}(\.[A-Za-z0-9_-]{1,100})?$`)

// post is the comment below a video.
func (c comment) post(name, video string) (post, error) {
	s := c.Snippet
	if s.Video != "" {
		video = s.Video
	}
	if !commentID.MatchString(c.ID) {
		return post{}, errors.New("it has no id of a comment")
	}
	text := s.Original
	if text == "" {
		text = s.Display
	}
	said := markup.Plain(text)
	m := earshot.Mention{
		ID: network + ":" + c.ID, Network: network, Change: earshot.New, Visibility: earshot.Public,
		Text: said.Text, Channel: name, Posted: parseTime(s.Published), Author: authorOf(s.Name),
	}
	m.Engagement.Likes = s.Likes
	if said.Cut {
		m.Flags = append(m.Flags, "cut")
	}
	if videoID.MatchString(video) {
		m.Conversation = network + ":" + video
		m.ReplyTo = m.Conversation
		m.URL = "https://www.youtube.com/watch?v=" + video + "&lc=" + url.QueryEscape(c.ID)
	}
	parent := s.Parent
	if before, _, ok := strings.Cut(c.ID, "."); ok && parent == "" {
		parent = before
	}
	if commentID.MatchString(parent) {
		m.ReplyTo = network + ":" + parent
	}
	return post{id: c.ID, video: video, author: s.ChannelID.Value, mention: m}, nil
}

// authorOf reads a display name, which is a handle for most accounts.
func authorOf(name string) earshot.Author {
	if name = strings.TrimSpace(name); strings.HasPrefix(name, "@") && !strings.ContainsAny(name, " \t\n") {
		return earshot.Author{Handle: name}
	}
	return earshot.Author{Name: name}
}

func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{} // the mention says that it is undated
	}
	return t.UTC()
}

type videoList struct {
	Items []video `json:"items"`
}

type video struct {
	ID      string `json:"id"`
	Snippet struct {
		Published   string `json:"publishedAt"`
		Channel     string `json:"channelId"`
		ChannelName string `json:"channelTitle"`
		Title       string `json:"title"`
		Description string `json:"description"`
		Language    string `json:"defaultLanguage"`
		Audio       string `json:"defaultAudioLanguage"`
		Thumbnails  map[string]struct {
			URL string `json:"url"`
		} `json:"thumbnails"`
	} `json:"snippet"`
	Statistics struct { // numbers in quotes; hidden ones are missing
		Views    string `json:"viewCount"`
		Likes    string `json:"likeCount"`
		Comments string `json:"commentCount"`
	} `json:"statistics"`
}

func (v video) post() (post, error) {
	if !videoID.MatchString(v.ID) {
		return post{}, errors.New("it has no id of a video")
	}
	said := markup.Plain(v.Snippet.Description)
	m := earshot.Mention{
		ID: network + ":" + v.ID, Network: network, Change: earshot.New, Visibility: earshot.Public,
		Title: v.Snippet.Title, Text: said.Text, URL: "https://www.youtube.com/watch?v=" + v.ID,
		Author: earshot.Author{Name: v.Snippet.ChannelName}, Channel: v.Snippet.ChannelName,
		Posted: parseTime(v.Snippet.Published), Lang: v.Snippet.Language,
		Engagement: earshot.Engagement{Likes: number(v.Statistics.Likes), Replies: number(v.Statistics.Comments), Views: number(v.Statistics.Views)},
	}
	if m.Lang == "" {
		m.Lang = v.Snippet.Audio
	}
	if u := markup.Resolve(nil, v.Snippet.Thumbnails["high"].URL); u != "" {
		m.Media = []earshot.Media{{URL: u}}
	}
	return post{id: v.ID, video: v.ID, author: v.Snippet.Channel, mention: m}, nil
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0 // unknown
	}
	return n
}

type searchList struct {
	Next  string `json:"nextPageToken"`
	Items []struct {
		ID struct {
			Video string `json:"videoId"`
		} `json:"id"`
	} `json:"items"`
}

type channelList struct {
	Items []channel `json:"items"`
}

type channel struct {
	ID      string `json:"id"`
	Snippet struct {
		Title     string `json:"title"`
		Published string `json:"publishedAt"`
	} `json:"snippet"`
	Statistics struct {
		Subscribers string `json:"subscriberCount"`
		Hidden      bool   `json:"hiddenSubscriberCount"`
	} `json:"statistics"`
}

func (c channel) author() earshot.Author {
	a := earshot.Author{Name: c.Snippet.Title, Created: parseTime(c.Snippet.Published)}
	if !c.Statistics.Hidden {
		a.Followers = number(c.Statistics.Subscribers)
	}
	return a
}
