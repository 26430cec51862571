// Package alertmanager hands alerts to Prometheus Alertmanager by its API v2, which
// groups, silences and routes them further. The labels of a case are those of its last
// alert: those that changed are resolved, and so is all of it when it is over.
package alertmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
)

// Config is a sink of this kind.
type Config struct {
	URL          string            `yaml:"url" jsonschema:"description=Address of Alertmanager without /api,required,example=http://localhost:9093"`
	User         string            `yaml:"user" jsonschema:"description=Login for basic authentication"`
	PasswordFile string            `yaml:"password_file" jsonschema:"description=File with the password of user"`
	TokenFile    string            `yaml:"token_file" jsonschema:"description=File with a token that is sent as Authorization: Bearer"`
	Labels       map[string]string `yaml:"labels" jsonschema:"description=Labels that every alert gets besides its own"`
	Lasts        time.Duration     `yaml:"lasts" jsonschema:"description=How long an alert fires unless it is over before"`
}

func defaults() Config { return Config{Lasts: 24 * time.Hour} }

// Driver is the alertmanager kind of sink.
func Driver() alerts.SinkDriver { return alerts.SinkDriver{Config: defaults(), Open: open} }

const renew = "ask whoever runs Alertmanager for another"

func open(setup alerts.SinkSetup) (alerts.Sink, error) {
	config, err := alerts.Configured(setup, defaults(), (*Config).check)
	if err != nil {
		return nil, err
	}
	return &sink{config: config, client: setup.Client, words: setup.Words}, nil
}

func (c *Config) check() earshot.Problems {
	problems := alerts.NotAddress("url", c.URL, "such as http://localhost:9093")
	report := func(path, what, hint string) {
		problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
	}
	if (c.User == "") != (c.PasswordFile == "") {
		report("password_file", "user and password_file belong together", "give both, or neither")
	}
	if c.User != "" && c.TokenFile != "" {
		report("token_file", "there are two credentials", "give user and password_file, or token_file")
	}
	if c.Lasts < time.Minute {
		report("lasts", "an alert of less than a minute is over before it is told", "such as 24h")
	}
	for name := range c.Labels {
		if !labelName(name) {
			report("labels", fmt.Sprintf("%q cannot be a label's name", name), "letters, digits and _, no digit first")
		}
	}
	return problems
}

func labelName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

type sink struct {
	config Config
	client *http.Client
	words  *wording.Wording
}

// postable is what the API takes: PostableAlert of
// https://github.com/prometheus/alertmanager/blob/v0.28.1/api/v2/openapi.yaml
type postable struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	EndsAt      time.Time         `json:"endsAt"`
	Generator   string            `json:"generatorURL,omitempty"`
}

// Deliver hands one alert over.
func (s *sink) Deliver(ctx context.Context, d alerts.Delivery) (alerts.Receipt, error) {
	now := time.Now().UTC()
	alert := s.alert(&d, now)
	all := []postable{alert}
	if old, ok := changed(d.Before, alert.Labels); ok {
		all = append(all, postable{Labels: old, Annotations: map[string]string{}, StartsAt: d.Before.At.UTC(), EndsAt: now})
	}
	ref, err := json.Marshal(alert.Labels)
	if err != nil {
		return alerts.Receipt{}, &alerts.Rejected{Err: err}
	}
	call, err := s.call()
	if err == nil {
		err = call.Content(all)
	}
	if err == nil {
		_, err = call.Do(ctx, s.client)
	}
	return alerts.Receipt{Place: "Alertmanager", Ref: string(ref)}, err
}

// changed returns the labels that the case had before, if they were others.
func changed(before *alerts.Before, labels map[string]string) (map[string]string, bool) {
	var old map[string]string
	if before == nil || json.Unmarshal([]byte(before.Ref), &old) != nil || len(old) == 0 {
		return nil, false
	}
	for name, value := range old {
		if labels[name] != value {
			return old, true
		}
	}
	return old, len(old) != len(labels)
}

func (s *sink) call() (alerts.Call, error) {
	call := alerts.Call{URL: strings.TrimSuffix(s.config.URL, "/") + "/api/v2/alerts", Renew: renew, File: s.config.TokenFile}
	switch {
	case s.config.TokenFile != "":
		token, err := alerts.Secret(s.config.TokenFile, renew)
		if err != nil {
			return call, err
		}
		call.Bearer(token)
	case s.config.User != "":
		call.File = s.config.PasswordFile
		password, err := alerts.Secret(s.config.PasswordFile, renew)
		if err != nil {
			return call, err
		}
		call.Basic(s.config.User, password)
	}
	return call, nil
}

// Lengths in runes.
const (
	maxLabel      = 200
	maxAnnotation = 2000
)

func (s *sink) alert(d *alerts.Delivery, now time.Time) postable {
	a, v := &d.Alert, s.words.View(&d.Alert, d.Test)
	p := postable{
		Labels:      map[string]string{},
		Annotations: map[string]string{"alert": wording.Line(a.ID, maxLabel), "summary": s.words.Title(v)},
		StartsAt:    a.At.UTC(), EndsAt: now.Add(s.config.Lasts), Generator: v.URL,
	}
	maps.Copy(p.Labels, s.config.Labels)
	for name, value := range map[string]string{
		"alertname": "Earshot", "team": a.Team, "brand": a.Brand, "kind": string(a.Kind), "topic": a.Topic,
		"urgency": string(a.Urgency), "case": a.Case,
	} {
		if value = wording.Line(value, maxLabel); value != "" {
			p.Labels[name] = value
		}
	}
	if d.Over() {
		p.EndsAt = now
		p.Generator = ""
		if p.StartsAt.After(now) {
			p.StartsAt = now
		}
		p.Annotations = map[string]string{"alert": wording.Line(a.ID, maxLabel)}
		return p
	}
	if v.Quote != "" {
		p.Annotations["description"] = v.Quote
	}
	for _, f := range v.Facts {
		p.Annotations[annotation(f.Name)] = wording.Line(f.Value, maxAnnotation)
	}
	return p
}

// annotation makes a name of words: letters, digits and _.
func annotation(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(name))
	return "about_" + name
}
