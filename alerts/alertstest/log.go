// Package alertstest is the log of cases and alerts in memory, for tests of
// alerts and of what is built on it. It keeps every promise of alerts.Log, breaks
// down on request, and stores bytes as a real log does, so that nothing read from
// it is shared with who wrote it. It is no store to run with: bus is.
package alertstest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"earshot"
)

// Fault is what goes wrong with one call.
type Fault int

// The ways for a call to go wrong.
const (
	Fine     Fault = iota
	Refused        // it returns ErrFault and did nothing
	LostAck        // it did what it should and returns ErrFault
	Conflict       // it returns earshot.ErrConflict and did nothing
)

// ErrFault is what a call that went wrong returns.
var ErrFault = errors.New("the log broke down")

// Log is an alerts.Log in memory. The zero Log is empty and ready.
type Log struct {
	Break  func(call int, method string) Fault // asked at each call, from 1; nil for a log that works
	Stored *Mentions                           // what Mention finds; nil for nothing

	mu          sync.Mutex
	calls       int
	sequence    uint64 // of cases
	revision    uint64 // of alerts and progress
	cases       map[string][]event
	memberships map[string][]byte
	progress    map[string]fence
	records     map[string]map[string]earshot.Record // by brand and name
	alerts      [][]byte
	left        map[uint64][]byte // alerts that were not erased, by sequence
}

type event struct {
	sequence uint64
	body     []byte
}

type fence struct {
	revision uint64
	body     []byte
}

// Calls is how many calls there were.
func (l *Log) Calls() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// Alerts returns what was published, in order, though it was erased since.
func (l *Log) Alerts() []earshot.Alert {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]earshot.Alert, len(l.alerts))
	for i, body := range l.alerts {
		decode(body, &all[i])
	}
	return all
}

// Left returns the alerts that were not erased, in order.
func (l *Log) Left() []earshot.Alert {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []earshot.Alert
	for _, sequence := range slices.Sorted(maps.Keys(l.left)) {
		var a earshot.Alert
		decode(l.left[sequence], &a)
		all = append(all, a)
	}
	return all
}

// All returns every event of every case, in the order of the log.
func (l *Log) All() []earshot.CaseEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.after(0)
}

