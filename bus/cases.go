package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"earshot"
)

// Case returns the last event of a case, or earshot.ErrNotFound.
func (b *Bus) Case(ctx context.Context, team, id string) (earshot.CaseEvent, error) {
	if err := tokens(team, id); err != nil {
		return earshot.CaseEvent{}, fmt.Errorf("reading case: %w", err)
	}
	r, err := b.link.last(ctx, streamCases, caseSubject(team, id))
	if err != nil {
		return earshot.CaseEvent{}, fmt.Errorf("reading case %s of %s: %w", id, team, err)
	}
	return readCaseEvent(r)
}

func readCaseEvent(r record) (earshot.CaseEvent, error) {
	var e earshot.CaseEvent
	if err := json.Unmarshal(r.data, &e); err != nil {
		return e, fmt.Errorf("reading a case event: %w", err)
	}
	e.Sequence = r.sequence
	return e, nil
}

// Membership returns the cases that a mention, named by its key, is or was in for
// a brand, or earshot.ErrNotFound.
func (b *Bus) Membership(ctx context.Context, brand, mention string) (earshot.Membership, error) {
	var m earshot.Membership
	if err := tokens(brand, mention); err != nil {
		return m, fmt.Errorf("reading membership: %w", err)
	}
	r, err := b.link.last(ctx, streamAlerts, membershipSubject(brand, mention))
	if err == nil {
		m, err = readMembership(r)
	}
	if err != nil {
		return m, fmt.Errorf("reading membership of %s: %w", mention, err)
	}
	return m, nil
}

