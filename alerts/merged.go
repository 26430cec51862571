package alerts

import (
	"context"
	"slices"
	"time"

	"earshot"
)

// maxMerges bounds how often a case that was merged is followed.
const maxMerges = 8

// whole is where a case has gone that became part of another one: what happens to
// it happens there. Any other case is whole by itself.
func (b *batch) whole(ctx context.Context, c *open, id string) (*open, string, error) {
	for range maxMerges {
		if c.Merged == "" {
			break
		}
		next, err := b.open(ctx, c.Team, c.Merged)
		if err != nil {
			return nil, "", err
		}
		c, id = next, c.Merged
	}
	return c, id, nil
}

// parts has the cases between a seat and the whole count what became of a mention.
// Nobody works on them, but they stand alone again once the merge is undone.
func (b *batch) parts(ctx context.Context, c *open, step Step, seat earshot.Seat) error {
	for range maxMerges {
		if c.Merged == "" {
			return nil
		}
		step.Case, step.Before = c.ID, &c.Case
		if event, news := Part(step, b.settings.bands, b.now); news && c.Through < step.Cause {
			event.Seat = &seat
			b.add(c, event)
		}
		next, err := b.open(ctx, c.Team, c.Merged)
		if err != nil {
			return err
		}
		c = next
	}
	return nil
}

// Part is what becomes of a case that is part of another one: it counts, and
// nobody is told. It is pure, and returns false when nothing changes.
func Part(s Step, bands earshot.Bands, now time.Time) (earshot.CaseEvent, bool) {
	if s.Same || s.Was == nil && s.Is == nil {
		return earshot.CaseEvent{}, false
	}
	s.speaks()
	c := *s.Before
	s.count(&c, bands)
	if s.own && s.Was == nil && s.Is != nil && !s.thanks {
		c.Spoke = heard(s.Mention, now)
	}
	event := Edited
	switch {
	case s.Is == nil:
		event = Withdrawn
	case s.Was == nil:
		event = Grown
	}
	return earshot.CaseEvent{Event: event, By: earshot.Daemon, At: now, Cause: s.Cause, Mention: s.Mention.ID, Case: c}, true
}

// isCustomers reports whether a case is the matter of somebody who can be answered.
func isCustomers(c *earshot.Case) bool { return c.Customer != "" || len(c.Also) > 0 }

// isOf reports whether an author is one of those whose matter a case is.
func isOf(c *earshot.Case, author string) bool {
	return author != "" && (c.Customer == author || slices.Contains(c.Also, author))
}
