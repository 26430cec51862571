package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/bus"
)

// raise publishes alerts of team cs with the given numbers, one batch each.
func raise(t *testing.T, b *bus.Bus, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		p, err := b.Progress(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		p.Sequence++
		a := earshot.Alert{
			ID: fmt.Sprint("alert-", n), Case: fmt.Sprint("case-", n), Team: "cs", Brand: "acme",
			Kind: earshot.KindCustomer, Urgency: earshot.High, Why: earshot.BecauseNew, At: time.Now(),
		}
		if n%2 == 0 {
			a.Mention = &earshot.Mention{ID: "mail:1", Network: "mail", Visibility: earshot.Private}
		}
		if _, err := b.Publish(t.Context(), []earshot.Alert{a}, nil, []earshot.Progress{p}); err != nil {
			t.Fatal(err)
		}
	}
}

// outbox opens one and keeps it until stop, after which what is not settled is given
// back.
func outbox(t *testing.T, b *bus.Bus) (_ *bus.Outbox, stop func()) {
	t.Helper()
	o, err := b.Outbox(t.Context(), "crm", "cs")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		o.Keep(ctx)
	}()
	return o, func() {
		cancel()
		<-kept
	}
}

func take(t *testing.T, o *bus.Outbox) earshot.Letter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	l, err := o.Next(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// An outbox hands out what was raised since it was first opened, private alerts too,
// again after a restart until it is settled, and before what was raised since.
func TestOutbox(t *testing.T) {
	t.Parallel()
	o := options(t)
	b := open(t, o)
	raise(t, b, 1) // before anybody wanted it
	box, stop := outbox(t, b)
	raise(t, b, 2, 3, 4)
	var got []string
	for range 3 {
		l := take(t, box)
		got = append(got, l.Alert.ID)
		if l.Alert.ID == "alert-3" {
			if err := box.Done(t.Context(), l.Sequence); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff([]string{"alert-2", "alert-3", "alert-4"}, got); diff != "" {
		t.Error(diff)
	}
	if n, _, err := box.Count(t.Context()); err != nil || n != 2 {
		t.Errorf("%d wait: %v", n, err)
	}
	stop()
	raise(t, b, 5)
	shut(t, b)

	b = open(t, o)
	box, stop = outbox(t, b)
	defer stop()
	got = nil
	for range 3 {
		l := take(t, box)
		got = append(got, l.Alert.ID)
		if err := box.Done(t.Context(), l.Sequence); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"alert-2", "alert-4", "alert-5"}, got); diff != "" {
		t.Error(diff)
	}
	if waiting, err := box.Waiting(t.Context()); err != nil || len(waiting) != 0 {
		t.Errorf("%v wait: %v", waiting, err)
	}
	if n, _, err := box.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d wait: %v", n, err)
	}
}

// Whoever dies without a word has what was under way handed out again, first.
func TestOutboxAfterACrash(t *testing.T) {
	t.Parallel()
	b := open(t, options(t))
	dead, err := b.Outbox(t.Context(), "crm", "cs")
	if err != nil {
		t.Fatal(err)
	}
	raise(t, b, 1, 2)
	take(t, dead) // and nobody says that it is still in work
	take(t, dead)
	raise(t, b, 3)
	box, stop := outbox(t, b)
	defer stop()
	var got []string
	for range 3 {
		got = append(got, take(t, box).Alert.ID)
	}
	if diff := cmp.Diff([]string{"alert-1", "alert-2", "alert-3"}, got); diff != "" {
		t.Error(diff)
	}
}

// What was told, sent and set aside is found again, with nothing of what it says.
func TestOutboxRecords(t *testing.T) {
	t.Parallel()
	o := options(t)
	b := open(t, o)
	box, stop := outbox(t, b)
	defer stop()
	raise(t, b, 1, 2)
	first, second := take(t, box), take(t, box)
	if told, err := box.Told(t.Context(), "case-1"); err != nil || told != nil {
		t.Errorf("nothing was told yet: %s, %v", told, err)
	}
	sent := earshot.Delivery{Sink: "crm", Alert: first.Alert.ID, At: time.Now().UTC().Truncate(time.Second), Place: "here"}
	for _, ref := range []string{`{"ref":"a"}`, `{"ref":"b"}`} {
		if err := box.Note(t.Context(), "case-1", json.RawMessage(ref), sent); err != nil {
			t.Fatal(err)
		}
	}
	if told, err := box.Told(t.Context(), "case-1"); err != nil || string(told) != `{"ref":"b"}` {
		t.Errorf("told: %s, %v", told, err)
	}
	if err := box.SetState(t.Context(), "cursor", json.RawMessage(`"x"`)); err != nil {
		t.Fatal(err)
	}
	if state, err := box.State(t.Context(), "cursor"); err != nil || string(state) != `"x"` {
		t.Errorf("state: %s, %v", state, err)
	}
	if err := box.SetAside(t.Context(), second.Sequence, "too long"); err != nil {
		t.Fatal(err)
	}
	c, err := bus.Dial(b.URL(), bus.DaemonLogin(o.Dir), o.Log)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	found, err := c.Sent(t.Context(), []string{"alert-1", "alert-2"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]earshot.Delivery{sent}, found); diff != "" {
		t.Error(diff)
	}
	var aside []string
	err = c.Aside(t.Context(), "*", func(s earshot.SetAside) error {
		aside = append(aside, s.Sink+" "+s.Alert+" "+s.Why)
		return nil
	})
	if err != nil || !slices.Equal(aside, []string{"crm alert-2 too long"}) {
		t.Errorf("set aside: %v, %v", aside, err)
	}
	recalled, err := box.Recall(t.Context(), second.Sequence)
	if err != nil || recalled.ID != second.Alert.ID {
		t.Errorf("recalled %q: %v", recalled.ID, err)
	}
	if _, err := box.Recall(t.Context(), first.Sequence); !errors.Is(err, earshot.ErrNotFound) {
		t.Errorf("what does not lie aside is recalled: %v", err)
	}
	if _, n, err := box.Count(t.Context()); err != nil || n != 1 {
		t.Errorf("%d lie aside: %v", n, err)
	}
	for range 2 {
		if err := box.Forgive(t.Context(), second.Sequence); err != nil {
			t.Error(err)
		}
	}
	if _, n, err := box.Count(t.Context()); err != nil || n != 0 {
		t.Errorf("%d lie aside: %v", n, err)
	}
}
