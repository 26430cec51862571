// Package pagerduty opens, updates and resolves incidents of PagerDuty by its Events
// API v2. All alerts of a case are one incident, since they have one dedup_key. What
// people do to the incident does not come back.
package pagerduty

import (
	"context"
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
	RoutingKeyFile string                  `yaml:"routing_key_file" jsonschema:"description=File with the integration key of a service (Events API v2),required"`
	URL            string                  `yaml:"url" jsonschema:"description=Address of the Events API; https://events.eu.pagerduty.com/v2/enqueue for accounts in the EU"`
	Severity       map[earshot.Band]string `yaml:"severity" jsonschema:"description=Severity by urgency: critical or error or warning or info"`
	Source         string                  `yaml:"source" jsonschema:"description=What the incidents name as their source"`
}

func defaults() Config {
	return Config{URL: "https://events.pagerduty.com/v2/enqueue", Source: "earshot"}
}

// Driver is the pagerduty kind of sink.
func Driver() alerts.SinkDriver { return alerts.SinkDriver{Config: defaults(), Open: open} }

const renew = "copy the integration key of the service's Events API v2 integration"

func open(setup alerts.SinkSetup) (alerts.Sink, error) {
	config, err := alerts.Configured(setup, defaults(), (*Config).check)
	if err != nil {
		return nil, err
	}
	return &sink{config: config, team: setup.Team, client: setup.Client, words: setup.Words}, nil
}

func (c *Config) check() earshot.Problems {
	problems := alerts.Missing("routing_key_file", c.RoutingKeyFile, "name the file with the integration key")
	problems = append(problems, alerts.NotAddress("url", c.URL, "leave it out for "+defaults().URL)...)
	for band, severity := range c.Severity {
		switch severity {
		case "critical", "error", "warning", "info":
		default:
			problems = append(problems, earshot.Problem{Path: "severity." + string(band), What: "there is no such severity", Hint: "critical, error, warning or info"})
		}
		if severityOf(band) == "" {
			problems = append(problems, earshot.Problem{Path: "severity." + string(band), What: fmt.Sprintf("there is no urgency %q", band), Hint: "critical, high, normal or low"})
		}
	}
	return problems
}

func severityOf(band earshot.Band) string {
	return map[earshot.Band]string{earshot.Critical: "critical", earshot.High: "error", earshot.Normal: "warning", earshot.Low: "info"}[band]
}

type sink struct {
	config Config
	team   string
	client *http.Client
	words  *wording.Wording
}

// event is what the API takes. https://developer.pagerduty.com/docs/send-alert-event
type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"`
	DedupKey   string   `json:"dedup_key"`
	Client     string   `json:"client,omitempty"`
	Links      []link   `json:"links,omitempty"`
	Payload    *payload `json:"payload,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

type payload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp string            `json:"timestamp,omitempty"`
	Component string            `json:"component,omitempty"`
	Group     string            `json:"group,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details,omitempty"`
}

// Deliver sends one event.
func (s *sink) Deliver(ctx context.Context, d alerts.Delivery) (alerts.Receipt, error) {
	key, err := alerts.Secret(s.config.RoutingKeyFile, renew)
	if err != nil {
		return alerts.Receipt{}, err
	}
	e := s.event(&d)
	e.RoutingKey = key
	call := alerts.Call{URL: s.config.URL, Secrets: []string{key}, File: s.config.RoutingKeyFile, Renew: renew}
	if err := call.Content(e); err != nil {
		return alerts.Receipt{}, err
	}
	answer, err := call.Do(ctx, s.client)
	if rejected := (*alerts.Rejected)(nil); errors.As(err, &rejected) && strings.Contains(string(answer.Body), "routing_key") {
		err = &alerts.Refused{File: s.config.RoutingKeyFile, Renew: renew, Err: rejected.Err}
	}
	return alerts.Receipt{Place: "PagerDuty", Ref: e.DedupKey}, err
}

// Lengths that the API takes.
const (
	maxSummary = 1000
	maxKey     = 255
)

func (s *sink) event(d *alerts.Delivery) event {
	e := event{Action: "trigger", DedupKey: wording.Line("earshot/"+s.team+"/"+d.Alert.Case, maxKey), Client: "earshot"}
	if d.Over() {
		e.Action = "resolve" // PagerDuty takes no words with it
		return e
	}
	v := s.words.View(&d.Alert, d.Test)
	severity := s.config.Severity[d.Alert.Urgency]
	if severity == "" {
		severity = severityOf(d.Alert.Urgency)
	}
	if severity == "" {
		severity = "warning"
	}
	e.Payload = &payload{
		Summary: wording.Line(s.words.Title(v), maxSummary), Source: s.config.Source, Severity: severity,
		Timestamp: d.Alert.At.UTC().Format(time.RFC3339), Component: v.Brand, Group: s.team, Class: string(d.Alert.Kind),
		Details: map[string]string{"alert": wording.Line(d.Alert.ID, maxKey), "text": v.Quote},
	}
	for _, f := range v.Facts {
		e.Payload.Details[f.Name] = f.Value
	}
	if v.URL != "" {
		e.Links = append(e.Links, link{v.URL, s.words.Word("open")})
	}
	for _, l := range v.Sources {
		e.Links = append(e.Links, link{l.URL, l.Name})
	}
	return e
}
