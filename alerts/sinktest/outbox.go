package sinktest

import (
	"context"
	"encoding/json"
	"maps"
	"sync"

	"earshot"
)

// Outbox is an alerts.Outbox in memory. Its methods may be called concurrently.
type Outbox struct {
	mu     sync.Mutex
	bell   chan struct{} // closed and replaced when something changes
	all    []earshot.Letter
	next   int
	done   map[uint64]bool
	aside  map[uint64]string
	cases  map[string]json.RawMessage
	states map[string]json.RawMessage
	sent   []earshot.Delivery
}

// NewOutbox returns an empty one.
func NewOutbox() *Outbox {
	return &Outbox{
		bell: make(chan struct{}), done: map[uint64]bool{}, aside: map[uint64]string{},
		cases: map[string]json.RawMessage{}, states: map[string]json.RawMessage{},
	}
}

// Add puts alerts in.
func (o *Outbox) Add(all ...earshot.Alert) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range all {
		o.all = append(o.all, earshot.Letter{Alert: a, Sequence: uint64(len(o.all) + 1)})
	}
	o.ring()
}

func (o *Outbox) ring() {
	close(o.bell)
	o.bell = make(chan struct{})
}

// Restart is a crash of whoever took from it: what is not settled comes again.
func (o *Outbox) Restart() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next = 0
}

// Settled waits until n alerts are settled or ctx ends, and returns how many are.
func (o *Outbox) Settled(ctx context.Context, n int) int {
	for {
		o.mu.Lock()
		settled, bell := len(o.done), o.bell
		o.mu.Unlock()
		if settled >= n {
			return settled
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return settled
		}
	}
}

// Aside is why alerts were set aside, by sequence.
func (o *Outbox) Aside() map[uint64]string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.aside)
}

// Sent is what was noted as delivered, in order.
func (o *Outbox) Sent() []earshot.Delivery {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]earshot.Delivery{}, o.sent...)
}

// Next implements alerts.Outbox.
func (o *Outbox) Next(ctx context.Context) (earshot.Letter, error) {
	for {
		o.mu.Lock()
		l, ok := o.take()
		bell := o.bell
		o.mu.Unlock()
		if ok {
			return l, nil
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return earshot.Letter{}, ctx.Err()
		}
	}
}

func (o *Outbox) take() (earshot.Letter, bool) {
	for o.next < len(o.all) {
		l := o.all[o.next]
		o.next++
		if !o.done[l.Sequence] {
			return l, true
		}
	}
	return earshot.Letter{}, false
}

// Waiting implements alerts.Outbox.
func (o *Outbox) Waiting(context.Context) ([]earshot.Letter, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []earshot.Letter
	for {
		l, ok := o.take()
		if !ok {
			return all, nil
		}
		all = append(all, l)
	}
}

// Done implements alerts.Outbox.
func (o *Outbox) Done(_ context.Context, sequence uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done[sequence] = true
	o.ring()
	return nil
}

// SetAside implements alerts.Outbox.
func (o *Outbox) SetAside(ctx context.Context, sequence uint64, why string) error {
	o.mu.Lock()
	o.aside[sequence] = why
	o.mu.Unlock()
	return o.Done(ctx, sequence)
}

// Told implements alerts.Outbox.
func (o *Outbox) Told(_ context.Context, id string) (json.RawMessage, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.cases[id], nil
}

// Note implements alerts.Outbox.
func (o *Outbox) Note(_ context.Context, id string, told json.RawMessage, d earshot.Delivery) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cases[id] = told
	o.sent = append(o.sent, d)
	return nil
}

// State implements alerts.Outbox.
func (o *Outbox) State(_ context.Context, name string) (json.RawMessage, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.states[name], nil
}

// SetState implements alerts.Outbox.
func (o *Outbox) SetState(_ context.Context, name string, value json.RawMessage) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.states[name] = value
	return nil
}

// Recall implements alerts.Outbox.
func (o *Outbox) Recall(_ context.Context, sequence uint64) (earshot.Alert, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.aside[sequence]; !ok {
		return earshot.Alert{}, earshot.ErrNotFound
	}
	return o.all[sequence-1].Alert, nil
}

// Forgive implements alerts.Outbox.
func (o *Outbox) Forgive(_ context.Context, sequence uint64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.aside, sequence)
	return nil
}

// Count implements alerts.Outbox.
func (o *Outbox) Count(context.Context) (waiting, aside int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.all) - len(o.done), len(o.aside), nil
}