func (l *Log) after(sequence uint64) []earshot.CaseEvent {
	var found []earshot.CaseEvent
	for _, events := range l.cases {
		for _, e := range events {
			if e.sequence > sequence {
				found = append(found, e.event())
			}
		}
	}
	slices.SortFunc(found, func(a, b earshot.CaseEvent) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return found
}

// Case returns the last event of a case, or earshot.ErrNotFound.
func (l *Log) Case(ctx context.Context, team, id string) (earshot.CaseEvent, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.call(ctx, "read", func() {}); err != nil {
		return earshot.CaseEvent{}, err
	}
	stored := l.cases[team+"."+id]
	if len(stored) == 0 {
		return earshot.CaseEvent{}, fmt.Errorf("case %s of team %s: %w", id, team, earshot.ErrNotFound)
	}
	return stored[len(stored)-1].event(), nil
}

// Events returns the events of all cases that were stored after a sequence.
func (l *Log) Events(ctx context.Context, after uint64) ([]earshot.CaseEvent, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.call(ctx, "read", func() {}); err != nil {
		return nil, err
	}
	return l.after(after), nil
}

// Membership returns the cases a mention is or was in.
func (l *Log) Membership(ctx context.Context, brand, mention string) (m earshot.Membership, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.call(ctx, "read", func() {}); err != nil {
		return m, err
	}
	body, ok := l.memberships[brand+"."+mention]
	if !ok {
		return m, fmt.Errorf("membership of %s: %w", mention, earshot.ErrNotFound)
	}
	decode(body, &m)
	return m, nil
}

// LastOf returns the last events of those of the cases that exist.
func (l *Log) LastOf(ctx context.Context, team string, ids []string) ([]earshot.CaseEvent, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []earshot.CaseEvent
	err := l.call(ctx, "read", func() {
		for _, id := range ids {
			if stored := l.cases[team+"."+id]; len(stored) > 0 {
				found = append(found, stored[len(stored)-1].event())
			}
		}
	})
	return found, err
}

// Memberships returns the cases of those of the mentions that are or were in any.
func (l *Log) Memberships(ctx context.Context, brand string, mentions []string) ([]earshot.Membership, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []earshot.Membership
	err := l.call(ctx, "read", func() {
		for _, key := range mentions {
			if body, ok := l.memberships[brand+"."+key]; ok {
				var m earshot.Membership
				decode(body, &m)
				found = append(found, m)
			}
		}
	})
	return found, err
}

// Mention returns the last version of a mention, or earshot.ErrNotFound.
func (l *Log) Mention(ctx context.Context, brand, mention string) (earshot.Stored, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.call(ctx, "read", func() {}); err != nil {
		return earshot.Stored{}, err
	}
	if l.Stored != nil {
		if s, ok := l.Stored.last(brand, mention); ok {
			return s, nil
		}
	}
	return earshot.Stored{}, fmt.Errorf("mention %s of %s: %w", mention, brand, earshot.ErrNotFound)
}

// Append stores events.
func (l *Log) Append(ctx context.Context, events []earshot.CaseEvent) ([]uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(events) > 900 {
		return nil, fmt.Errorf("%d events are too many for a batch", len(events))
	}
	first := map[string]bool{}
	for _, e := range events {
		subject := e.Case.Team + "." + e.Case.ID
		if !first[subject] && last(l.cases[subject]) != e.Sequence {
			return nil, fmt.Errorf("case %s: %w", subject, earshot.ErrConflict)
		}
		first[subject] = true
	}
	sequences := make([]uint64, len(events))
	err := l.call(ctx, "append", func() {
		if l.cases == nil {
			l.cases = map[string][]event{}
		}
		for i, e := range events {
			l.sequence++
			sequences[i] = l.sequence
			subject := e.Case.Team + "." + e.Case.ID
			l.cases[subject] = append(l.cases[subject], event{l.sequence, encode(e)})
		}
	})
	return sequences, err
}

// Progress returns how far the alerts of a brand have come.
func (l *Log) Progress(ctx context.Context, brand string) (earshot.Progress, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := earshot.Progress{Brand: brand}
	if err := l.call(ctx, "read", func() {}); err != nil {
		return p, err
	}
	if stored, ok := l.progress[brand]; ok {
		decode(stored.body, &p)
		p.Revision = stored.revision
	}
	return p, nil
}

// Publish stores alerts, memberships and progress.
func (l *Log) Publish(ctx context.Context, alerts []earshot.Alert, memberships []earshot.Membership, progress []earshot.Progress) ([]uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(alerts) + len(memberships)
	for _, p := range progress {
		n += len(p.Records)
	}
	if n > 900 || len(progress) > 90 || len(progress) == 0 {
		return nil, fmt.Errorf("%d alerts, memberships and records and %d brands do not make a batch", n, len(progress))
	}
	for _, p := range progress {
		if l.progress[p.Brand].revision != p.Revision {
			return nil, fmt.Errorf("progress of %s: %w", p.Brand, earshot.ErrConflict)
		}
	}
	revisions := make([]uint64, len(progress))
	err := l.call(ctx, "publish", func() {
		if l.progress == nil {
			l.progress, l.memberships, l.left = map[string]fence{}, map[string][]byte{}, map[uint64][]byte{}
		}
		for _, a := range alerts {
			l.revision++
			l.alerts = append(l.alerts, encode(a))
			l.left[l.revision] = encode(a)
			for i := range memberships {
				if m := &memberships[i]; a.Mention != nil && a.Brand == m.Brand && a.Mention.Key() == m.Mention {
					m.Quoted = append(m.Quoted, l.revision)
				}
			}
		}
		for _, m := range memberships {
			l.memberships[m.Brand+"."+m.Mention] = encode(m)
		}
		for i, p := range progress {
			l.revision++
			revisions[i] = l.revision
			l.progress[p.Brand] = fence{l.revision, encode(p)}
			l.record(p)
		}
	})
	return revisions, err
}

func (l *Log) record(p earshot.Progress) {
	if l.records == nil {
		l.records = map[string]map[string]earshot.Record{}
	}
	if l.records[p.Brand] == nil {
		l.records[p.Brand] = map[string]earshot.Record{}
	}
	for _, r := range p.Records {
		if r.Data == nil {
			delete(l.records[p.Brand], r.Name)
			continue
		}
		l.records[p.Brand][r.Name] = earshot.Record{Name: r.Name, Data: bytes.Clone(r.Data)}
	}
}

// Records returns what was committed with the progress of a brand.
func (l *Log) Records(ctx context.Context, brand string) ([]earshot.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.call(ctx, "read", func() {}); err != nil {
		return nil, err
	}
	var all []earshot.Record
	for _, name := range slices.Sorted(maps.Keys(l.records[brand])) {
		all = append(all, l.records[brand][name])
	}
	return all, nil
}

// Cases hands over the last event of every case.
func (l *Log) Cases(ctx context.Context, each func(earshot.CaseEvent) error) error {
	l.mu.Lock()
	var lasts []earshot.CaseEvent
	err := l.call(ctx, "read", func() {
		for _, events := range l.cases {
			lasts = append(lasts, events[len(events)-1].event())
		}
	})
	l.mu.Unlock()
	slices.SortFunc(lasts, func(a, b earshot.CaseEvent) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for i := 0; i < len(lasts) && err == nil; i++ {
		err = each(lasts[i])
	}
	return err
}

// Erase forgets alerts, and what a mention said before.
func (l *Log) Erase(ctx context.Context, version earshot.Stored, alerts []uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.call(ctx, "erase", func() {
		for _, sequence := range alerts {
			delete(l.left, sequence)
		}
		if l.Stored != nil {
			l.Stored.erase(version)
		}
	})
}

// call does the work unless the call is to break down.
func (l *Log) call(ctx context.Context, method string, work func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.calls++
	fault := Fine
	if l.Break != nil {
		fault = l.Break(l.calls, method)
	}
	switch fault {
	case Refused:
		return ErrFault
	case Conflict:
		return earshot.ErrConflict
	}
	work()
	if fault == LostAck {
		return ErrFault
	}
	return nil
}

func last(events []event) uint64 {
	if len(events) == 0 {
		return 0
	}
	return events[len(events)-1].sequence
}

func (e event) event() (c earshot.CaseEvent) {
	decode(e.body, &c)
	c.Sequence = e.sequence
	return c
}

// What is stored is made of plain data: that it cannot be written or read again
// is a mistake in a test.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}

func decode(body []byte, v any) {
	if err := json.Unmarshal(body, v); err != nil {
		panic(err)
	}
}
