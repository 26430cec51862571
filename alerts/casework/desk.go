package casework

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
)

// Log is where cases last. Its methods may be called concurrently; those that read
// one thing return earshot.ErrNotFound when it is not there.
type Log interface {
	// Case returns the last event of a case.
	Case(ctx context.Context, team, id string) (earshot.CaseEvent, error)
	// CasesNow returns the last events of several cases, as far as they are there.
	CasesNow(ctx context.Context, of []Ref) ([]earshot.CaseEvent, error)
	// CaseSince returns the first event of a case from a sequence on.
	CaseSince(ctx context.Context, team, id string, from uint64) (earshot.CaseEvent, error)
	// History returns the newest events of a case, oldest first, of their alerts at
	// least urgency, story and evidence, and how many others there are.
	History(ctx context.Context, team, id string, most int) ([]earshot.CaseEvent, int, error)
	// Record stores events and notes, all or none, and returns the sequences of the
	// events. Each event names in Sequence the one before it in its case, 0 for none;
	// earshot.ErrConflict says that somebody else was faster with one of them.
	Record(ctx context.Context, events []earshot.CaseEvent, notes []earshot.Note) ([]uint64, error)
	// Notes returns the notes on a case, oldest first.
	Notes(ctx context.Context, team, id string) ([]earshot.Note, error)
	// Keep copies a case, its events and its mentions to where nothing is deleted by
	// age; Unkeep erases the copies. Both may be called again.
	Keep(ctx context.Context, c *earshot.Case) error
	Unkeep(ctx context.Context, team, id string) error
	// MentionsNow returns what is stored now of mentions, named by their keys, for a
	// brand, as far as it is there.
	MentionsNow(ctx context.Context, brand string, keys []string) (map[string]earshot.Stored, error)
	// LastAlert returns the newest alert of the team, brand, kind and urgency of another.
	LastAlert(ctx context.Context, like *earshot.Alert) (earshot.Alert, error)
	// Story returns what is known of a story now, its sources named by keys of
	// mentions; nil when nothing is.
	Story(ctx context.Context, brand, id string) (*earshot.Story, error)
}

// Options is what a desk works with.
type Options struct {
	Log    Log
	Board  *Board
	Teams  func() []string          // all there are now
	Limits func(team string) Limits // nil for the usual ones
	Now    func() time.Time
}

// Desk does to cases what people ask for. Several may work on one log at a time:
// every change is a compare-and-set. Its methods may be called concurrently.
type Desk struct{ Options }

