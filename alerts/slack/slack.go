// Package slack posts alerts to a channel of Slack: by an incoming webhook, or as a
// bot, which keeps one message a case up to date, with a thread of what changed, and
// takes its words back. All texts of strangers are plain text to Slack, so that they
// mention and link nothing. It reads no channels.
package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
)

// Config is a sink of this kind.
type Config struct {
	WebhookFile string `yaml:"webhook_file" jsonschema:"description=File with the address of an incoming webhook (https://hooks.slack.com/services/…)"`
	TokenFile   string `yaml:"token_file" jsonschema:"description=File with the token of a bot (xoxb-…) instead; it needs the scope chat:write"`
	Channel     string `yaml:"channel" jsonschema:"description=ID of the channel that the bot posts to,example=C0123456789"`
	API         string `yaml:"api" jsonschema:"description=Address of Slack's Web API"`
}

func defaults() Config { return Config{API: "https://slack.com/api"} }

// Driver is the slack kind of sink.
func Driver() alerts.SinkDriver { return alerts.SinkDriver{Config: defaults(), Open: open} }

const (
	renewWebhook = "make another incoming webhook in the app's settings"
	renewToken   = "install the app again and copy its bot token"
)

func open(setup alerts.SinkSetup) (alerts.Sink, error) {
	config, err := alerts.Configured(setup, defaults(), (*Config).check)
	if err != nil {
		return nil, err
	}
	return &sink{config: config, client: setup.Client, words: setup.Words}, nil
}

func (c *Config) check() earshot.Problems {
	var problems earshot.Problems
	switch {
	case c.WebhookFile == "" && c.TokenFile == "":
		problems = alerts.Missing("webhook_file", "", "name the file with the webhook's address, or give token_file and channel")
	case c.WebhookFile != "" && c.TokenFile != "":
		problems = earshot.Problems{{Path: "token_file", What: "there are two ways to Slack", Hint: "give webhook_file, or token_file and channel"}}
	case c.TokenFile != "":
		problems = alerts.Missing("channel", c.Channel, "give the ID of the channel, which its details show")
	}
	return append(problems, alerts.NotAddress("api", c.API, "leave it out for "+defaults().API)...)
}

type sink struct {
	config Config
	client *http.Client
	words  *wording.Wording
}

// Deliver posts one alert.
func (s *sink) Deliver(ctx context.Context, d alerts.Delivery) (alerts.Receipt, error) {
	view := s.words.View(&d.Alert, d.Test)
	if s.config.WebhookFile != "" {
		return s.hook(ctx, &d, view)
	}
	token, err := alerts.Secret(s.config.TokenFile, renewToken)
	if err != nil {
		return alerts.Receipt{}, err
	}
	b := &bot{sink: s, token: token}
	return b.deliver(ctx, &d, view)
}

// hook posts by an incoming webhook, which can change nothing afterwards.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
func (s *sink) hook(ctx context.Context, d *alerts.Delivery, view wording.View) (alerts.Receipt, error) {
	address, err := alerts.Secret(s.config.WebhookFile, renewWebhook)
	if err != nil {
		return alerts.Receipt{}, err
	}
	call := alerts.Call{URL: address, File: s.config.WebhookFile, Renew: renewWebhook, Private: true}
	if err := call.Content(s.message(d, view)); err != nil {
		return alerts.Receipt{}, err
	}
	answer, err := call.Do(ctx, s.client)
	if answer.Status == http.StatusGone { // the channel is archived: somebody may bring it back
		err = fmt.Errorf("the channel is archived: %s", err.Error())
	}
	return alerts.Receipt{Place: "a channel of Slack"}, err
}

// bot posts by the Web API.
type bot struct {
	*sink

	token string
}

// deliver keeps one message a case: the first alert posts it, further ones change it
// and say in its thread that they did.
func (b *bot) deliver(ctx context.Context, d *alerts.Delivery, view wording.View) (alerts.Receipt, error) {
	m := b.message(d, view)
	m.Channel = b.config.Channel
	channel, ts := "", ""
	if d.Before != nil {
		channel, ts, _ = strings.Cut(d.Before.Ref, " ")
	}
	if ts == "" {
		return b.post(ctx, m)
	}
	m.Channel, m.TS = channel, ts
	_, err := b.call(ctx, "chat.update", m)
	if errors.Is(err, errNoMessage) {
		m.Channel, m.TS = b.config.Channel, ""
		return b.post(ctx, m)
	}
	receipt := alerts.Receipt{Place: place(channel), Ref: d.Before.Ref}
	if err != nil {
		return receipt, err
	}
	loud := d.Alert.Why == earshot.BecauseEscalated || d.Alert.Why == earshot.BecauseReminder
	_, err = b.call(ctx, "chat.postMessage", message{
		Channel: channel, ThreadTS: ts, Broadcast: loud, Parse: "none", Metadata: m.Metadata,
		Text: escape(fmt.Sprintf("%s · %s · %d", view.Urgency, view.Why, d.Alert.Count)),
	})
	return receipt, err
}

func (b *bot) post(ctx context.Context, m message) (alerts.Receipt, error) {
	said, err := b.call(ctx, "chat.postMessage", m)
	if err != nil {
		return alerts.Receipt{}, err
	}
	return alerts.Receipt{Place: place(said.Channel), Ref: said.Channel + " " + said.TS}, nil
}

func place(channel string) string { return "channel " + channel + " of Slack" }

// said is what the Web API answers, with status 200 whatever happened.
// https://docs.slack.dev/apis/web-api/#responses
type said struct {
	OK      bool   `json:"ok"`
	Error   string `json:"error"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

// errNoMessage is a message that was deleted, or that nobody may change any more.
var errNoMessage = errors.New("the message is not there any more")

func (b *bot) call(ctx context.Context, method string, m message) (said, error) {
	call := alerts.Call{
		URL: strings.TrimSuffix(b.config.API, "/") + "/" + method, File: b.config.TokenFile, Renew: renewToken,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
	}
	call.Bearer(b.token)
	if err := call.Content(m); err != nil {
		return said{}, err
	}
	answer, err := call.Do(ctx, b.client)
	if err != nil {
		return said{}, err
	}
	var s said
	if err := json.Unmarshal(answer.Body, &s); err != nil {
		return said{}, errors.New("reading the answer of Slack: it is no JSON")
	}
	return s, b.judge(&s)
}

// judge turns an error of the API into the kind that it is of.
// https://docs.slack.dev/reference/methods/chat.postMessage#errors
func (b *bot) judge(s *said) error {
	if s.OK {
		return nil
	}
	err := fmt.Errorf("asking Slack: it answered %s", wording.Line(strings.ReplaceAll(s.Error, b.token, "…"), 80))
	switch s.Error {
	case "not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "no_permission", "missing_scope", "ekm_access_denied":
		return &alerts.Refused{File: b.config.TokenFile, Renew: renewToken, Err: err}
	case "msg_too_long", "no_text", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "markdown_text_conflict", "invalid_metadata_format", "invalid_metadata_schema":
		return &alerts.Rejected{Err: err}
	case "ratelimited", "rate_limited":
		return &alerts.RetryAfter{Wait: time.Minute, Err: err}
	case "message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found":
		return fmt.Errorf("%w: %w", errNoMessage, err)
	}
	return err
}
