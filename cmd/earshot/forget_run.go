package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/bus"
)

// receipt says what was forgotten, in numbers alone: it may be kept.
type receipt struct {
	Receipt     string             `json:"receipt"` // name of the record that keeps the author out
	At          time.Time          `json:"at"`
	Reason      string             `json:"reason,omitempty"`
	DryRun      bool               `json:"dry_run,omitempty"`
	Networks    []string           `json:"networks"` // where the author will not be heard again
	IDs         int                `json:"ids"`      // posts that will not be collected again
	Mentions    int                `json:"mentions"`
	Alerts      int                `json:"alerts"`
	CaseEvents  int                `json:"case_events"`
	Notes       int                `json:"notes"` // on cases, by people
	DeadLetters int                `json:"dead_letters"`
	Drills      int                `json:"drills"`
	Told        map[string]int     `json:"told"` // alerts by team: who has them may keep copies
	Sent        []earshot.Delivery `json:"sent"` // by sinks, beyond earshot's reach
}

// add counts what was found.
func (r *receipt) add(f *finds) {
	for _, m := range f.mentions {
		if !m.Withdrawn {
			r.Mentions++
		}
	}
	r.Alerts += len(f.alerts)
	r.CaseEvents += len(f.events)
	r.Notes += len(f.notes)
	r.DeadLetters += len(f.letters)
	r.Drills += len(f.drills)
	for team, n := range f.told {
		r.Told[team] += n
	}
}

// deliveries tells which alerts left the bus by a sink. Every sink that keeps such
// a record joins sinkRecords.
type deliveries interface {
	Sent(ctx context.Context, alerts []string) ([]earshot.Delivery, error)
}

// sinkRecords are the records of all sinks.
func sinkRecords(client *bus.Client) []deliveries { return []deliveries{client} }

// forgetting erases what somebody wrote, everywhere. Every step may be interrupted
// and the whole begun again: what keeps the author out is written first, the
// tombstones by which everything else is found go last.
type forgetting struct {
	client  *bus.Client
	search  *search
	sealer  *sealer
	receipt receipt
	out     map[digest]bool // all that was ever forgotten
	blocked map[digest]bool // by this receipt
	parts   int
}

// maxRounds bounds how often the store is gone through. What is found after the
// first time came in the meantime.
const maxRounds = 6

func newForgetting(ctx context.Context, client *bus.Client, who whose, reason string) (*forgetting, error) {
	f := &forgetting{
		client: client, search: newSearch(client, who), out: map[digest]bool{}, blocked: map[digest]bool{},
		receipt: receipt{Receipt: rand.Text(), At: time.Now().UTC(), Reason: reason, Networks: []string{}, Told: map[string]int{}, Sent: []earshot.Delivery{}},
	}
	key, err := client.Setting(ctx, forgottenKey)
	switch {
	case errors.Is(err, earshot.ErrNotFound):
		key = []byte(rand.Text() + rand.Text())
	case err != nil:
		return nil, err
	}
	f.sealer = newSealer(key)
	err = client.EachSetting(ctx, forgottenBelow, func(name string, value []byte) error {
		var r forgetRecord
		if name == forgottenKey {
			return nil
		}
		if err := json.Unmarshal(value, &r); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		for _, d := range digests(r.IDs) {
			f.out[d] = true
		}
		return nil
	})
	f.search.isOut = func(id string) bool { return len(f.out) > 0 && f.out[f.sealer.id(id)] }
	return f, err
}

// look finds what there is, for a person to decide.
func (f *forgetting) look(ctx context.Context) (*finds, error) {
	found, err := f.search.run(ctx)
	if err == nil {
		f.note()
	}
	return found, err
}

func (f *forgetting) note() {
	f.receipt.Networks = slices.AppendSeq([]string{}, maps.Keys(f.search.networks))
	slices.Sort(f.receipt.Networks)
	f.receipt.IDs = len(f.search.ids)
}

// run erases what was found, and goes on until nothing is left.
func (f *forgetting) run(ctx context.Context, found *finds) error {
	key, err := f.client.Settle(ctx, forgottenKey, f.sealer.key)
	if err != nil {
		return err
	}
	f.sealer = newSealer(key)
	for range maxRounds {
		if err := f.keepOut(ctx); err != nil {
			return err
		}
		if found.count() == 0 {
			f.note()
			return nil
		}
		if err := f.erase(ctx, found); err != nil {
			return err
		}
		if found, err = f.search.run(ctx); err != nil {
			return err
		}
	}
	return errors.New("more keeps coming: begin again when it has become quieter")
}

