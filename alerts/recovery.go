package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"earshot"
)

// reference is an event as it is stored: its alert without what people wrote and
// what the book says of it, so that no case remembers what an author took back.
func reference(event earshot.CaseEvent) earshot.CaseEvent {
	alert := *event.Alert
	alert.Mention, alert.Verdict, alert.Summary = nil, nil, ""
	event.Alert = &alert
	return event
}

// recovery tells of events that were stored and not told of.
type recovery struct {
	engine *Engine
	alerts []earshot.Alert
	brands []*brand // whose backlog is told of
	bytes  int
}

func (e *Engine) catchUp(ctx context.Context, events []earshot.CaseEvent) error {
	r := recovery{engine: e}
	for i := range events {
		e.ledger.tell(events[i].Sequence)
		if untold(&events[i]) {
			if err := r.add(ctx, &events[i]); err != nil {
				return err
			}
		}
		if r.full() || i == len(events)-1 {
			if err := r.publish(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *recovery) full() bool {
	return len(r.alerts) >= fullAlerts || len(r.brands) >= fullBrands || r.bytes >= fullBytes
}

func (r *recovery) add(ctx context.Context, event *earshot.CaseEvent) error {
	in, err := r.engine.brand(ctx, event.Case.Brand)
	if err != nil {
		return err
	}
	alert, err := r.engine.complete(ctx, event)
	if err != nil {
		return err
	}
	switch {
	case event.Cause > in.progress.Sequence:
		r.engine.ledger.decide(event.Case.Brand, event.Cause)
	case in.backlog != nil && in.caseID() == event.Case.ID:
		alert.Summary = in.backlog.heap(event.Case.Team).summary(&event.Case)
		in.backlog.told(event.Case.Team)
		if !slices.Contains(r.brands, in) {
			r.brands = append(r.brands, in)
		}
	}
	r.alerts = append(r.alerts, alert)
	r.bytes += weight(&alert, 0)
	return nil
}

func (r *recovery) publish(ctx context.Context) error {
	for _, in := range r.brands {
		in.drop()
	}
	err := r.engine.publish(ctx, r.alerts, r.brands...)
	r.alerts, r.brands, r.bytes = nil, nil, 0
	return err
}

// complete returns the alert of a stored event with the mention and the verdict
// as they are stored now. Of a mention that has been edited or taken back since
// it carries the ID alone: the log has more to tell of it further on.
func (e *Engine) complete(ctx context.Context, event *earshot.CaseEvent) (earshot.Alert, error) {
	alert := *event.Alert
	if event.Event != Withdrawn && event.Mention != "" {
		alert.Mention = &earshot.Mention{ID: event.Mention}
		stored, err := e.log.Mention(ctx, event.Case.Brand, event.Mention)
		if err != nil && !errors.Is(err, earshot.ErrNotFound) {
			return alert, fmt.Errorf("reading mention %s: %w", event.Mention, err)
		}
		if err == nil {
			same, err := e.unchanged(ctx, event, &stored)
			if err != nil {
				return alert, err
			}
			if same {
				alert.Mention, alert.Verdict = bounded(&stored.Mention, stored.Verdict)
			}
		}
	}
	alert.Summary = Summary(&alert)
	return alert, nil
}

// unchanged reports whether a mention still says what brought an event about. An
// edit that changes neither words nor verdict raises no alert, so it must not
// take the words from this one.
func (e *Engine) unchanged(ctx context.Context, event *earshot.CaseEvent, now *earshot.Stored) (bool, error) {
	if now.Sequence == event.Cause || now.Verdict == nil {
		return now.Verdict != nil, nil
	}
	of, err := e.log.Membership(ctx, event.Case.Brand, now.Mention.Key())
	if err != nil && !errors.Is(err, earshot.ErrNotFound) {
		return false, fmt.Errorf("reading the cases of mention %s: %w", event.Mention, err)
	}
	said := digest(now)
	return slices.ContainsFunc(of.Seats, func(s earshot.Seat) bool {
		return s.Team == event.Case.Team && s.Case == event.Case.ID && s.Cause == event.Cause && s.Said == said
	}), nil
}
