package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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

// rewriteCase puts copies of the events from the first that names a mention on,
// without it, behind the last, and erases what they stand for.
func (f *forgetting) rewriteCase(ctx context.Context, team, id string) error {
	var history []bus.Copy
	first, there, rewritten := -1, map[uint64]bool{}, map[uint64]bool{}
	err := f.client.Walk(ctx, bus.InCases.OfCase(team, id), func(c bus.Copy) error {
		if first < 0 && f.search.namesMention(c) {
			first = len(history)
		}
		there[c.Sequence] = true
		if there[c.Rewrites] {
			rewritten[c.Rewrites] = true // by an attempt that was interrupted
		}
		history = append(history, c)
		return nil
	})
	if err != nil || first < 0 {
		return err
	}
	history = history[first:]
	last := history[len(history)-1].Sequence
	if err := f.awaitTold(ctx, last); err != nil {
		return err
	}
	var events []earshot.CaseEvent
	var of []uint64
	for _, c := range history[max(0, len(history)-maxHistory):] {
		if there[c.Rewrites] || rewritten[c.Sequence] {
			continue
		}
		var e earshot.CaseEvent
		if err := json.Unmarshal(c.Body, &e); err != nil {
			return err
		}
		events, of = append(events, f.without(e)), append(of, c.Sequence)
	}
	if len(events) > 0 {
		if err := f.client.Rewrite(ctx, events, of, last); err != nil {
			return err
		}
	}
	for _, c := range history {
		if there[c.Rewrites] {
			continue
		}
		if err := f.client.Erase(ctx, c); err != nil {
			return err
		}
	}
	return nil
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
	if s.ids[e.Case.Opening] {
		e.Case.Opening = ""
	}
	var members []earshot.Member
	for _, m := range e.Case.Members {
		if s.keys[m.Mention] == "" {
			members = append(members, m)
		}
	}
	e.Case.Members = members
	return e
}