// NewDesk returns a desk.
func NewDesk(o Options) *Desk {
	if o.Limits == nil {
		o.Limits = func(string) Limits { return Limits{} }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Desk{o}
}

// Done is the answer to an action.
type Done struct {
	Event  string       `json:"event"`            // what happened; empty when nothing had to
	Again  bool         `json:"again,omitempty"`  // it had been done before
	Case   earshot.Case `json:"case"`             // as it stands now
	Linked int          `json:"linked,omitempty"` // further cases that were changed
	Undone *Line        `json:"undone,omitempty"` // of an undo, what was taken back
}

// maxTries bounds how often an action is decided anew because somebody else was
// faster with the case.
const maxTries = 20

// Do carries out an action. The error is a *Refusal when the person can do
// something about it.
func (d *Desk) Do(ctx context.Context, a Action) (Done, error) {
	var seen *earshot.CaseEvent
	for try := 0; ; try++ {
		answer, last, err := d.once(ctx, a, seen)
		if !errors.Is(err, earshot.ErrConflict) {
			return answer, err
		}
		if seen == nil {
			seen = last
		}
		if try == maxTries {
			return Done{}, refuse(Clash, "the case keeps changing: look at it, and try again")
		}
	}
}

// once reads, decides and writes.
func (d *Desk) once(ctx context.Context, a Action, seen *earshot.CaseEvent) (Done, *earshot.CaseEvent, error) {
	last, err := d.find(ctx, a.Team, a.Case)
	if err != nil {
		return Done{}, nil, err
	}
	id := last.Case.ID
	if seen != nil && depends(a.Verb) && last.Case.Through != seen.Case.Through {
		return Done{}, nil, refuse(Clash, "something was said in the case just now (%s): look at it, and repeat what you want", last.Event)
	}
	a.Case = id
	now := d.Now().UTC()
	pinned := last.Case.Pin
	back := takenBack(&last, &a)
	events, err := d.decide(ctx, &last, a, now)
	if errors.Is(err, ErrDone) && a.Text != "" && !done(&last.Case, a.Request) {
		a.Verb = Note // what was said beside it is new all the same
		events, err = d.decide(ctx, &last, a, now)
	}
	if errors.Is(err, ErrDone) {
		return d.again(ctx, &last, &a)
	}
	if err != nil {
		return Done{}, &last, err
	}
	var notes []earshot.Note
	if text := strings.TrimSpace(a.Text); text != "" {
		note := earshot.Note{ID: strings.ToLower(rand.Text()), Team: a.Team, Case: id, By: a.By, At: now, Text: text}
		notes, events[0].Note = append(notes, note), note.ID
	}
	if err := d.record(ctx, events, notes); err != nil {
		return Done{}, &last, err
	}
	answer := Done{Event: events[0].Event, Case: events[0].Case, Linked: len(events) - 1, Undone: back}
	switch a.Verb {
	case PinLine, Unpin:
		answer.Linked, err = d.spread(ctx, &events[0], pinned)
	case Hold:
		err = d.Log.Keep(ctx, &events[0].Case)
	case Unhold:
		err = d.Log.Unkeep(ctx, a.Team, id)
	}
	return answer, &last, err
}

// again answers a request that has nothing left to do, but for a pin that did not
// reach all cases.
func (d *Desk) again(ctx context.Context, last *earshot.CaseEvent, a *Action) (_ Done, _ *earshot.CaseEvent, err error) {
	answer := Done{Again: true, Case: last.Case}
	if pin := last.Case.Pin; a.Verb == PinLine && pin != nil {
		answer.Linked, err = d.spread(ctx, &earshot.CaseEvent{Event: PinnedEvent, By: pin.By, At: pin.At, Case: last.Case}, nil)
	}
	return answer, last, err
}

// find returns the last event of the case that an ID, or the beginning of one,
// names. A whole ID is looked for in the log, which is ahead of the board.
func (d *Desk) find(ctx context.Context, team, prefix string) (earshot.CaseEvent, error) {
	id, err := d.Board.Find(team, prefix)
	if err != nil && len(prefix) != len(earshot.Key("")) {
		return earshot.CaseEvent{}, err
	}
	if err != nil {
		id = strings.ToLower(prefix)
	}
	last, failed := d.Log.Case(ctx, team, id)
	switch {
	case errors.Is(failed, earshot.ErrNotFound) && err == nil:
		return last, refuse(NotFound, "%s has no case %s any more", team, id)
	case errors.Is(failed, earshot.ErrNotFound):
		return last, err
	}
	return last, failed
}

// depends reports whether what a person wants may be another thing once something
// new was said in the case.
func depends(v Verb) bool { return slices.Contains([]Verb{Answer, Wait, Resolve, Merge}, v) }

// record stores events and puts them on the board, so that whoever asks next sees
// them.
func (d *Desk) record(ctx context.Context, events []earshot.CaseEvent, notes []earshot.Note) error {
	sequences, err := d.Log.Record(ctx, events, notes)
	if err != nil {
		return fmt.Errorf("storing what was done to a case: %w", err)
	}
	for i := range events {
		events[i].Sequence = sequences[i]
		d.Board.Put(&events[i])
	}
	return nil
}

func (d *Desk) decide(ctx context.Context, last *earshot.CaseEvent, a Action, now time.Time) ([]earshot.CaseEvent, error) {
	switch {
	case a.Verb == Merge:
		return d.merge(ctx, last, a, now)
	case a.Verb == Undo:
		return d.undo(ctx, last, a, now)
	case (a.Verb == PinLine || a.Verb == Unpin) && last.Case.Pin == nil:
		last.Case.Pin = d.Board.Pin(last.Case.Story, last.Case.ID)
	}
	event, err := Act(last, a, now, d.Limits(a.Team))
	if err != nil {
		return nil, err
	}
	events := []earshot.CaseEvent{event}
	if a.Verb == Escalate && a.To != "" && a.To != a.Team {
		there, err := d.receive(ctx, &event.Case, a, now)
		if err != nil {
			return nil, err
		}
		events = append(events, there)
	}
	return events, nil
}

func (d *Desk) receive(ctx context.Context, from *earshot.Case, a Action, now time.Time) (earshot.CaseEvent, error) {
	if teams := d.Teams(); !slices.Contains(teams, a.To) {
		return earshot.CaseEvent{}, refuse(NotFound, "there is no team %q (one of %s)", shown(a.To), words(teams))
	}
	there, err := d.Log.Case(ctx, a.To, from.ID)
	if err != nil && !errors.Is(err, earshot.ErrNotFound) {
		return there, err
	}
	return Receive(&there, from, a, now, d.Limits(a.To))
}

func (d *Desk) merge(ctx context.Context, last *earshot.CaseEvent, a Action, now time.Time) ([]earshot.CaseEvent, error) {
	target, err := d.find(ctx, a.Team, a.To)
	if err != nil {
		return nil, err
	}
	a.To = target.Case.ID
	return Join(last, &target, a, now)
}

func (d *Desk) undo(ctx context.Context, last *earshot.CaseEvent, a Action, now time.Time) ([]earshot.CaseEvent, error) {
	act, err := Undoable(last, &a)
	if err != nil {
		return nil, err
	}
	before, err := d.Log.CaseSince(ctx, a.Team, a.Case, act.Before)
	if errors.Is(err, earshot.ErrNotFound) || err == nil && before.Sequence != act.Before {
		return nil, refuse(WrongState, "what was before is not kept any more: it cannot be undone")
	}
	if err != nil {
		return nil, err
	}
	if act.Event == MergedEvent && last.Case.Merged != "" {
		into, err := d.Log.Case(ctx, a.Team, last.Case.Merged)
		if err != nil {
			return nil, err
		}
		was, err := d.absorbing(ctx, &into, act.At)
		if err != nil {
			return nil, err
		}
		return Apart(last, &before, &into, was, a, now, d.Limits(a.Team))
	}
	after, err := d.Log.CaseSince(ctx, a.Team, a.Case, act.Before+1)
	if err != nil {
		return nil, err
	}
	event, err := Undone(last, &after, &before, a, now)
	return []earshot.CaseEvent{event}, err
}

// absorbing is how a case stood before another one became part of it at a moment, nil
// if nobody knows any more.
func (d *Desk) absorbing(ctx context.Context, into *earshot.CaseEvent, at time.Time) (*earshot.CaseEvent, error) {
	acts := into.Case.Acts
	i := slices.IndexFunc(acts, func(act earshot.Act) bool { return act.Event == AbsorbedEvent && act.At.Equal(at) })
	if i < 0 {
		return nil, nil
	}
	was, err := d.Log.CaseSince(ctx, into.Case.Team, into.Case.ID, acts[i].Before)
	switch {
	case errors.Is(err, earshot.ErrNotFound), err == nil && was.Sequence != acts[i].Before:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &was, nil
}
