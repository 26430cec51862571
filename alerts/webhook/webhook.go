// Package webhook POSTs alerts as JSON to whoever wants them, signed by Standard
// Webhooks. The ID of the message is that of the alert, so that a receiver can tell
// what it has already. How JSON is received from others is in listeners/webhook.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"earshot"
	"earshot/alerts"
)

// Config is a sink of this kind.
type Config struct {
	URL        string `yaml:"url" jsonschema:"description=Where alerts are POSTed,example=https://crm.acme.example/alerts"`
	URLFile    string `yaml:"url_file" jsonschema:"description=File with the address if that is a secret"`
	SecretFile string `yaml:"secret_file" jsonschema:"description=File with the secret that messages are signed with (whsec_ and base64); without it they are not signed"`
	TokenFile  string `yaml:"token_file" jsonschema:"description=File with a token that is sent as Authorization: Bearer"`
	Envelope   bool   `yaml:"envelope" jsonschema:"description=Send type and timestamp and data as Standard Webhooks suggest instead of the bare alert"`
}

// Driver is the webhook kind of sink.
func Driver() alerts.SinkDriver { return alerts.SinkDriver{Config: Config{}, Open: open} }

const renew = "ask whoever runs the receiver for another"

func open(setup alerts.SinkSetup) (alerts.Sink, error) {
	config, err := alerts.Configured(setup, Config{}, (*Config).check)
	if err != nil {
		return nil, err
	}
	return &sink{config: config, client: setup.Client}, nil
}

func (c *Config) check() earshot.Problems {
	switch {
	case c.URL == "" && c.URLFile == "":
		return alerts.Missing("url", "", "write https://… or give a url_file")
	case c.URL != "" && c.URLFile != "":
		return earshot.Problems{{Path: "url_file", What: "the address is given twice", Hint: "give url or url_file"}}
	case c.URL != "":
		return alerts.NotAddress("url", c.URL, "write https://…")
	}
	return nil
}

type sink struct {
	config Config
	client *http.Client
}

// message is what is sent with envelope: true.
type message struct {
	Type      string         `json:"type"`
	Timestamp time.Time      `json:"timestamp"`
	Data      *earshot.Alert `json:"data"`
}

// Deliver POSTs one alert.
func (s *sink) Deliver(ctx context.Context, d alerts.Delivery) (alerts.Receipt, error) {
	call, err := s.call(&d, time.Now())
	if err != nil {
		return alerts.Receipt{}, err
	}
	if _, err := call.Do(ctx, s.client); err != nil {
		return alerts.Receipt{}, err
	}
	return alerts.Receipt{Place: host(call.URL)}, nil
}

func (s *sink) call(d *alerts.Delivery, now time.Time) (alerts.Call, error) {
	call := alerts.Call{URL: s.config.URL, Header: http.Header{}, Renew: renew, File: s.config.TokenFile}
	var err error
	if s.config.URLFile != "" {
		call.File, call.Private = s.config.URLFile, true
		if call.URL, err = alerts.Secret(s.config.URLFile, renew); err != nil {
			return call, err
		}
	}
	if call.Body, err = s.body(d); err != nil {
		return call, &alerts.Rejected{Err: err}
	}
	if s.config.TokenFile != "" {
		token, err := alerts.Secret(s.config.TokenFile, renew)
		if err != nil {
			return call, err
		}
		call.Bearer(token)
	}
	return call, s.sign(&call, d.Alert.ID, now)
}

func (s *sink) body(d *alerts.Delivery) ([]byte, error) {
	var content any = &d.Alert
	if s.config.Envelope {
		content = message{Type: "alert." + string(d.Alert.Why), Timestamp: d.Alert.At, Data: &d.Alert}
	}
	body, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("writing an alert: %w", err)
	}
	return body, nil
}

// sign adds the headers of Standard Webhooks 1.0.0.
func (s *sink) sign(call *alerts.Call, id string, now time.Time) error {
	call.Header.Set(standard.HeaderWebhookID, id)
	call.Header.Set(standard.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	if s.config.SecretFile == "" {
		return nil
	}
	secret, err := alerts.Secret(s.config.SecretFile, renew)
	if err != nil {
		return err
	}
	call.Secrets = append(call.Secrets, secret, strings.TrimPrefix(secret, "whsec_"))
	hook, err := standard.NewWebhook(secret)
	if err != nil {
		return &alerts.Refused{File: s.config.SecretFile, Renew: "write whsec_ and the secret in base64", Err: errors.New("it is not base64")}
	}
	signature, err := hook.Sign(id, now, call.Body)
	if err != nil {
		return &alerts.Rejected{Err: errors.New("signing an alert: the library refuses it")}
	}
	call.Header.Set(standard.HeaderWebhookSignature, signature)
	return nil
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
