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
	if alert.Evidence != nil {
		counts := *alert.Evidence
		counts.First, counts.Top = earshot.Source{}, nil // addresses repeat headlines
		alert.Evidence = &counts
	}
	if alert.Story != nil { // which names mentions by their keys, until it is told
		story := *alert.Story
		alert.Story = &story
	}
	event.Alert = &alert
	return event
}

// catchUp tells of events that were stored and not told of.
func (e *Engine) catchUp(ctx context.Context, events []earshot.CaseEvent) error {
	b := e.begin(e.settings.Load())
	for i := range events {
		e.ledger.tell(events[i].Sequence)
		var err error
		b.recount(&events[i])
		switch event := &events[i]; {
		case untold(event):
			err = b.tellAgain(ctx, event)
		case event.By == earshot.Daemon && event.Seat != nil:
			err = b.placeAll(ctx, event)
		}
		if err != nil {
			return err
		}
		if b.full() || i == len(events)-1 {
			if err := b.publish(ctx); err != nil {
				return err
			}
			b = e.begin(b.settings)
		}
	}
	return nil
}

// tellAgain takes up an event that an earlier attempt has stored.
func (b *batch) tellAgain(ctx context.Context, event *earshot.CaseEvent) error {
	in, err := b.engine.brand(ctx, event.Case.Brand)
	if err != nil {
		return err
	}
	alert, err := b.engine.complete(ctx, event)
	if err != nil {
		return err
	}
	switch {
	case event.Cause > in.progress.Sequence:
		b.engine.ledger.decide(event.Case.Brand, event.Cause)
	case in.backlog != nil && in.caseID() == event.Case.ID:
		alert.Summary = in.backlog.heap(event.Case.Team).summary(&event.Case)
		in.backlog.told(event.Case.Team)
		in.drop()
		b.touch(in)
	}
	b.gate.Recall(&alert, "", b.endangers(event.Event, &alert), event.At)
	b.tell(alert)
	return b.place(ctx, event)
}

// placeAll notes where an event has put mentions that the team did not hear of.
func (b *batch) placeAll(ctx context.Context, event *earshot.CaseEvent) error {
	for _, one := range append(event.More, earshot.Joined{Cause: event.Cause, Mention: event.Mention, Seat: *event.Seat}) {
		in, err := b.engine.brand(ctx, event.Case.Brand)
		if err != nil {
			return err
		}
		if one.Cause > in.progress.Sequence {
			b.engine.ledger.decide(event.Case.Brand, one.Cause)
		}
		of := *event
		of.Cause, of.Mention, of.Seat = one.Cause, one.Mention, &one.Seat
		if err := b.place(ctx, &of); err != nil {
			return err
		}
	}
	return nil
}

// place notes where an event has put its mention.
func (b *batch) place(ctx context.Context, event *earshot.CaseEvent) error {
	if event.Mention == "" {
		return nil
	}
	m, err := b.membership(ctx, event.Case.Brand, earshot.Key(event.Mention))
	if err != nil {
		return err
	}
	if event.Seat == nil { // time has brought the alert about, which quotes the mention
		b.move(m)
		return nil
	}
	if event.Seat.Case == event.Case.ID { // not what became part of it
		if err := b.settle(ctx, event.Case.Brand, event.Case.Customer, *event.Seat); err != nil {
			return err
		}
	}
	if c := &event.Case; event.Event == Opened && c.Customer == "" && c.Kind == earshot.KindCrisis && c.Topic != "" {
		if err := b.matter(ctx, c.Brand, c.Team, c.Topic, c.ID); err != nil {
			return err
		}
	}
	m.Seats = slices.Clone(m.Seats)
	i := slices.IndexFunc(m.Seats, func(s earshot.Seat) bool { return s.Team == event.Seat.Team && s.Case == event.Seat.Case })
	if i < 0 {
		m.Seats = append(m.Seats, *event.Seat)
	} else {
		m.Seats[i] = *event.Seat
	}
	b.move(m)
	return nil
}

// complete returns the alert of a stored event, with the mention and the verdict
// as they are stored now. Of a mention whose words or verdict have changed since
// it carries the ID alone: the log has more to tell of it further on. An edit that
// changes neither raises no alert, so it must not take the words from this one.
func (e *Engine) complete(ctx context.Context, event *earshot.CaseEvent) (earshot.Alert, error) {
	alert := *event.Alert
	timed := event.Seat == nil && event.Mention != ""
	if timed || event.Seat != nil && event.Seat.Member != nil {
		alert.Mention = &earshot.Mention{ID: event.Mention}
		stored, err := e.log.Mention(ctx, event.Case.Brand, earshot.Key(event.Mention))
		switch {
		case err == nil && stored.Verdict != nil && (timed || digest(&stored) == event.Seat.Said):
			alert.Mention, alert.Verdict = bounded(&stored.Mention, stored.Verdict)
		case err != nil && !errors.Is(err, earshot.ErrNotFound):
			return alert, fmt.Errorf("reading mention %s: %w", event.Mention, err)
		}
	}
	alert.Summary = Summary(&alert)
	return alert, nil
}