// keepOut has all daemons refuse what the search has met. It is durable before
// anything is erased.
func (f *forgetting) keepOut(ctx context.Context) error {
	record := forgetRecord{At: f.receipt.At, Reason: f.receipt.Reason}
	add := func(list *[]byte, d digest) {
		if !f.blocked[d] {
			f.blocked[d] = true
			*list = append(*list, d[:]...)
		}
	}
	for network := range f.search.networks {
		add(&record.Authors, f.sealer.author(network, f.search.whose.author))
	}
	for id := range f.search.ids {
		add(&record.IDs, f.sealer.id(id))
	}
	for first := true; len(record.IDs) > 0 || first && len(record.Authors) > 0; first = false {
		const most = 16384 * len(digest{})
		part := record
		part.IDs = record.IDs[:min(most, len(record.IDs))]
		record.IDs, record.Authors = record.IDs[len(part.IDs):], nil
		value, err := json.Marshal(part)
		if err != nil {
			return err
		}
		f.parts++
		if _, err := f.client.Settle(ctx, fmt.Sprintf("%s.%s-%d", forgottenBelow, f.receipt.Receipt, f.parts), value); err != nil {
			return err
		}
	}
	return nil
}

// erase takes mentions back as their authors would, so that cases and teams learn
// of it, waits until they have, and erases what is left.
func (f *forgetting) erase(ctx context.Context, found *finds) error {
	tombstones, err := f.withdraw(ctx, found.mentions)
	if err != nil {
		return err
	}
	sent, err := sentBySinks(ctx, f.client, found.alertIDs)
	if err != nil {
		return err
	}
	f.receipt.Sent = append(f.receipt.Sent, sent...)
	f.receipt.add(found)
	for _, list := range [][]bus.Copy{found.alerts, found.notes, found.letters, found.drills} {
		if err := f.eraseAll(ctx, list); err != nil {
			return err
		}
	}
	// Withdrawing has made events of its own.
	events := &finds{}
	if err := f.search.caseEvents(ctx, events); err != nil {
		return err
	}
	if err := f.rewrite(ctx, events.events); err != nil {
		return err
	}
	again := &finds{}
	if err := f.search.memberships(ctx, again); err != nil {
		return err
	}
	if err := f.eraseAll(ctx, again.memberships); err != nil {
		return err
	}
	for _, m := range found.mentions {
		tombstones = append(tombstones, m.Copy)
	}
	return f.eraseAll(ctx, tombstones)
}

func sentBySinks(ctx context.Context, client *bus.Client, ids []string) ([]earshot.Delivery, error) {
	var all []earshot.Delivery
	for _, sink := range sinkRecords(client) {
		sent, err := sink.Sent(ctx, ids)
		if err != nil {
			return nil, fmt.Errorf("asking a sink what it sent: %w", err)
		}
		all = append(all, sent...)
	}
	return all, nil
}

func (f *forgetting) eraseAll(ctx context.Context, list []bus.Copy) error {
	for _, c := range list {
		if err := f.client.Erase(ctx, c); err != nil {
			return err
		}
		f.search.seen(1)
	}
	return nil
}

// withdraw returns the tombstones it has made once the alerts have dealt with them.
func (f *forgetting) withdraw(ctx context.Context, mentions []held) ([]bus.Copy, error) {
	var made []bus.Copy
	upTo := map[string]uint64{}
	for _, m := range mentions {
		brand := m.Tokens()[0]
		if m.Withdrawn {
			upTo[brand] = max(upTo[brand], m.Sequence)
			continue
		}
		tombstone, err := f.client.Withdraw(ctx, m.Copy, earshot.Mention{ID: m.ID, Network: m.Network})
		if errors.Is(err, earshot.ErrConflict) {
			continue // something newer lies there, which the next round finds
		}
		if err != nil {
			return nil, err
		}
		upTo[brand] = max(upTo[brand], tombstone.Sequence)
		made = append(made, tombstone)
	}
	for brand, sequence := range upTo {
		if err := f.await(ctx, brand, func(p earshot.Progress) (bool, error) { return p.Sequence >= sequence, nil }); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// dealing is how long the daemon may take to get on.
const dealing = time.Minute

var errNoDaemon = errors.New("no daemon deals with what was taken back: start it, and forget again (posts are kept out already)")

// await waits until the alerts of a brand have come far enough.
func (f *forgetting) await(ctx context.Context, brand string, far func(earshot.Progress) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, dealing, errNoDaemon)
	defer cancel()
	for {
		p, err := f.client.Progress(ctx, brand)
		if err == nil {
			var done bool
			if done, err = far(p); done {
				return nil
			}
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
		rest(ctx, 20*time.Millisecond)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// awaitTold waits until teams have been told of a case event: until then only the
// engine may touch it.
func (f *forgetting) awaitTold(ctx context.Context, sequence uint64) error {
	return f.await(ctx, alerts.Ledger, func(p earshot.Progress) (bool, error) {
		told, err := alerts.Told(p)
		return told >= sequence, err
	})
}
