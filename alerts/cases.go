package alerts

import (
	"context"
	"errors"
	"fmt"

	"earshot"
)

type caseKey struct{ team, id string }

type seatKey struct{ brand, mention string }

// durable is a case as the log has it.
type durable struct {
	earshot.Case
	sequence uint64 // of its last event
}

// open is a case within a batch: as it will be once the batch is written.
type open struct {
	durable
	exists  bool
	fresh   bool                // no event of this batch yet
	untold  []earshot.CaseEvent // stored before a crash whose alerts may not have been published, oldest first
	changed bool
}

// open returns a case, from the log if need be. Alerts that were stored up to
// the mention at hand and perhaps never published are put into the batch as they
// are.
func (b *batch) open(ctx context.Context, team, id string, s *earshot.Stored) (*open, error) {
	key := caseKey{team, id}
	c := b.cases[key]
	if c == nil {
		var err error
		if c, err = b.load(ctx, key, s.Brand); err != nil {
			return nil, err
		}
		b.cases[key] = c
	}
	for len(c.untold) > 0 && c.untold[0].Cause <= s.Sequence {
		event := c.untold[0]
		c.untold = c.untold[1:]
		b.decided = b.decided || event.Cause == s.Sequence
		if event.Alert != nil {
			b.alerts = append(b.alerts, *event.Alert)
		}
	}
	return c, nil
}

func (b *batch) load(ctx context.Context, key caseKey, brand string) (*open, error) {
	if known, ok := b.engine.cases.Get(key); ok {
		return &open{durable: known, exists: true, fresh: true}, nil
	}
	last, err := b.engine.log.Case(ctx, key.team, key.id)
	switch {
	case errors.Is(err, earshot.ErrNotFound):
		return &open{fresh: true}, nil
	case err != nil:
		return nil, fmt.Errorf("reading case %s of team %s: %w", key.id, key.team, err)
	}
	c := &open{durable: durable{last.Case, last.Sequence}, exists: true, fresh: true}
	told := b.engine.brands[brand].durable
	if last.Case.Through <= told {
		return c, nil
	}
	past, err := b.engine.log.History(ctx, key.team, key.id)
	if err != nil {
		return nil, fmt.Errorf("reading the history of case %s of team %s: %w", key.id, key.team, err)
	}
	for _, event := range past {
		if event.Cause > told {
			c.untold = append(c.untold, event)
		}
	}
	return c, nil
}

// membership returns the cases a mention is or was in.
func (b *batch) membership(ctx context.Context, brand, mention string) (earshot.Membership, error) {
	key := seatKey{brand, mention}
	if i, ok := b.moved[key]; ok {
		return b.memberships[i], nil
	}
	if known, ok := b.engine.seats.Get(key); ok {
		return known, nil
	}
	found, err := b.engine.log.Membership(ctx, brand, mention)
	switch {
	case errors.Is(err, earshot.ErrNotFound):
		return earshot.Membership{Brand: brand, Mention: mention}, nil
	case err != nil:
		return found, fmt.Errorf("reading the cases of mention %s: %w", mention, err)
	}
	b.engine.seats.Add(key, found)
	return found, nil
}
