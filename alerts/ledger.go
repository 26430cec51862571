package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"earshot"
)

// ledgerName is where the ledger is stored, beside the progress of the brands. It
// cannot be the name of a brand.
const ledgerName = "_cases"

// Ledger is the brand whose progress Told reads.
const Ledger = ledgerName

// Told returns the sequence of the last case event that teams have been told of.
// Nobody but the engine may change the events behind it.
func Told(p earshot.Progress) (uint64, error) {
	l := &ledger{Version: memoryVersion}
	if err := recall(p, &l.Version, l); err != nil {
		return 0, err
	}
	return l.Cases, nil
}

// ledger says which case events have been told of. It commits with their alerts;
// events stored after it are those that a crash kept from being told.
type ledger struct {
	progress earshot.Progress
	changed  bool
	end      uint64 // where the last write to the cases ended; 0 for unknown

	Version int                 `json:"version"`
	Cases   uint64              `json:"cases"`             // the last event told of
	Decided map[string][]uint64 `json:"decided,omitempty"` // by brand: mentions beyond its progress that are dealt with
}

// wake reads the ledger and tells of the events that an earlier attempt stored
// and could not publish. It must come before anything is decided:
// the mention behind such an event may be read again, or may have been edited or
// deleted since and never be read at its place.
func (e *Engine) wake(ctx context.Context) error {
	if e.ledger != nil {
		return nil
	}
	progress, err := e.log.Progress(ctx, ledgerName)
	if err != nil {
		return fmt.Errorf("reading the ledger of cases: %w", err)
	}
	progress.Brand = ledgerName
	l := &ledger{progress: progress, Version: memoryVersion, Decided: map[string][]uint64{}}
	if err := recall(progress, &l.Version, l); err != nil {
		return err
	}
	if err := e.recallGate(ctx, e.settings.Load()); err != nil {
		return err
	}
	events, err := e.log.Events(ctx, l.Cases)
	if err != nil {
		return fmt.Errorf("reading the cases that were not told of: %w", err)
	}
	e.ledger = l
	return e.catchUp(ctx, events)
}

// stored moves the ledger on over events that were just stored. It returns
// earshot.ErrConflict when another daemon, which must have lost its turn since,
// has stored events of its own between: they are told of first.
func (e *Engine) stored(ctx context.Context, sequences []uint64) error {
	first, last := sequences[0], sequences[len(sequences)-1]
	if first != e.ledger.end+1 {
		events, err := e.log.Events(ctx, e.ledger.Cases)
		if err != nil {
			return fmt.Errorf("looking for cases of another daemon: %w", err)
		}
		for i := range events {
			if event := &events[i]; event.Sequence < first && untold(event) {
				return fmt.Errorf("finding a case of another daemon: %w", earshot.ErrConflict)
			}
		}
	}
	e.ledger.tell(last)
	e.ledger.end = last
	if e.followed == first-1 {
		e.followed = last
	}
	return nil
}

// untold reports whether an event beyond the ledger has an alert to publish. What
// people do to a case has none.
func untold(event *earshot.CaseEvent) bool {
	return event.By == earshot.Daemon && event.Alert != nil
}

// tell moves the ledger on to an event. It is told of once the ledger commits.
func (l *ledger) tell(sequence uint64) { l.Cases, l.changed = sequence, true }

func (l *ledger) decide(brand string, sequence uint64) {
	if !slices.Contains(l.Decided[brand], sequence) {
		l.Decided[brand] = append(l.Decided[brand], sequence)
	}
}

// pass reports whether a mention was dealt with before, and forgets it and those
// before it, as the progress of its brand is about to pass them.
func (l *ledger) pass(brand string, sequence uint64) bool {
	waiting := l.Decided[brand]
	if len(waiting) == 0 {
		return false
	}
	decided := slices.Contains(waiting, sequence)
	waiting = slices.DeleteFunc(waiting, func(s uint64) bool { return s <= sequence })
	if len(waiting) == 0 {
		delete(l.Decided, brand)
	} else {
		l.Decided[brand] = waiting
	}
	l.changed = true
	return decided
}

func (l *ledger) save(e *Engine) (earshot.Progress, error) {
	state, err := json.Marshal(l)
	if err != nil {
		return l.progress, fmt.Errorf("writing the ledger of cases: %w", err)
	}
	l.progress.State, l.progress.Records = state, e.records[ledgerName]
	return l.progress, nil
}

func (l *ledger) saved(e *Engine, revision uint64) {
	l.progress.Revision, l.progress.Records, l.changed = revision, nil, false
	delete(e.records, ledgerName)
}
