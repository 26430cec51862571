// Package webhook hears whoever POSTs JSON to the inbox and can prove who it is:
// by Standard Webhooks, by an HMAC as GitHub's, or by a token. What it accepts is
// durable before the sender is told so. The address and the body's size are the
// business of the inbox, in listeners; how JSON becomes mentions is in
// listeners/mapping.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mapping"
	"earshot/listeners/seen"
)

// Driver is the webhook kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: defaults(), Open: open}
}

// maxItems is how many items a delivery may hold: it is stored in one piece, with
// others that arrive at the same time.
const maxItems = 500

func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := defaults()
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	problems := config.check()
	m, bad := mapping.New(config.Mapping, config.Network)
	for _, p := range bad {
		p.Path = "mapping." + p.Path
		problems = append(problems, p)
	}
	if problems.Fatal() {
		return nil, problems
	}
	s := &source{listener: setup.Name, config: config, mapping: m, inbox: setup.Inbox, log: setup.Log}
	parts := []listeners.Part{{Name: "inbox", Source: s}}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

// source hears what is delivered to one listener.
type source struct {
	listener string
	config   Config
	mapping  *mapping.Mapping
	inbox    *listeners.Inbox
	log      *zap.Logger
}

// Listen receives deliveries until ctx ends or emit fails.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v, err := newVerifier(&s.config)
	if err != nil {
		return err
	}
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, deliveries of before are not recognised", zap.NamedError("err", err))
	}
	r := &reader{source: s, verifier: v, state: st}
	if at := s.inbox.URL(s.listener); at != "" {
		listeners.Report(ctx, listeners.Outlook{Note: "delivered to " + at})
	}
	return s.inbox.Receive(ctx, listeners.Receiver{Listener: s.listener, MaxBody: s.config.MaxBody, Read: r.read}, emit)
}

// reader reads the deliveries of one Listen, one at a time.
type reader struct {
	*source
	verifier *verifier
	state    *state
}

// read turns a delivery into what it says and what its sender is told.
func (r *reader) read(d listeners.Delivery) (listeners.Batch, listeners.Answer) {
	if d.Method != http.MethodPost {
		return refuse(http.StatusMethodNotAllowed, errors.New("deliveries are POSTed"))
	}
	id, err := r.verifier.verify(&d)
	if err != nil {
		return refuse(http.StatusUnauthorized, err)
	}
	if r.state.knows(id) {
		return listeners.Batch{}, listeners.Answer{Status: http.StatusOK, Body: "known already"}
	}
	doc, err := mapping.Parse(d.Body, mapping.Request{Header: d.Header, Path: d.Path, Query: d.Query, Base: nil})
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, hinted(err, &d))
	}
	items, total, err := r.mapping.Read(doc)
	switch {
	case err != nil:
		return refuse(http.StatusUnprocessableEntity, err)
	case total > maxItems:
		return refuse(http.StatusRequestEntityTooLarge, fmt.Errorf("there are %d items, more than %d: send fewer at a time", total, maxItems))
	}
	batch, report := r.sort(items, total)
	if report.Accepted+report.Known+report.Skipped == 0 && len(report.Refused) > 0 {
		return refuse(http.StatusUnprocessableEntity, errors.New(report.Refused[0].Reason))
	}
	r.state.remember(id)
	if batch.Next, err = r.state.cursor(); err != nil {
		return refuse(http.StatusInternalServerError, err)
	}
	body, err := json.Marshal(report)
	if err != nil {
		return refuse(http.StatusInternalServerError, err)
	}
	return batch, listeners.Answer{Status: http.StatusOK, Type: "application/json", Body: string(body)}
}

// hinted adds what senders often get wrong.
func hinted(err error, d *listeners.Delivery) error {
	if kind := d.Header.Get("Content-Type"); kind == "application/x-www-form-urlencoded" || isForm(d.Body) {
		return fmt.Errorf("%w: it is a form (have the sender use application/json)", err)
	}
	return err
}

func isForm(body []byte) bool {
	values, err := url.ParseQuery(string(body[:min(len(body), 16)]))
	return err == nil && values.Has("payload")
}

func refuse(status int, err error) (listeners.Batch, listeners.Answer) {
	return listeners.Batch{}, listeners.Answer{Status: status, Body: err.Error()}
}

// report is what a sender is told of a delivery that is durable.
type report struct {
	Accepted int       `json:"accepted"`
	Known    int       `json:"known,omitempty"`   // the same as before
	Skipped  int       `json:"skipped,omitempty"` // by the mapping
	Refused  []refused `json:"refused,omitempty"` // kept as dead letters
}

type refused struct {
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason"`
}

// sort tells new and edited posts from known ones, and from what cannot be one.
func (r *reader) sort(items []mapping.Item, total int) (listeners.Batch, report) {
	var batch listeners.Batch
	rep := report{Skipped: total - len(items)}
	var heard []seen.Item
	here := map[uint64]uint32{} // what was said earlier in the same delivery
	for i := range items {
		item := &items[i]
		if item.Reason != "" {
			batch.Dead = append(batch.Dead, earshot.DeadLetter{Reason: item.Reason, Body: item.Body})
			rep.Refused = append(rep.Refused, refused{item.Native, item.Reason})
			continue
		}
		m := &item.Mention
		now := seen.Item{Key: seen.KeyOf(m.ID), Content: seen.ContentOf(m)}
		said, known := here[now.Key]
		if !known {
			said, known = r.state.Posts.Said(now.Key)
		}
		heard, here[now.Key] = append(heard, now), now.Content
		switch {
		case known && said == now.Content:
			rep.Known++
			continue
		case known && m.Change != earshot.Deleted:
			m.Change = earshot.Edited
		}
		rep.Accepted++
		batch.Mentions = append(batch.Mentions, *m)
	}
	if rep.Accepted+rep.Known+rep.Skipped > 0 {
		for i := range heard {
			heard[i].Content = here[heard[i].Key] // the last word
		}
		r.state.Posts = r.state.Posts.With(heard)
	}
	return batch, rep
}
