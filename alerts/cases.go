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
	changed bool // by this batch
	last    int  // index of its last event in the batch, once changed
}

// open returns a case, from the log if need be.
func (b *batch) open(ctx context.Context, team, id string) (*open, error) {
	key := caseKey{team, id}
	if c, ok := b.cases[key]; ok {
		return c, nil
	}
	if known, ok := b.engine.cases.Get(key); ok {
		b.cases[key] = &open{durable: known, exists: true}
		return b.cases[key], nil
	}
	last, err := b.engine.log.Case(ctx, team, id)
	switch {
	case errors.Is(err, earshot.ErrNotFound):
		b.cases[key] = &open{}
	case err != nil:
		return nil, fmt.Errorf("reading case %s of team %s: %w", id, team, err)
	default:
		if err := b.read(key, &last); err != nil {
			return nil, err
		}
	}
	return b.cases[key], nil
}

// read opens a case by its last event in the log.
func (b *batch) read(key caseKey, last *earshot.CaseEvent) error {
	if last.Sequence > b.engine.ledger.Cases && untold(last) {
		return fmt.Errorf("finding case %s changed by another daemon: %w", key.id, earshot.ErrConflict)
	}
	b.cases[key] = &open{durable: durable{last.Case, last.Sequence}, exists: true}
	return nil
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
		found = earshot.Membership{Brand: brand, Mention: mention}
	case err != nil:
		return found, fmt.Errorf("reading the cases of mention %s: %w", mention, err)
	}
	b.engine.seats.Add(key, found)
	return found, nil
}

// member is what a mention adds to a case.
func member(s *earshot.Stored, route earshot.Route) *earshot.Member {
	return &earshot.Member{
		Mention: s.Mention.Key(), Urgency: s.Verdict.Urgency, Reach: s.Mention.Author.Followers,
		Kind: route.Kind, Topic: route.Topic,
	}
}

func find(members []earshot.Member, mention string) *earshot.Member {
	for i := range members {
		if members[i].Mention == mention {
			return &members[i]
		}
	}
	return nil
}

// digest tells two versions of a mention apart when what its author says differs, or
// what the book makes of it. Counters and the time that passes change the urgency a
// little with every look at a post: it matters only when its band is another.
func digest(s *earshot.Stored) string {
	if s.Verdict == nil {
		return ""
	}
	m, v := &s.Mention, s.Verdict
	said := []string{m.Title, m.Text, m.Place}
	for _, media := range m.Media {
		said = append(said, media.Alt, media.Name) // addresses change by themselves on some networks
	}
	return earshot.Key(fmt.Sprintf("%q %q %d %q %q %v", said, m.Links, v.Sentiment, v.Topics, v.Labels, v.Routes))
}
