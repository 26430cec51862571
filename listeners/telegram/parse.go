package telegram

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"earshot"
	"earshot/listeners/markup"
)

// update is one piece of a bot's queue.
type update struct {
	ID      int64
	mention *earshot.Mention // nil when nobody said anything
	chat    chat
	direct  bool // written to the bot itself
}

// isOf reports whether the update is of the chat that the configuration names.
func (u update) isOf(name string) bool {
	return name == strconv.FormatInt(u.chat.ID, 10) || u.chat.Username != "" && strings.EqualFold(name, "@"+u.chat.Username)
}

// envelope is an update as Telegram writes it. Only what a mention needs is read,
// so that what Telegram invents cannot hold the queue up.
type envelope struct {
	ID         int64    `json:"update_id"`
	Message    *message `json:"message"`
	Edited     *message `json:"edited_message"`
	Post       *message `json:"channel_post"`
	EditedPost *message `json:"edited_channel_post"`
}

type chat struct {
	ID       int64  `json:"id"` // negative for groups and channels
	Type     string `json:"type"`
	Title    string `json:"title"`
	Username string `json:"username"` // only public chats have one
}

type user struct {
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Username  string `json:"username"`
}

type message struct {
	ID        int64    `json:"message_id"`
	Thread    int64    `json:"message_thread_id"` // the first message of the thread, or the topic
	IsTopic   bool     `json:"is_topic_message"`
	From      *user    `json:"from"`
	Sender    *chat    `json:"sender_chat"` // when a chat writes: channels, anonymous admins
	Signature string   `json:"author_signature"`
	Date      int64    `json:"date"` // seconds
	Chat      chat     `json:"chat"`
	ReplyTo   *message `json:"reply_to_message"`
	External  *origin  `json:"external_reply"` // to a message in another chat
	Origin    *origin  `json:"forward_origin"`

	Text            string   `json:"text"`
	Entities        []entity `json:"entities"`
	Caption         string   `json:"caption"`
	CaptionEntities []entity `json:"caption_entities"`
	Poll            *struct {
		Question string `json:"question"`
		Options  []struct {
			Text string `json:"text"`
		} `json:"options"`
	} `json:"poll"`
	Venue *struct {
		Title   string `json:"title"`
		Address string `json:"address"`
	} `json:"venue"`

	Document  *file           `json:"document"`
	Video     *file           `json:"video"`
	Audio     *file           `json:"audio"`
	Animation *file           `json:"animation"`
	Photo     json.RawMessage `json:"photo"`
	Voice     json.RawMessage `json:"voice"`
}

// origin is a message somewhere else, as far as it is known.
type origin struct {
	Type    string `json:"type"`
	Chat    *chat  `json:"chat"`
	Message int64  `json:"message_id"`
}

type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"` // in UTF-16 units
	Length int    `json:"length"`
	URL    string `json:"url"`
}

type file struct {
	Name string `json:"file_name"`
}

// mostNumber is far more than Telegram counts to: it promises 52 bits.
const mostNumber = 1 << 52

// parseUpdate reads one update of the bot with a number. On an error its ID may still be known, else it is 0.
func parseUpdate(raw []byte, bot string) (update, error) {
	var e envelope
	if err := json.Unmarshal(raw, &e); err != nil {
		var number struct {
			ID int64 `json:"update_id"`
		}
		_ = json.Unmarshal(raw, &number) // the error that matters is the first one
		if number.ID < 0 || number.ID > mostNumber {
			number.ID = 0
		}
		return update{ID: number.ID}, err
	}
	if e.ID <= 0 || e.ID > mostNumber {
		return update{}, errors.New("its number is none")
	}
	u := update{ID: e.ID}
	change := earshot.New
	var m *message
	switch {
	case e.Message != nil:
		m = e.Message
	case e.Post != nil:
		m = e.Post
	case e.Edited != nil:
		m, change = e.Edited, earshot.Edited
	case e.EditedPost != nil:
		m, change = e.EditedPost, earshot.Edited
	default:
		return u, nil
	}
	u.chat, u.direct = m.Chat, m.Chat.Type == "private"
	if m.ID <= 0 || m.Chat.ID == 0 {
		return u, errors.New("it has a message without a number or a chat")
	}
	u.mention = m.mention(change, bot)
	return u, nil
}

// idOf is the mention ID of a message. In small groups and private chats each
// account counts messages by itself, so that theirs hold the bot's number too.
func (c *chat) idOf(message int64, bot string) string {
	own := ""
	if c.Type == "group" || c.Type == "private" {
		own = bot + "/"
	}
	return network + ":" + own + strconv.FormatInt(c.ID, 10) + "/" + strconv.FormatInt(message, 10)
}

