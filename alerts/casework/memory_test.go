package casework_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/casework"
)

// memory is a log of cases that keeps every promise of casework.Log.
type memory struct {
	before func() // called before each write, outside the lock; nil for nothing

	mu       sync.Mutex
	sequence uint64
	events   []earshot.CaseEvent
	cases    map[casework.Ref][]earshot.CaseEvent // the same, by case
	notes    []earshot.Note
	kept     []string // IDs of cases
	mentions map[string]earshot.Stored
	stories  map[string]earshot.Story
}

func (m *memory) of(team, id string) []earshot.CaseEvent {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.cases[casework.Ref{Team: team, ID: id}])
}

func (m *memory) Case(_ context.Context, team, id string) (earshot.CaseEvent, error) {
	if all := m.of(team, id); len(all) > 0 {
		return all[len(all)-1], nil
	}
	return earshot.CaseEvent{}, fmt.Errorf("case %s: %w", id, earshot.ErrNotFound)
}

func (m *memory) CasesNow(ctx context.Context, of []casework.Ref) ([]earshot.CaseEvent, error) {
	var all []earshot.CaseEvent
	for _, ref := range of {
		if e, err := m.Case(ctx, ref.Team, ref.ID); err == nil {
			all = append(all, e)
		}
	}
	return all, nil
}

func (m *memory) CaseSince(_ context.Context, team, id string, from uint64) (earshot.CaseEvent, error) {
	for _, e := range m.of(team, id) {
		if e.Sequence >= from {
			return e, nil
		}
	}
	return earshot.CaseEvent{}, earshot.ErrNotFound
}

func (m *memory) History(_ context.Context, team, id string, most int) ([]earshot.CaseEvent, int, error) {
	all := m.of(team, id)
	earlier := max(len(all)-most, 0)
	return all[earlier:], earlier, nil
}

func (m *memory) Record(_ context.Context, events []earshot.CaseEvent, notes []earshot.Note) ([]uint64, error) {
	if m.before != nil {
		m.before()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range events {
		last := uint64(0)
		if known := m.cases[casework.Ref{Team: e.Case.Team, ID: e.Case.ID}]; len(known) > 0 {
			last = known[len(known)-1].Sequence
		}
		if last != e.Sequence {
			return nil, fmt.Errorf("case %s is at %d: %w", e.Case.ID, last, earshot.ErrConflict)
		}
	}
	sequences := make([]uint64, len(events))
	for i, e := range events {
		m.sequence++
		e.Sequence, sequences[i] = m.sequence, m.sequence
		m.events = append(m.events, e)
		ref := casework.Ref{Team: e.Case.Team, ID: e.Case.ID}
		m.cases[ref] = append(m.cases[ref], e)
	}
	m.notes = append(m.notes, notes...)
	return sequences, nil
}

func (m *memory) Notes(_ context.Context, team, id string) ([]earshot.Note, error) {
	var all []earshot.Note
	for _, n := range m.notes {
		if n.Team == team && n.Case == id {
			all = append(all, n)
		}
	}
	return all, nil
}

func (m *memory) Keep(_ context.Context, c *earshot.Case) error {
	m.kept = append(m.kept, c.ID)
	return nil
}

func (m *memory) Unkeep(_ context.Context, _, id string) error {
	m.kept = slices.DeleteFunc(m.kept, func(kept string) bool { return kept == id })
	return nil
}

func (m *memory) MentionsNow(_ context.Context, _ string, keys []string) (map[string]earshot.Stored, error) {
	found := map[string]earshot.Stored{}
	for _, key := range keys {
		if s, ok := m.mentions[key]; ok {
			found[key] = s
		}
	}
	return found, nil
}

func (m *memory) LastAlert(_ context.Context, like *earshot.Alert) (earshot.Alert, error) {
	for _, e := range slices.Backward(m.events) {
		if a := e.Alert; a != nil && e.Case.Team == like.Team && a.Urgency == like.Urgency {
			return *a, nil
		}
	}
	return earshot.Alert{}, earshot.ErrNotFound
}

func (m *memory) Story(_ context.Context, _, id string) (*earshot.Story, error) {
	if s, ok := m.stories[id]; ok {
		return &s, nil
	}
	return nil, nil
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// desk is a desk with a clock that goes on by a second at each look.
type desk struct {
	*casework.Desk
	log *memory
	now time.Time
}

func newDesk() *desk {
	d := &desk{log: &memory{cases: map[casework.Ref][]earshot.CaseEvent{}, mentions: map[string]earshot.Stored{}}, now: noon}
	d.Desk = casework.NewDesk(casework.Options{
		Log: d.log, Board: casework.NewBoard(), Teams: func() []string { return []string{"cs", "pr"} },
		Now: func() time.Time { d.now = d.now.Add(time.Second); return d.now },
	})
	d.Board.Loaded()
	return d
}

// daemon stores an event of the daemon on a case, and puts it on the board.
func (d *desk) daemon(change func(c *earshot.Case), team, id string) earshot.CaseEvent {
	last, err := d.log.Case(context.Background(), team, id)
	c := last.Case
	event := "grown"
	if err != nil {
		event = "opened"
		c = earshot.Case{
			ID: id, Team: team, Brand: "acme", State: earshot.Open, Kind: earshot.KindCustomer, Band: earshot.High, Urgency: 65 * earshot.Unit,
			Opened: d.now, Spoke: d.now, RespondBy: d.now.Add(time.Hour), Count: 1,
			Members: []earshot.Member{{Mention: "m" + id, Kind: earshot.KindCustomer, Urgency: 65 * earshot.Unit}},
		}
	}
	c.Through++
	c.Told++
	c.Alert = fmt.Sprintf("%s.%s.%d", id, team, c.Told)
	change(&c)
	e := earshot.CaseEvent{Event: event, By: earshot.Daemon, At: d.now, Case: c, Sequence: last.Sequence}
	sequences, err := (&silent{d.log}).Record([]earshot.CaseEvent{e})
	if err != nil {
		panic(err)
	}
	e.Sequence = sequences[0]
	d.Board.Put(&e)
	return e
}

// silent writes without the hook.
type silent struct{ *memory }

func (s *silent) Record(events []earshot.CaseEvent) ([]uint64, error) {
	hook := s.before
	s.before = nil
	defer func() { s.before = hook }()
	return s.memory.Record(context.Background(), events, nil)
}

func unchanged(*earshot.Case) {}

// do has a person act on a case, which must work.
func (d *desk) do(t testing.TB, person string, a casework.Action) casework.Done {
	t.Helper()
	done, err := d.try(person, a)
	if err != nil {
		t.Fatalf("%s by %s: %v", a.Verb, person, err)
	}
	return done
}

func (d *desk) try(person string, a casework.Action) (casework.Done, error) {
	a.By = person
	if a.Team == "" {
		a.Team = "cs"
	}
	return d.Do(context.Background(), a)
}

func (d *desk) last(t testing.TB, team, id string) *earshot.CaseEvent {
	t.Helper()
	e, err := d.log.Case(t.Context(), team, id)
	if err != nil {
		t.Fatal(err)
	}
	return &e
}
