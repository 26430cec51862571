package alerts

import (
	"context"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"

	"earshot"
)

// maxKept is how many mentions a replay can show in a summary of old news, which
// is told of within half a minute.
const maxKept = 4096

// replayLog keeps what an engine that is never restarted asks for again: of each
// case its last event, of each mention its place. It is a Log for one goroutine.
type replayLog struct {
	told        func(earshot.Alert)
	cases       map[caseKey]earshot.CaseEvent
	memberships map[seatKey]earshot.Membership
	progress    map[string]earshot.Progress
	kept        *lru.Cache[seatKey, earshot.Stored]
	events      uint64 // sequence of the last one
	revision    uint64
}

func newReplayLog(told func(earshot.Alert)) *replayLog {
	kept, _ := lru.New[seatKey, earshot.Stored](maxKept) // the size is positive, which is all that New checks
	return &replayLog{
		told: told, kept: kept,
		cases: map[caseKey]earshot.CaseEvent{}, memberships: map[seatKey]earshot.Membership{}, progress: map[string]earshot.Progress{},
	}
}

func (l *replayLog) keep(s earshot.Stored) { l.kept.Add(seatKey{s.Brand, s.Mention.Key()}, s) }

// Case returns the last event of a case.
func (l *replayLog) Case(ctx context.Context, team, id string) (earshot.CaseEvent, error) {
	event, ok := l.cases[caseKey{team, id}]
	if !ok {
		return event, earshot.ErrNotFound
	}
	return event, ctx.Err()
}

// Events returns nothing: nobody else writes, and nothing crashes between a case
// and its alert.
func (l *replayLog) Events(ctx context.Context, _ uint64) ([]earshot.CaseEvent, error) {
	return nil, ctx.Err()
}

// Membership returns the cases that a mention is or was in.
func (l *replayLog) Membership(ctx context.Context, brand, mention string) (earshot.Membership, error) {
	m, ok := l.memberships[seatKey{brand, mention}]
	if !ok {
		return m, earshot.ErrNotFound
	}
	return m, ctx.Err()
}

// LastOf returns the last events of those of the cases that exist.
func (l *replayLog) LastOf(ctx context.Context, team string, ids []string) ([]earshot.CaseEvent, error) {
	var found []earshot.CaseEvent
	for _, id := range ids {
		if event, ok := l.cases[caseKey{team, id}]; ok {
			found = append(found, event)
		}
	}
	return found, ctx.Err()
}

// Memberships returns the cases of those of the mentions that have any.
func (l *replayLog) Memberships(ctx context.Context, brand string, mentions []string) ([]earshot.Membership, error) {
	var found []earshot.Membership
	for _, key := range mentions {
		if m, ok := l.memberships[seatKey{brand, key}]; ok {
			found = append(found, m)
		}
	}
	return found, ctx.Err()
}

// Mention returns one of the mentions heard last.
func (l *replayLog) Mention(ctx context.Context, brand, mention string) (earshot.Stored, error) {
	s, ok := l.kept.Peek(seatKey{brand, mention})
	if !ok {
		return s, earshot.ErrNotFound
	}
	return s, ctx.Err()
}

// Erase has nothing to do: no alert is kept, and of a mention its last version.
func (l *replayLog) Erase(ctx context.Context, _ earshot.Stored, _ []uint64) error { return ctx.Err() }

// Append takes over events.
func (l *replayLog) Append(ctx context.Context, events []earshot.CaseEvent) ([]uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sequences := make([]uint64, len(events))
	for i, event := range events {
		l.events++
		sequences[i], event.Sequence = l.events, l.events
		l.cases[caseKey{event.Case.Team, event.Case.ID}] = event
	}
	return sequences, nil
}

// Progress returns how far the alerts of a brand have come.
func (l *replayLog) Progress(ctx context.Context, brand string) (earshot.Progress, error) {
	return l.progress[brand], ctx.Err()
}

// Cases hands over nothing: an engine that is never restarted knows them all.
func (l *replayLog) Cases(ctx context.Context, _ func(earshot.CaseEvent) error) error {
	return ctx.Err()
}

// Records returns nothing, for the same reason.
func (l *replayLog) Records(ctx context.Context, _ string) ([]earshot.Record, error) {
	return nil, ctx.Err()
}

// Publish hands the alerts over and takes the rest.
func (l *replayLog) Publish(ctx context.Context, alerts []earshot.Alert, memberships []earshot.Membership, progress []earshot.Progress) ([]uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("telling teams: %w", err)
	}
	for i := range alerts {
		l.told(alerts[i])
		l.revision++
		l.quote(&alerts[i], memberships)
	}
	for _, m := range memberships {
		l.memberships[seatKey{m.Brand, m.Mention}] = m
	}
	revisions := make([]uint64, len(progress))
	for i, p := range progress {
		l.revision++
		p.Revision, revisions[i] = l.revision, l.revision
		p.Records = nil
		l.progress[p.Brand] = p
	}
	return revisions, nil
}

// quote notes in its membership that an alert quotes a mention.
func (l *replayLog) quote(a *earshot.Alert, memberships []earshot.Membership) {
	if a.Mention == nil {
		return
	}
	key := a.Mention.Key()
	for i := range memberships {
		if m := &memberships[i]; m.Brand == a.Brand && m.Mention == key {
			m.Quoted = append(m.Quoted, l.revision)
		}
	}
}
