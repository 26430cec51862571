package casework

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"earshot"
)

// Item is a case on the board: what a list of cases shows of it.
type Item struct {
	ID        string        `json:"id"`
	Team      string        `json:"team"`
	Brand     string        `json:"brand"`
	State     earshot.State `json:"state"`
	Kind      earshot.Kind  `json:"kind"`
	Topic     string        `json:"topic,omitempty"`
	Urgency   earshot.Score `json:"urgency"`
	Band      earshot.Band  `json:"band"`
	Owner     string        `json:"owner,omitempty"`
	Count     int           `json:"count"` // mentions in it
	Reach     int64         `json:"reach"`
	Opened    time.Time     `json:"opened"`
	Due       time.Time     `json:"due,omitzero"`        // the nearest of its limits; zero when none runs
	Answered  time.Time     `json:"answered,omitzero"`   //
	MutedTill time.Time     `json:"muted_till,omitzero"` //
	Story     string        `json:"story,omitempty"`
	Customer  string        `json:"customer,omitempty"`
	Merged    string        `json:"merged,omitempty"` // ID of the case it is part of
	Pin       *earshot.Pin  `json:"pin,omitempty"`
	Changed   time.Time     `json:"changed"` // when it last did
	By        string        `json:"by"`      // who did it
	Event     string        `json:"event"`   // what it was

	// Of lists alone, as far as it can still be read: who wrote the mention that
	// opened the case, or the most urgent one, and how it begins.
	Author string `json:"author,omitempty"`
	Words  string `json:"words,omitempty"`

	sequence uint64
}

// Board knows all cases as they stand now. It is fed from the log and may be
// thrown away at any time. Its methods may be called concurrently.
type Board struct {
	mu    sync.RWMutex
	teams map[string]map[string]*Item
	pins  map[string]map[Ref]*earshot.Pin // of cases that have one, by story, or by case where there is none
	names map[string]string               // few words, each kept once

	load   sync.Once
	loaded chan struct{}
}

// NewBoard returns an empty board.
func NewBoard() *Board {
	return &Board{teams: map[string]map[string]*Item{}, pins: map[string]map[Ref]*earshot.Pin{}, names: map[string]string{}, loaded: make(chan struct{})}
}

// Loaded says that all cases there are have been put on the board.
func (b *Board) Loaded() { b.load.Do(func() { close(b.loaded) }) }

// await waits until all cases there are have been put on the board.
func (b *Board) await(ctx context.Context) error {
	select {
	case <-b.loaded:
		return nil
	case <-ctx.Done():
		return refuse(Unavailable, "the daemon is still reading its cases: try again in a moment")
	}
}

// Put takes up the event of a case, unless a later one of it is known: events may
// come twice and in any order.
func (b *Board) Put(e *earshot.CaseEvent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	team := b.teams[e.Case.Team]
	if team == nil {
		team = map[string]*Item{}
		b.teams[b.name(e.Case.Team)] = team
	}
	if known := team[e.Case.ID]; known != nil {
		if known.sequence >= e.Sequence {
			return
		}
		b.unpin(known)
	}
	item := b.item(e)
	team[item.ID] = item
	if item.Pin != nil {
		key := link(item.Story, item.ID)
		if b.pins[key] == nil {
			b.pins[key] = map[Ref]*earshot.Pin{}
		}
		b.pins[key][Ref{item.Team, item.ID}] = item.Pin
	}
}

// unpin forgets what is pinned to a case itself.
func (b *Board) unpin(item *Item) {
	key := link(item.Story, item.ID)
	delete(b.pins[key], Ref{item.Team, item.ID})
	if len(b.pins[key]) == 0 {
		delete(b.pins, key)
	}
}

// pinOf is the newest pin on a case or another one that is linked to it.
func (b *Board) pinOf(story, id string) *earshot.Pin {
	var newest *earshot.Pin
	for _, pin := range b.pins[link(story, id)] {
		if newest == nil || pin.At.After(newest.At) {
			newest = pin
		}
	}
	return newest
}