// LastOf returns the last events of those of these cases of a team that exist, in
// any order.
func (b *Bus) LastOf(ctx context.Context, team string, ids []string) ([]earshot.CaseEvent, error) {
	subjects, err := subjectsOf(caseSubject, team, ids)
	if err != nil {
		return nil, fmt.Errorf("reading cases: %w", err)
	}
	found, err := b.link.lastOf(ctx, streamCases, subjects)
	if err != nil {
		return nil, fmt.Errorf("reading cases of %s: %w", team, err)
	}
	events := make([]earshot.CaseEvent, 0, len(found))
	for _, r := range found {
		e, err := readCaseEvent(r)
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	return events, nil
}

// Memberships returns the memberships of those of these mentions of a brand, named
// by their keys, that have one, in any order.
func (b *Bus) Memberships(ctx context.Context, brand string, mentions []string) ([]earshot.Membership, error) {
	subjects, err := subjectsOf(membershipSubject, brand, mentions)
	if err != nil {
		return nil, fmt.Errorf("reading memberships: %w", err)
	}
	found, err := b.link.lastOf(ctx, streamAlerts, subjects)
	if err != nil {
		return nil, fmt.Errorf("reading memberships of %s: %w", brand, err)
	}
	list := make([]earshot.Membership, 0, len(found))
	for _, r := range found {
		m, err := readMembership(r)
		if err != nil {
			return nil, fmt.Errorf("reading memberships of %s: %w", brand, err)
		}
		list = append(list, m)
	}
	return list, nil
}

// subjectsOf are the subjects of things below one name.
func subjectsOf(subject func(above, name string) string, above string, names []string) ([]string, error) {
	if err := tokens(append([]string{above}, names...)...); err != nil {
		return nil, err
	}
	subjects := make([]string, len(names))
	for i, name := range names {
		subjects[i] = subject(above, name)
	}
	return subjects, nil
}

// Append stores events, all or none, and returns their sequences. The first event
// of each case names in Sequence the event before it, 0 for none; ErrConflict says
// that somebody else was faster with one of them.
func (b *Bus) Append(ctx context.Context, events []earshot.CaseEvent) ([]uint64, error) {
	if len(events) == 0 {
		return nil, nil
	}
	if len(events) > maxMentions {
		return nil, fmt.Errorf("appending %d case events: at most %d go together", len(events), maxMentions)
	}
	id := rand.Text()
	var fences []fence
	build := func() ([]*nats.Msg, error) {
		fences = fences[:0]
		return caseMessages(id, events, &fences)
	}
	first, err := b.fenced(ctx, streamCases, id, build, &fences)
	if err != nil {
		return nil, fmt.Errorf("appending to cases: %w", err)
	}
	sequences := make([]uint64, len(events))
	for i := range sequences {
		sequences[i] = first + uint64(i)
	}
	return sequences, nil
}

func caseMessages(id string, events []earshot.CaseEvent, fences *[]fence) ([]*nats.Msg, error) {
	msgs := make([]*nats.Msg, len(events))
	begun := make(map[string]bool, len(events))
	for i, e := range events {
		if err := tokens(e.Case.Team, e.Case.ID); err != nil {
			return nil, err
		}
		subject := caseSubject(e.Case.Team, e.Case.ID)
		m, err := message(subject, event{
			id: fmt.Sprintf("%s.%d", id, i), kind: "case." + e.Event, source: "alerts", schema: "case", at: e.At,
		}, e)
		if err != nil {
			return nil, err
		}
		// The server checks only the first message of a subject in a batch; those
		// after it follow by the batch's own order.
		if !begun[subject] {
			begun[subject] = true
			expect(m, e.Sequence)
			*fences = append(*fences, fence{subject, e.Sequence})
		}
		msgs[i] = m
	}
	return msgs, nil
}

// fence is a subject and the sequence of the message that must be its last.
type fence struct {
	subject string
	after   uint64
}

// fenced stores the messages that build makes, in one transaction behind its
// fences, and returns the sequence of the first. When the answer is lost it
// finds out by the first message behind a fence whether the batch was stored.
func (b *Bus) fenced(ctx context.Context, stream, id string, build func() ([]*nats.Msg, error), fences *[]fence) (uint64, error) {
	if err := b.lastRoom(); err != nil {
		return 0, err
	}
	first, err := b.storeFenced(ctx, stream, id, build, fences)
	b.noteShort(shortOf(stream), err)
	return first, err
}

func (b *Bus) storeFenced(ctx context.Context, stream, id string, build func() ([]*nats.Msg, error), fences *[]fence) (uint64, error) {
	wait := firstPause
	for attempt := 0; ; attempt++ {
		msgs, err := build()
		if err != nil {
			return 0, err
		}
		if err := b.checkSizes(msgs); err != nil {
			return 0, err
		}
		last, err := b.publish(ctx, id, attempt, msgs)
		if err == nil {
			return last + 1 - uint64(len(msgs)), nil
		}
		if !errors.Is(err, earshot.ErrConflict) && !errors.Is(err, errAway) {
			return 0, err
		}
		b.stillTrying(attempt, err)
		if attempt > 0 || errors.Is(err, errAway) {
			if b.link.pause(ctx, wait) != nil {
				return 0, fmt.Errorf("%w (%w)", ctx.Err(), err)
			}
			wait = min(2*wait, maxPause)
		}
		first, stored, err := b.behind(ctx, stream, id, *fences)
		if err != nil || stored {
			return first, err
		}
	}
}

// behind looks for messages behind the fences: ours mean that the batch is
// stored, others that somebody was faster.
func (b *Bus) behind(ctx context.Context, stream, id string, fences []fence) (first uint64, stored bool, err error) {
	for _, f := range fences {
		r, err := b.link.next(ctx, stream, f.subject, f.after+1)
		if errors.Is(err, earshot.ErrNotFound) {
			continue
		}
		if err != nil {
			return 0, false, err
		}
		if writer, place := batchOf(r.header); writer == id {
			return r.sequence - place, true, nil
		}
		return 0, false, fmt.Errorf("%w: %s is at %d, expected %d", earshot.ErrConflict, f.subject, r.sequence, f.after)
	}
	return 0, false, nil
}

// maxBody is the largest body of a message, headers set aside.
func (b *Bus) maxBody() int { return int(b.link.nc.MaxPayload()) - 4096 }

func (b *Bus) checkSizes(msgs []*nats.Msg) error {
	for _, m := range msgs {
		if limit := b.maxBody(); len(m.Data) > limit {
			return fmt.Errorf("message on %s takes %d bytes, more than the %d of a message", m.Subject, len(m.Data), limit)
		}
	}
	return nil
}
