package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"earshot"
	"earshot/bus"
)

// maxHistory is how many events of a case are rewritten; older ones are erased.
const maxHistory = 800

// rewrite leaves the history of cases as it is, without the mentions: who did what
// and when, and how often the team was told, which no alert may repeat.
func (f *forgetting) rewrite(ctx context.Context, dirty []bus.Copy) error {
	type caseOf struct{ team, id string }
	done := map[caseOf]bool{}
	for _, c := range dirty {
		words := c.Tokens()
		of := caseOf{words[0], words[1]}
		if done[of] {
			continue
		}
		done[of] = true
		var err error
		for tries := 0; tries == 0 || errors.Is(err, earshot.ErrConflict) && tries < maxRounds; tries++ {
			err = f.rewriteCase(ctx, of.team, of.id)
		}
		if err != nil {
			return fmt.Errorf("rewriting case %s of %s: %w", of.id, of.team, err)
		}
	}
	return nil
}

// history is the events of a case from the first that names a mention on.
type history struct {
	events    []bus.Copy
	there     map[uint64]bool // sequences of events
	rewritten map[uint64]bool // events that stand there anew, by an attempt that was interrupted
	telling   uint64          // the last event with an alert: the engine passes over others
}

// isCopy reports whether an event stands for one that is still there.
func (h *history) isCopy(c bus.Copy) bool { return h.there[c.Rewrites] }

func (f *forgetting) history(ctx context.Context, team, id string) (*history, error) {
	h := &history{there: map[uint64]bool{}, rewritten: map[uint64]bool{}}
	err := f.client.Walk(ctx, bus.InCases.OfCase(team, id), func(c bus.Copy) error {
		var e earshot.CaseEvent
		if err := json.Unmarshal(c.Body, &e); err != nil {
			return err
		}
		if e.Alert != nil {
			h.telling = c.Sequence
		}
		if len(h.events) == 0 && !f.search.isIn(&e) {
			return nil
		}
		h.there[c.Sequence] = true
		if h.isCopy(c) {
			h.rewritten[c.Rewrites] = true
		}
		h.events = append(h.events, c)
		return nil
	})
	return h, err
}

// rewriteCase puts copies of the events from the first that names a mention on,
// without it, behind the last, and erases what they stand for, the last one first:
// wherever it is interrupted, what is left of the old events is their beginning,
// and what has no old event any more may be put behind all others.
func (f *forgetting) rewriteCase(ctx context.Context, team, id string) error {
	h, err := f.history(ctx, team, id)
	if err != nil || len(h.events) == 0 {
		return err
	}
	if err := f.awaitTold(ctx, h.telling); err != nil {
		return err
	}
	if ancient := len(h.events) - maxHistory; ancient > 0 {
		if err := f.eraseAll(ctx, h.events[:ancient]); err != nil {
			return err
		}
		h.events = h.events[ancient:]
	}
	if err := f.copyEvents(ctx, h); err != nil {
		return err
	}
	for _, c := range slices.Backward(h.events) {
		if h.isCopy(c) {
			continue
		}
		if err := f.client.Erase(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (f *forgetting) copyEvents(ctx context.Context, h *history) error {
	var events []earshot.CaseEvent
	var of []uint64
	for _, c := range h.events {
		if h.isCopy(c) || h.rewritten[c.Sequence] {
			continue
		}
		var e earshot.CaseEvent
		if err := json.Unmarshal(c.Body, &e); err != nil {
			return err
		}
		events, of = append(events, f.without(e)), append(of, c.Sequence)
	}
	if len(events) == 0 {
		return nil
	}
	return f.client.Rewrite(ctx, events, of, h.events[len(h.events)-1].Sequence)
}

// without is an event that names none of the mentions, nor the alert that it once
// asked for, lest that be told again.
func (f *forgetting) without(e earshot.CaseEvent) earshot.CaseEvent {
	s := f.search
	e.Alert = nil
	if s.ids[e.Mention] {
		e.Mention, e.Seat = "", nil
	}
	if e.Seat != nil && e.Seat.Member != nil && s.keys[e.Seat.Member.Mention] != "" {
		e.Seat = nil
	}
	e.More = slices.DeleteFunc(slices.Clone(e.More), func(j earshot.Joined) bool { return s.ids[j.Mention] })
	if s.ids[e.Case.Opening] {
		e.Case.Opening = ""
	}
	if s.keysOf[e.Case.Customer] {
		e.Case.Customer = ""
	}
	e.Case.Also = slices.DeleteFunc(slices.Clone(e.Case.Also), func(author string) bool { return s.keysOf[author] })
	var members []earshot.Member
	for _, m := range e.Case.Members {
		if s.keys[m.Mention] == "" {
			members = append(members, m)
		}
	}
	e.Case.Members = members
	return e
}