func (b *Board) item(e *earshot.CaseEvent) *Item {
	c := &e.Case
	return &Item{
		ID: strings.Clone(c.ID), Team: b.name(c.Team), Brand: b.name(c.Brand),
		State: earshot.State(b.name(string(c.State))), Kind: earshot.Kind(b.name(string(c.Kind))),
		Topic: b.name(c.Topic), Urgency: c.Urgency, Band: earshot.Band(b.name(string(c.Band))),
		Owner: b.name(c.Owner), Count: c.Count, Reach: c.Reach, Opened: c.Opened.UTC(), Due: Due(c),
		Answered: c.Answered.UTC(), MutedTill: c.MutedTill.UTC(), Story: strings.Clone(c.Story),
		Customer: strings.Clone(c.Customer), Merged: strings.Clone(c.Merged), Pin: c.Pin,
		Changed: e.At.UTC(), By: b.name(e.By), Event: b.name(e.Event), sequence: e.Sequence,
	}
}

// name keeps each word once, however many cases use it, as long as there are not
// too many.
func (b *Board) name(word string) string {
	if kept, ok := b.names[word]; ok {
		return kept
	}
	word = strings.Clone(word)
	if len(b.names) < 10_000 {
		b.names[word] = word
	}
	return word
}

// link is what the cases have in common that share a pin.
func link(story, id string) string {
	if story != "" {
		return story
	}
	return id
}

// Due is the nearest limit of a case that is running, zero for none: nothing is due
// while it waits for the customer.
func Due(c *earshot.Case) time.Time {
	switch c.State {
	case earshot.Answered, earshot.Resolved, earshot.Expired, earshot.Muted:
		return time.Time{}
	}
	first := earlier(c.NextBy, c.ResolveBy)
	if c.Answered.IsZero() {
		first = earlier(first, c.RespondBy)
	}
	return first.UTC()
}

// Prune drops the cases that have not changed since a moment: the log has
// forgotten them.
func (b *Board) Prune(since time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, team := range b.teams {
		for id, item := range team {
			if item.Changed.Before(since) {
				b.unpin(item)
				delete(team, id)
			}
		}
	}
}

// Len is how many cases there are.
func (b *Board) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	n := 0
	for _, team := range b.teams {
		n += len(team)
	}
	return n
}

// Alive is how many cases each team has that somebody has to see to; teams without
// one are left out. It is nil as long as not all cases have been read.
func (b *Board) Alive() map[string]int {
	select {
	case <-b.loaded:
	default:
		return nil
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	count := map[string]int{}
	for name, team := range b.teams {
		for _, item := range team {
			if slices.Contains(alive, item.State) {
				count[name]++
			}
		}
	}
	return count
}

// has reports whether a team has, or had, a case.
func (b *Board) has(team string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.teams[team]) > 0
}

// Pin is what is pinned to the cases of a story now, or to a case of no story;
// nil for nothing.
func (b *Board) Pin(story, id string) *earshot.Pin {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.pinOf(story, id)
}

// Find returns the ID of the one case of a team that begins with the given
// characters. The error is a *Refusal.
func (b *Board) Find(team, prefix string) (string, error) {
	prefix = strings.ToLower(strings.TrimSpace(prefix))
	if prefix == "" {
		return "", refuse(BadRequest, "which case it is about is missing (case: its ID, or the beginning of it)")
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if _, ok := b.teams[team][prefix]; ok {
		return prefix, nil
	}
	found := ""
	for id := range b.teams[team] {
		if strings.HasPrefix(id, prefix) {
			if found != "" {
				return "", refuse(BadRequest, "several cases of %s begin with %s, such as %s and %s: say more of the ID", team, shown(prefix), min(found, id), max(found, id))
			}
			found = id
		}
	}
	if found == "" {
		return "", refuse(NotFound, "%s has no case %s (list shows what there is)", team, shown(prefix))
	}
	return found, nil
}

// shown is something of a request, fit to be repeated in an error.
func shown(text string) string {
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text), "?")
}

// Ref names a case of a team.
type Ref struct{ Team, ID string }

// Linked returns the cases of all teams that are of the same story, or have the
// same ID, but for the case itself.
func (b *Board) Linked(story string, of Ref) []Item { return b.linked(story, of, nil) }

// linked are those, and the cases that have a pin, if one is given.
func (b *Board) linked(story string, of Ref, pin *earshot.Pin) []Item {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var all []Item
	for name, team := range b.teams {
		for id, item := range team {
			is := id == of.ID || story != "" && item.Story == story || pin != nil && same(item.Pin, pin)
			if is && (Ref{name, id}) != of {
				all = append(all, *item)
			}
		}
	}
	return all
}
