package slack

import (
	"slices"
	"strings"

	"earshot/alerts"
	"earshot/alerts/wording"
)

// message is what chat.postMessage, chat.update and incoming webhooks take.
// https://docs.slack.dev/reference/methods/chat.postMessage
type message struct {
	Channel   string    `json:"channel,omitempty"`
	TS        string    `json:"ts,omitempty"` // of the message that is changed
	ThreadTS  string    `json:"thread_ts,omitempty"`
	Broadcast bool      `json:"reply_broadcast,omitempty"`
	Text      string    `json:"text"` // for notifications
	Parse     string    `json:"parse,omitempty"`
	LinkNames bool      `json:"link_names"`
	Unfurl    bool      `json:"unfurl_links"`
	Blocks    []block   `json:"blocks,omitempty"`
	Metadata  *metadata `json:"metadata,omitempty"`
}

type metadata struct {
	Type    string            `json:"event_type"`
	Payload map[string]string `json:"event_payload"`
}

// block is a piece of a message. https://docs.slack.dev/reference/block-kit/blocks
type block struct {
	Type   string `json:"type"`
	Text   *text  `json:"text,omitempty"`
	Fields []text `json:"fields,omitempty"`
}

type text struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji,omitempty"`
}

// Limits of Block Kit, in characters.
const (
	maxHeader = 150
	maxText   = 2900
	maxField  = 1900
	maxFields = 10 // of a section
	maxFacts  = 40 // of a message, which has fifty blocks at most
)

// plain is text that Slack shows as it is.
func plain(s string, limit int) text {
	return text{Type: "plain_text", Text: wording.Lines(s, limit), Emoji: new(bool)}
}

// escape makes text harmless where Slack reads mrkdwn: mentions and links are written
// with angle brackets. https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// link shows an address that a person can click.
func link(address, name string) string {
	return "<" + strings.NewReplacer("&", "&amp;", "<", "%3C", ">", "%3E", "|", "%7C").Replace(address) + "|" + strings.ReplaceAll(escape(name), "|", "¦") + ">"
}

func (s *sink) message(d *alerts.Delivery, v wording.View) message {
	title := s.words.Title(v)
	head := plain(title, maxHeader)
	m := message{
		Text: escape(title), Parse: "none", Blocks: []block{{Type: "header", Text: &head}},
		Metadata: &metadata{Type: "earshot_alert", Payload: map[string]string{"alert": d.Alert.ID, "case": d.Alert.Case}},
	}
	section := func(words string) {
		if t := plain(words, maxText); t.Text != "" {
			m.Blocks = append(m.Blocks, block{Type: "section", Text: &t})
		}
	}
	if v.Test {
		section(s.words.Word("test_text"))
	}
	switch {
	case v.Withdrawn:
		section(s.words.Word("withdrawn_text"))
	case v.Quote != "":
		section(v.Quote)
	case d.Alert.Mention == nil && d.Alert.Evidence == nil && d.Alert.Held == nil:
		section(s.words.Word("gone_text"))
	}
	m.facts(v.Facts)
	var links []string
	if v.URL != "" && !v.Withdrawn {
		links = append(links, link(v.URL, s.words.Word("open")))
	}
	for _, l := range v.Sources {
		links = append(links, link(l.URL, l.Name))
	}
	if len(links) > 0 && !v.Withdrawn {
		m.Blocks = append(m.Blocks, block{Type: "section", Text: &text{Type: "mrkdwn", Text: strings.Join(links, "  ·  ")}})
	}
	return m
}

func (m *message) facts(all []wording.Fact) {
	for some := range slices.Chunk(all[:min(len(all), maxFacts)], maxFields) {
		var fields []text
		for _, f := range some {
			fields = append(fields, plain(f.Name+": "+f.Value, maxField))
		}
		m.Blocks = append(m.Blocks, block{Type: "section", Fields: fields})
	}
}
