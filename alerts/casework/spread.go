package casework

import (
	"context"
	"errors"
	"fmt"

	"earshot"
)

// spreadAtOnce is how many cases get a pin in one write.
const spreadAtOnce = 300

// spread puts the pin of an event, or its going, on all other cases of the story.
// Broken off, it is completed by the same action again; until then whoever reads
// a case sees the pin of its story all the same. What was pinned before is found by
// itself, too: the story may have become part of another one since.
func (d *Desk) spread(ctx context.Context, of *earshot.CaseEvent, was *earshot.Pin) (int, error) {
	var refs []Ref
	for _, item := range d.Board.linked(of.Case.Story, Ref{of.Case.Team, of.Case.ID}, was) {
		refs = append(refs, Ref{item.Team, item.ID})
	}
	changed := 0
	for len(refs) > 0 {
		some := refs[:min(len(refs), spreadAtOnce)]
		refs = refs[len(some):]
		for try := 0; ; try++ {
			n, err := d.pinAll(ctx, some, of)
			if err == nil {
				changed += n
				break
			}
			if !errors.Is(err, earshot.ErrConflict) || try == maxTries {
				return changed, fmt.Errorf("putting a line on the cases of a story (%d have it): %w", changed, err)
			}
		}
	}
	return changed, nil
}

// pinAll changes those of some cases that are not as they should be.
func (d *Desk) pinAll(ctx context.Context, refs []Ref, of *earshot.CaseEvent) (int, error) {
	lasts, err := d.Log.CasesNow(ctx, refs)
	if err != nil {
		return 0, err
	}
	var events []earshot.CaseEvent
	for i := range lasts {
		c := lasts[i].Case
		if same(c.Pin, of.Case.Pin) {
			continue
		}
		c.Pin = of.Case.Pin
		events = append(events, earshot.CaseEvent{Event: of.Event, By: of.By, At: of.At, To: of.Case.ID, Case: c, Sequence: lasts[i].Sequence})
	}
	if len(events) == 0 {
		return 0, nil
	}
	return len(events), d.record(ctx, events, nil)
}

func same(a, b *earshot.Pin) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Line == b.Line && a.Hold == b.Hold && a.By == b.By && a.Team == b.Team && a.At.Equal(b.At)
}
