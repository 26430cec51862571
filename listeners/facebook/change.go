package facebook

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"earshot"
	"earshot/listeners"
)

func malformed(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", listeners.ErrMalformed, what, err)
}

// changed is the value of a change, with the fields of all kinds.
type changed struct {
	Item      string   `json:"item"`
	Verb      string   `json:"verb"`
	PostID    text     `json:"post_id"`
	CommentID text     `json:"comment_id"`
	ParentID  text     `json:"parent_id"`
	Message   string   `json:"message"`
	Created   moment   `json:"created_time"`
	From      person   `json:"from"`
	SenderID  text     `json:"sender_id"`
	Sender    string   `json:"sender_name"`
	Link      string   `json:"link"`
	Photo     string   `json:"photo"`
	Photos    []string `json:"photos"`
	Published *int     `json:"published"`
	Post      struct {
		Permalink string `json:"permalink_url"`
		Published *bool  `json:"is_published"`
	} `json:"post"`

	ReviewText string `json:"review_text"`
	Reviewer   string `json:"reviewer_name"`
	ReviewerID text   `json:"reviewer_id"`
	StoryID    text   `json:"open_graph_story_id"`

	ID    text   `json:"id"`
	Text  string `json:"text"`
	Media struct {
		ID text `json:"id"`
	} `json:"media"`
	MediaID text `json:"media_id"`
}

// change adds what a change says. at is when Meta noticed it.
func (p *parcel) change(object, account string, at time.Time, raw json.RawMessage) {
	var c struct {
		Field string          `json:"field"`
		Value json.RawMessage `json:"value"`
	}
	var v changed
	err := json.Unmarshal(raw, &c)
	if err == nil {
		err = json.Unmarshal(c.Value, &v)
	}
	if err != nil {
		p.bury("reading a change: "+err.Error(), raw)
		return
	}
	var ok bool
	switch object + " " + c.Field {
	case "page feed":
		ok = p.feed(account, at, &v)
	case "page mention":
		ok = p.pageMention(account, at, &v)
	case "page ratings":
		ok = p.rating(account, at, &v)
	case "instagram comments", "instagram live_comments":
		ok = p.instagramComment(account, at, &v)
	case "instagram mentions":
		ok = p.instagramMention(account, at, &v)
	case "instagram story_insights": // figures, no words
		ok = true
	}
	if !ok {
		p.bury(fmt.Sprintf("a change of the field %.40q of %.40q that nobody knows", c.Field, object), raw)
	}
}

// nativeID is what may be put into a request.
var nativeID = regexp.MustCompile(`^[0-9_]{1,200}$`)

// wordless are the items of a feed that say nothing.
func wordless() []string { return []string{"reaction", "like", "event"} }

// feed reads a change on a page: posts of the page and of visitors, and comments.
func (p *parcel) feed(account string, at time.Time, v *changed) bool {
	if slices.Contains(wordless(), v.Item) || v.Published != nil && *v.Published == 0 || v.Post.Published != nil && !*v.Post.Published {
		return true
	}
	id := v.PostID
	if v.Item == "comment" {
		id = v.CommentID
	}
	if id == "" {
		return false
	}
	m := v.mention(facebook+":"+string(id), account, at)
	if v.Item == "comment" && v.PostID != "" {
		m.Conversation = facebook + ":" + string(v.PostID)
		m.ReplyTo = facebook + ":" + first(string(v.ParentID), string(v.PostID))
	}
	return p.add(m, v.Verb)
}

// add adds a mention as its verb asks for.
func (p *parcel) add(m earshot.Mention, verb string) bool {
	switch verb {
	case "add", "":
	case "edit", "edited", "update", "unhide", "unblock":
		m.Change = earshot.Edited
	case "hide", "block":
		m.Change = earshot.Edited
		m.Flags = append(m.Flags, hidden)
	case "remove", "delete":
		m = deleted(m.ID)
	default:
		return false
	}
	p.mentions = append(p.mentions, m)
	return true
}

func (v *changed) mention(id, account string, at time.Time) earshot.Mention {
	m := earshot.Mention{
		ID: id, Channel: account, Text: first(v.Message, v.ReviewText), URL: v.Post.Permalink, Posted: v.Created.Time,
		Author: earshot.Author{
			Handle: first(string(v.From.ID), string(v.SenderID), string(v.ReviewerID)),
			Name:   first(v.From.Name, v.Sender, v.Reviewer),
		},
	}
	if m.Posted.IsZero() {
		m.Posted = at
	}
	if v.Link != "" && v.Item != "photo" && v.Item != "video" {
		m.Links = []string{v.Link}
	}
	const most = 50
	photos := append(slices.Clone(v.Photos[:min(len(v.Photos), most)]), v.Photo)
	if v.Item == "photo" {
		photos = append(photos, v.Link)
	}
	for _, photo := range photos {
		if photo != "" {
			m.Media = append(m.Media, earshot.Media{URL: photo})
		}
	}
	return m
}

// pageMention reads that somebody has mentioned a page elsewhere. What they wrote
// may have to be looked up.
func (p *parcel) pageMention(account string, at time.Time, v *changed) bool {
	id := first(string(v.CommentID), string(v.PostID))
	if id == "" {
		return false
	}
	if v.Message == "" && v.Verb != "remove" && v.Verb != "delete" {
		if !nativeID.MatchString(string(v.CommentID) + string(v.PostID)) {
			return false
		}
		p.pending = append(p.pending, pending{Network: facebook, Account: account, Comment: string(v.CommentID), Post: string(v.PostID), At: at})
		return true
	}
	m := v.mention(facebook+":"+id, "", at)
	if v.CommentID != "" && v.PostID != "" {
		m.Conversation = facebook + ":" + string(v.PostID)
		m.ReplyTo = m.Conversation
	}
	return p.add(m, v.Verb)
}

// rating reads a recommendation of a page, or a comment below one.
func (p *parcel) rating(account string, at time.Time, v *changed) bool {
	id := first(string(v.CommentID), string(v.StoryID), string(v.PostID))
	if id == "" || slices.Contains(wordless(), v.Item) {
		return slices.Contains(wordless(), v.Item)
	}
	m := v.mention(facebook+":"+id, account, at)
	if story := string(v.StoryID); v.CommentID != "" && story != "" {
		m.Conversation, m.ReplyTo = facebook+":"+story, facebook+":"+first(string(v.ParentID), story)
	}
	return p.add(m, v.Verb)
}

// instagramComment reads a comment below a photo of the account.
func (p *parcel) instagramComment(account string, at time.Time, v *changed) bool {
	if v.ID == "" {
		return false
	}
	m := earshot.Mention{
		ID: instagram + ":" + string(v.ID), Channel: account, Text: v.Text, Posted: at,
		Author: earshot.Author{Handle: string(v.From.ID)},
	}
	if v.From.Username != "" {
		m.Author.Handle = "@" + v.From.Username
	}
	if v.Media.ID != "" {
		m.Conversation = instagram + ":" + string(v.Media.ID)
		m.ReplyTo = instagram + ":" + first(string(v.ParentID), string(v.Media.ID))
	}
	return p.add(m, v.Verb)
}

// instagramMention reads that somebody has mentioned the account. It comes without
// a word of what was written, and Meta does not keep it for us.
func (p *parcel) instagramMention(account string, at time.Time, v *changed) bool {
	if !nativeID.MatchString(string(v.MediaID) + string(v.CommentID)) {
		return false
	}
	p.pending = append(p.pending, pending{Network: instagram, Account: account, Comment: string(v.CommentID), Post: string(v.MediaID), At: at})
	return true
}
