package bus

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"earshot"
)

// InHeld is where the copies lie that legal holds keep.
var InHeld = Place{streamCases, "earshot.held.>"}

// heldSubject is below what a legal hold of a case keeps. Its own message is the
// case as it was last held.
func heldSubject(team, id string) string { return "earshot.held." + team + "." + id }

// Kept is a copy of a message that a legal hold keeps.
type Kept struct {
	Subject  string          `json:"subject"`  // of what it is a copy
	Sequence uint64          `json:"sequence"` // and where it lay
	At       time.Time       `json:"at"`       // when it was copied
	Body     json.RawMessage `json:"body"`
}

// Keep copies the events of a case under legal hold, and the mentions that they
// name as they are stored now, to where nothing is deleted by age. What it has
// copied before it leaves as it is: it may be called again and again.
func (b *Bus) Keep(ctx context.Context, c *earshot.Case) error {
	if err := tokens(c.Team, c.ID, c.Brand); err != nil {
		return fmt.Errorf("keeping a case: %w", err)
	}
	have, err := b.link.keptOf(ctx, c.Team, c.ID)
	if err == nil {
		err = b.putHeld(ctx, c)
	}
	keys := make(map[string]bool, len(c.Members))
	for _, m := range c.Members {
		keys[m.Mention] = true
	}
	if err == nil {
		err = b.link.walk(ctx, streamCases, caseSubject(c.Team, c.ID), ^uint64(0), func(r record) error {
			var e struct{ Mention string }
			if json.Unmarshal(r.data, &e) == nil && e.Mention != "" {
				keys[earshot.Key(e.Mention)] = true
			}
			return b.keep(ctx, c, have, "event", r)
		})
	}
	if err == nil {
		err = b.keepMentions(ctx, c, have, keys)
	}
	if err != nil {
		return fmt.Errorf("keeping case %s of %s: %w", c.ID, c.Team, err)
	}
	return nil
}

func (b *Bus) keepMentions(ctx context.Context, c *earshot.Case, have map[string]bool, keys map[string]bool) error {
	var filters []string
	for key := range keys {
		filters = append(filters, "earshot.mentions."+c.Brand+".*."+key, "earshot.private."+c.Brand+".*."+key)
	}
	found, err := b.link.lastOf(ctx, streamMentions, filters)
	if err != nil {
		return err
	}
	for _, r := range found {
		if r.header.Get(headerWithdrawn) != "" {
			continue
		}
		if err := b.keep(ctx, c, have, "mention", r); err != nil {
			return err
		}
	}
	return nil
}

// keptOf returns the subjects of what is kept of a case.
func (l *link) keptOf(ctx context.Context, team, id string) (map[string]bool, error) {
	have := map[string]bool{}
	err := l.each(ctx, streamCases, get{Next: heldSubject(team, id) + ".>", Sequence: 1}, func(r record) error {
		have[r.subject] = true
		return nil
	})
	return have, err
}

// keep stores one copy, unless it is there.
func (b *Bus) keep(ctx context.Context, c *earshot.Case, have map[string]bool, what string, r record) error {
	subject := heldSubject(c.Team, c.ID) + "." + what + "." + strconv.FormatUint(r.sequence, 10)
	if have[subject] {
		return nil
	}
	now := time.Now().UTC()
	m, err := message(subject, event{id: subject, kind: "held", source: "casework", schema: "held", at: now},
		Kept{Subject: r.subject, Sequence: r.sequence, At: now, Body: r.data})
	if err != nil {
		return err
	}
	return b.storeHeld(ctx, forever(expect(m, 0)))
}

// putHeld stores the case as it is held now.
func (b *Bus) putHeld(ctx context.Context, c *earshot.Case) error {
	subject := heldSubject(c.Team, c.ID)
	m, err := message(subject, event{id: subject + "." + rand.Text(), kind: "held", source: "casework", schema: "held", at: time.Now()}, c)
	if err != nil {
		return err
	}
	last, err := b.link.last(ctx, streamCases, subject)
	switch {
	case err == nil && bytes.Equal(last.data, m.Data):
		return nil
	case err != nil && !errors.Is(err, earshot.ErrNotFound):
		return err
	}
	if err := b.storeHeld(ctx, forever(m)); err != nil {
		return err
	}
	if last, err = b.link.last(ctx, streamCases, subject); err != nil {
		return err
	}
	return b.link.eraseBefore(ctx, streamCases, subject, last.sequence)
}

// storeHeld stores a message that may be there already.
func (b *Bus) storeHeld(ctx context.Context, m *nats.Msg) error {
	err := b.link.retry(ctx, func() error {
		_, err := b.publish(ctx, "held-"+rand.Text(), 0, []*nats.Msg{m})
		return err
	})
	if errors.Is(err, earshot.ErrConflict) {
		return nil // another daemon has kept it
	}
	return err
}

// Unkeep erases what a legal hold of a case has kept.
func (b *Bus) Unkeep(ctx context.Context, team, id string) error {
	if err := tokens(team, id); err != nil {
		return fmt.Errorf("ending a legal hold: %w", err)
	}
	// The case itself goes last: as long as it is there, somebody comes back.
	for _, subject := range []string{heldSubject(team, id) + ".>", heldSubject(team, id)} {
		if err := b.link.eraseAll(ctx, streamCases, subject); err != nil {
			return fmt.Errorf("ending the legal hold of case %s of %s: %w", id, team, err)
		}
	}
	return nil
}

// HeldCases returns the cases that a legal hold keeps, as they were last held.
func (b *Bus) HeldCases(ctx context.Context) ([]earshot.Case, error) {
	var cases []earshot.Case
	err := b.link.each(ctx, streamCases, get{Next: heldSubject("*", "*"), Sequence: 1}, func(r record) error {
		var c earshot.Case
		if err := json.Unmarshal(r.data, &c); err != nil {
			return fmt.Errorf("reading %s: %w", strings.TrimPrefix(r.subject, "earshot."), err)
		}
		cases = append(cases, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what legal holds keep: %w", err)
	}
	return cases, nil
}
