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

// InNotes is where what people wrote about cases lies.
var InNotes = Place{streamCases, "earshot.notes.>"}

// noteSubject is where a note lies: in the stream of cases, so that both are
// stored together, and apart from the cases, so that it can be erased.
func noteSubject(team, id, note string) string {
	return "earshot.notes." + team + "." + id + "." + note
}

// Record stores events of different cases and notes, all or none, and returns the
// sequences of the events. Each event names in Sequence the one before it in its
// case, 0 for none; earshot.ErrConflict says that somebody else was faster with one.
func (b *Bus) Record(ctx context.Context, events []earshot.CaseEvent, notes []earshot.Note) ([]uint64, error) {
	if len(events) == 0 {
		return nil, errors.New("recording what was done to cases: nothing was")
	}
	if n := len(events) + len(notes); n > maxMentions {
		return nil, fmt.Errorf("recording %d events and notes: at most %d go together", n, maxMentions)
	}
	id := rand.Text()
	var fences []fence
	first, err := b.fenced(ctx, streamCases, id, func() ([]*nats.Msg, error) {
		fences = fences[:0]
		msgs, err := caseMessages(id, events, &fences)
		if err != nil {
			return nil, err
		}
		return addNotes(msgs, notes)
	}, &fences)
	if err != nil {
		return nil, fmt.Errorf("recording what was done to cases: %w", err)
	}
	sequences := make([]uint64, len(events))
	for i := range sequences {
		sequences[i] = first + uint64(i)
	}
	return sequences, nil
}

func addNotes(msgs []*nats.Msg, notes []earshot.Note) ([]*nats.Msg, error) {
	for _, n := range notes {
		if err := tokens(n.Team, n.Case, n.ID); err != nil {
			return nil, err
		}
		m, err := message(noteSubject(n.Team, n.Case, n.ID), event{
			id: n.ID, kind: "note", source: "casework", schema: "note", at: n.At,
		}, n)
		if err != nil {
			return nil, err
		}
		msgs = append(msgs, m)
	}
	return msgs, nil
}

// Notes returns the notes on a case, oldest first.
func (b *Bus) Notes(ctx context.Context, team, id string) ([]earshot.Note, error) {
	if err := tokens(team, id); err != nil {
		return nil, fmt.Errorf("reading notes: %w", err)
	}
	var notes []earshot.Note
	err := b.link.each(ctx, streamCases, get{Next: noteSubject(team, id, "*"), Sequence: 1}, func(r record) error {
		var n earshot.Note
		if err := json.Unmarshal(r.data, &n); err != nil {
			return fmt.Errorf("reading a note: %w", err)
		}
		notes = append(notes, n)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the notes on case %s of %s: %w", id, team, err)
	}
	return notes, nil
}