// mention is what the message says, nil if that is nothing: somebody joined, a
// sticker, a picture without words. Words that were edited away are taken back.
func (m *message) mention(change earshot.Change, bot string) *earshot.Mention {
	text, entities := m.Text, m.Entities
	if text == "" {
		text, entities = m.Caption, m.CaptionEntities
	}
	if m.Poll != nil {
		text = m.Poll.Question
		for _, option := range m.Poll.Options {
			text += "\n" + option.Text
		}
	}
	said := markup.Plain(text)
	out := &earshot.Mention{ID: m.Chat.idOf(m.ID, bot), Network: network, Change: change, Visibility: earshot.Private}
	if m.Chat.Username != "" && m.Chat.Type != "private" {
		out.Visibility = earshot.Public
	}
	switch {
	case said.Text == "" && change == earshot.Edited:
		out.Change = earshot.Deleted
		return out
	case said.Text == "":
		return nil
	}
	out.Text, out.Author, out.Channel, out.URL = said.Text, m.author(), m.Chat.name(), m.url()
	out.Links, out.Media = linksOf(text, entities), m.media()
	if said.Cut {
		out.Flags = append(out.Flags, "cut")
	}
	if m.Date > 0 && m.Date < math.MaxInt32*100 {
		out.Posted = time.Unix(m.Date, 0).UTC()
	}
	if m.Venue != nil {
		out.Place = strings.Trim(m.Venue.Title+", "+m.Venue.Address, ", ")
	}
	m.relate(out, bot)
	return out
}

// relate says what the message answers, repeats and belongs to.
func (m *message) relate(out *earshot.Mention, bot string) {
	if r := m.ReplyTo; r != nil && r.ID > 0 && !(m.IsTopic && r.ID == m.Thread) { // that is where the topic began
		out.ReplyTo = m.Chat.idOf(r.ID, bot)
		if to := r.author().Handle; to != "" {
			out.To = []string{to}
		}
	}
	if m.Thread > 0 && !m.IsTopic {
		out.Conversation = m.Chat.idOf(m.Thread, bot)
	}
	if o := m.Origin; o != nil && o.Type == "channel" && o.Chat != nil && o.Message > 0 {
		out.RepostOf = o.Chat.idOf(o.Message, bot)
	}
	if o := m.External; o != nil && o.Chat != nil && o.Message > 0 {
		out.QuoteOf = o.Chat.idOf(o.Message, bot)
	}
}

func (m *message) author() earshot.Author {
	var a earshot.Author
	switch {
	case m.Sender != nil:
		a.Name, a.Handle = m.Sender.Title, at(m.Sender.Username)
		if m.Signature != "" {
			a.Name = m.Signature
		}
	case m.From != nil:
		a.Name, a.Handle = strings.TrimSpace(m.From.FirstName+" "+m.From.LastName), at(m.From.Username)
	}
	return a
}

func at(name string) string {
	if name == "" {
		return ""
	}
	return "@" + name
}

func (c *chat) name() string {
	if c.Username != "" {
		return at(c.Username)
	}
	return c.Title
}

// url is where a person can open the message, who is in the chat if it is private.
func (m *message) url() string {
	number := strconv.FormatInt(m.ID, 10)
	if m.Chat.Username != "" && m.Chat.Type != "private" {
		return markup.Resolve(nil, "https://t.me/"+m.Chat.Username+"/"+number)
	}
	if bare, ok := strings.CutPrefix(strconv.FormatInt(m.Chat.ID, 10), "-100"); ok {
		return "https://t.me/c/" + bare + "/" + number
	}
	return ""
}

// linksOf are the addresses behind words, and those written without http.
func linksOf(text string, entities []entity) []string {
	var links []string
	var units []uint16
	for _, e := range entities {
		address := e.URL
		if e.Type == "url" {
			if units == nil {
				units = utf16.Encode([]rune(text))
			}
			if e.Offset < 0 || e.Length <= 0 || e.Offset > len(units) || e.Length > len(units)-e.Offset {
				continue
			}
			address = string(utf16.Decode(units[e.Offset : e.Offset+e.Length]))
			if !strings.Contains(address, "://") {
				address = "http://" + address
			}
		}
		if u := markup.Resolve(nil, address); u != "" && len(links) < markup.MaxLinks && !slices.Contains(links, u) {
			links = append(links, u)
		}
	}
	return links
}

// media names what is attached; Telegram gives addresses only for a while and only
// with the bot's token.
func (m *message) media() []earshot.Media {
	var all []earshot.Media
	for kind, f := range map[string]*file{"document": m.Document, "video": m.Video, "audio": m.Audio, "animation": m.Animation} {
		if f == nil || kind == "document" && m.Animation != nil { // which is there twice
			continue
		}
		name := f.Name
		if name == "" {
			name = kind
		}
		all = append(all, earshot.Media{Name: name})
	}
	for kind, raw := range map[string]json.RawMessage{"photo": m.Photo, "voice": m.Voice} {
		if len(raw) > 0 && string(raw) != "null" {
			all = append(all, earshot.Media{Name: kind})
		}
	}
	slices.SortFunc(all, func(a, b earshot.Media) int { return strings.Compare(a.Name, b.Name) })
	return all
}
