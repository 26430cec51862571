// Package msteams posts alerts to Microsoft Teams as Adaptive Cards, to the address of
// a workflow ("Post to a channel when a webhook request is received"); the connectors
// of Office 365 are retired. A workflow can change nothing that it posted: what is
// withdrawn is said, without words.
package msteams

import (
	"context"
	"encoding/json"
	"net/http"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
)

// Config is a sink of this kind.
type Config struct {
	URLFile string `yaml:"url_file" jsonschema:"description=File with the address of the workflow,required"`
}

// Driver is the msteams kind of sink.
func Driver() alerts.SinkDriver { return alerts.SinkDriver{Config: Config{}, Open: open} }

const renew = "copy the address from the workflow's first step, or make another workflow"

func open(setup alerts.SinkSetup) (alerts.Sink, error) {
	config, err := alerts.Configured(setup, Config{}, func(c *Config) earshot.Problems {
		return alerts.Missing("url_file", c.URLFile, "name the file with the workflow's address")
	})
	if err != nil {
		return nil, err
	}
	return &sink{config: config, client: setup.Client, words: setup.Words}, nil
}

type sink struct {
	config Config
	client *http.Client
	words  *wording.Wording
}

// Deliver posts one alert.
// https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
func (s *sink) Deliver(ctx context.Context, d alerts.Delivery) (alerts.Receipt, error) {
	address, err := alerts.Secret(s.config.URLFile, renew)
	if err != nil {
		return alerts.Receipt{}, err
	}
	body, err := s.body(&d)
	if err != nil {
		return alerts.Receipt{}, &alerts.Rejected{Err: err}
	}
	call := alerts.Call{URL: address, Body: body, File: s.config.URLFile, Renew: renew, Private: true}
	if _, err := call.Do(ctx, s.client); err != nil {
		return alerts.Receipt{}, err
	}
	return alerts.Receipt{Place: "a channel of Teams"}, nil
}

// maxBody is the size of the largest message that Teams takes, in bytes.
const maxBody = 28 << 10

// body makes the message, with fewer words where it would be too large.
func (s *sink) body(d *alerts.Delivery) ([]byte, error) {
	view := s.words.View(&d.Alert, d.Test)
	for limit := 2000; ; limit /= 2 {
		body, err := json.Marshal(s.message(d, view, limit))
		if err != nil || len(body) <= maxBody || limit < 100 {
			return body, err
		}
		view.Sources = nil
	}
}

// message is what a workflow takes.
type message struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string `json:"contentType"`
	Content     card   `json:"content"`
}

// card is an Adaptive Card. https://adaptivecards.io/explorer
type card struct {
	Schema  string    `json:"$schema"`
	Type    string    `json:"type"`
	Version string    `json:"version"`
	ID      string    `json:"id"` // of the alert, for workflows that look
	Body    []element `json:"body"`
	Actions []action  `json:"actions,omitempty"`
}

// element is a paragraph. Unlike a TextBlock, its runs are no Markdown: what strangers
// wrote stays what it is.
type element struct {
	Type    string `json:"type"`
	Inlines []run  `json:"inlines"`
}

type run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Weight string `json:"weight,omitempty"`
	Size   string `json:"size,omitempty"`
	Color  string `json:"color,omitempty"`
	Subtle bool   `json:"isSubtle,omitempty"`
}

type action struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}

func paragraph(runs ...run) element {
	for i := range runs {
		runs[i].Type = "TextRun"
	}
	return element{Type: "RichTextBlock", Inlines: runs}
}

func colour(urgency earshot.Band) string {
	switch urgency {
	case earshot.Critical:
		return "Attention"
	case earshot.High:
		return "Warning"
	}
	return ""
}

func (s *sink) message(d *alerts.Delivery, v wording.View, limit int) message {
	c := card{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4", ID: wording.Line(d.Alert.ID, 200)}
	c.Body = append(c.Body, paragraph(run{Text: wording.Line(s.words.Title(v), limit), Weight: "Bolder", Size: "Medium", Color: colour(d.Alert.Urgency)}))
	say := func(words string) {
		if words != "" {
			c.Body = append(c.Body, paragraph(run{Text: words}))
		}
	}
	if v.Test {
		say(s.words.Word("test_text"))
	}
	switch {
	case v.Withdrawn:
		say(s.words.Word("withdrawn_text"))
	case v.Quote != "":
		say(wording.Lines(v.Quote, limit))
	case d.Alert.Mention == nil && d.Alert.Evidence == nil && d.Alert.Held == nil:
		say(s.words.Word("gone_text"))
	}
	for _, f := range v.Facts {
		c.Body = append(c.Body, paragraph(run{Text: f.Name + ": ", Subtle: true}, run{Text: wording.Line(f.Value, limit)}))
	}
	if v.URL != "" && !v.Withdrawn {
		c.Actions = append(c.Actions, action{Type: "Action.OpenUrl", Title: s.words.Word("open"), URL: v.URL})
	}
	for _, l := range v.Sources {
		c.Actions = append(c.Actions, action{Type: "Action.OpenUrl", Title: l.Name, URL: l.URL})
	}
	return message{Type: "message", Attachments: []attachment{{ContentType: "application/vnd.microsoft.card.adaptive", Content: c}}}
}
