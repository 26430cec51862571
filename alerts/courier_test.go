package alerts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/sinktest"
)

// peer is a sink of a test: do says what comes of each delivery.
type peer struct {
	do func(ctx context.Context, d alerts.Delivery) error

	mu   sync.Mutex
	told []string // IDs of alerts that it took, in order
	ref  []string // what it was told of the case before
}

func (p *peer) Deliver(ctx context.Context, d alerts.Delivery) (alerts.Receipt, error) {
	if p.do != nil {
		if err := p.do(ctx, d); err != nil {
			return alerts.Receipt{}, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, d.Alert.ID)
	if d.Before != nil {
		p.ref = append(p.ref, d.Before.Ref)
	}
	return alerts.Receipt{Place: "here", Ref: "thread of " + d.Alert.ID}, nil
}

func (p *peer) got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.told)
}

// courier runs sinks with outboxes in memory, within a bubble of synctest.
type courier struct {
	*alerts.Courier

	outboxes map[string]*sinktest.Outbox
	stop     func()
}

func newCourier(t *testing.T, posts ...alerts.Post) *courier {
	t.Helper()
	c := &courier{outboxes: map[string]*sinktest.Outbox{}}
	for _, p := range posts {
		c.outboxes[p.Name] = sinktest.NewOutbox()
	}
	c.Courier = alerts.NewCourier(alerts.CourierOptions{
		Take: func(ctx context.Context, sink, _ string, do func(context.Context, alerts.Outbox) error) error {
			return do(ctx, c.outboxes[sink])
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, posts) }()
	c.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	synctest.Wait()
	return c
}

func sinkOf(name string, sink alerts.Sink) alerts.Post {
	return alerts.Post{Name: name, Type: "test", Team: "cs", Sink: sink}
}

func number(n int) earshot.Alert { return sinktest.Alert(n) }

func ids(list ...earshot.Alert) []string {
	var all []string
	for _, a := range list {
		all = append(all, a.ID)
	}
	return all
}

func revision(a earshot.Alert, n int, why earshot.Why) earshot.Alert {
	a.Revision, a.Why = n, why
	a.ID = fmt.Sprintf("%s.cs.%d", a.Case, n)
	return a
}

func (c *courier) of(name string) alerts.SinkStatus {
	for _, s := range c.Status() {
		if s.Sink == name {
			return s
		}
	}
	return alerts.SinkStatus{}
}

// A temporary failure is tried again until it succeeds, however long that takes; the
// alerts of one case stay in order, and the sink knows what it told before.
func TestCourierPersists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := time.Now().Add(3 * time.Hour)
		sink := &peer{do: func(context.Context, alerts.Delivery) error {
			if time.Now().Before(down) {
				return errors.New("no connection")
			}
			return nil
		}}
		c := newCourier(t, sinkOf("one", sink))
		a := number(1)
		a.At = time.Now()
		second := revision(a, 2, earshot.BecauseChanged)
		third := revision(a, 3, earshot.BecauseWithdrawn)
		c.outboxes["one"].Add(a, second, third)
		<-time.After(time.Hour)
		if s := c.of("one"); s.State != alerts.SinkFailing || s.Retries < 10 || s.Retries > 200 || s.Err != "no connection" {
			t.Errorf("after an hour: %+v", s)
		}
		c.outboxes["one"].Settled(t.Context(), 3)
		if diff := cmp.Diff(ids(a, second, third), sink.got()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"thread of " + a.ID, "thread of " + second.ID}, sink.ref); diff != "" {
			t.Error(diff)
		}
		synctest.Wait()
		if s := c.of("one"); s.State != alerts.SinkDelivering || s.Err != "" || s.Delivered != 3 {
			t.Errorf("in the end: %+v", s)
		}
		if sent := c.outboxes["one"].Sent(); len(sent) != 3 || sent[0].Sink != "one" || sent[0].Place != "here" {
			t.Errorf("noted: %+v", sent)
		}
		c.stop()
	})
}

// A sink that hangs or fails delays no other.
func TestCourierDeadSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := &peer{do: func(ctx context.Context, _ alerts.Delivery) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		works := &peer{}
		c := newCourier(t, sinkOf("hangs", hangs), sinkOf("works", works))
		var all []earshot.Alert
		for n := range 100 {
			all = append(all, number(n))
		}
		began := time.Now()
		c.outboxes["hangs"].Add(all...)
		c.outboxes["works"].Add(all...)
		c.outboxes["works"].Settled(t.Context(), len(all))
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s", took)
		}
		if got := works.got(); len(got) != len(all) {
			t.Errorf("%d alerts", len(got))
		}
		c.stop()
		if len(hangs.got()) != 0 {
			t.Error("what hangs has delivered")
		}
	})
}

// What the peer will never take is set aside, with the reason; so is an alert that
// keeps failing while others get through. Neither keeps the others.
func TestCourierSetsAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad, poison := number(1), number(2)
		sink := &peer{do: func(_ context.Context, d alerts.Delivery) error {
			switch d.Alert.ID {
			case bad.ID:
				return &alerts.Rejected{Err: errors.New("too long")}
			case poison.ID:
				panic("poison")
			}
			return nil
		}}
		c := newCourier(t, sinkOf("one", sink))
		c.outboxes["one"].Add(bad, poison)
		<-time.After(time.Second)
		c.outboxes["one"].Add(number(3), number(4), number(5))
		c.outboxes["one"].Settled(t.Context(), 5)
		aside := c.outboxes["one"].Aside()
		if len(aside) != 2 || aside[1] != "too long" || aside[2] != "failing 10 times while others got through: the sink panicked" {
			t.Errorf("set aside: %v", aside)
		}
		if got := sink.got(); len(got) != 3 {
			t.Errorf("delivered: %v", got)
		}
		synctest.Wait()
		if s := c.of("one"); s.Aside != 2 {
			t.Errorf("%+v", s)
		}
		c.stop()
	})
}

// While all deliveries fail nothing is set aside, for however long.
func TestCourierWaitsForADeadPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &peer{do: func(context.Context, alerts.Delivery) error { return errors.New("down") }}
		c := newCourier(t, sinkOf("one", sink))
		for n := range 20 {
			c.outboxes["one"].Add(number(n))
		}
		<-time.After(24 * time.Hour)
		if aside := c.outboxes["one"].Aside(); len(aside) != 0 {
			t.Errorf("set aside: %v", aside)
		}
		c.stop()
	})
}

// A sink is told of what its filter wants and its age allows; what ends or replaces
// something that it told gets through all the same.
func TestCourierFilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &peer{}
		p := sinkOf("one", sink)
		p.Filter = alerts.Filter{Brands: []string{"acme"}, Kinds: []earshot.Kind{earshot.KindCustomer}, MinUrgency: earshot.High}
		p.MaxAge = time.Hour
		c := newCourier(t, p)
		now := time.Now()
		raised := func(n int, change func(*earshot.Alert)) earshot.Alert {
			a := number(n)
			a.At = now
			if change != nil {
				change(&a)
			}
			return a
		}
		wanted := raised(1, nil)
		sunk := revision(wanted, 2, earshot.BecauseChanged)
		sunk.Urgency, sunk.Replaces = earshot.Low, wanted.ID
		over := revision(wanted, 3, earshot.BecauseWithdrawn)
		over.Urgency, over.Mention, over.At = earshot.Low, nil, now.Add(-48*time.Hour)
		unheard := revision(raised(9, nil), 2, earshot.BecauseWithdrawn)
		c.outboxes["one"].Add(
			raised(2, func(a *earshot.Alert) { a.Brand = "zeta" }),
			raised(3, func(a *earshot.Alert) { a.Kind = earshot.KindCrisis }),
			raised(4, func(a *earshot.Alert) { a.Urgency = earshot.Normal }),
			raised(5, func(a *earshot.Alert) { a.At = now.Add(-61 * time.Minute) }),
			wanted, sunk, over, unheard,
		)
		c.outboxes["one"].Settled(t.Context(), 8)
		synctest.Wait()
		if diff := cmp.Diff(ids(wanted, sunk, over), sink.got()); diff != "" {
			t.Error(diff)
		}
		if s := c.of("one"); s.TooOld != 1 {
			t.Errorf("%+v", s)
		}
		c.stop()
	})
}

// What was delivered and noted but not settled before a crash is not delivered again.
func TestCourierAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &peer{}
		c := newCourier(t, sinkOf("one", sink))
		c.outboxes["one"].Add(number(1))
		c.outboxes["one"].Settled(t.Context(), 1)
		synctest.Wait()
		c.stop()
		again := sinktest.NewOutbox()
		told, err := c.outboxes["one"].Told(t.Context(), number(1).Case)
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Note(t.Context(), number(1).Case, told, earshot.Delivery{}); err != nil {
			t.Fatal(err)
		}
		again.Add(number(1))
		next := newCourier(t, sinkOf("one", sink))
		next.outboxes["one"].Add(number(2)) // the outbox of before is its own
		next.outboxes["one"].Settled(t.Context(), 1)
		next.stop()
		third := newCourierOn(t, again, sinkOf("one", sink))
		again.Settled(t.Context(), 1)
		third.stop()
		if diff := cmp.Diff(ids(number(1), number(2)), sink.got()); diff != "" {
			t.Error(diff)
		}
	})
}

func newCourierOn(t *testing.T, outbox *sinktest.Outbox, p alerts.Post) *courier {
	t.Helper()
	c := &courier{}
	c.Courier = alerts.NewCourier(alerts.CourierOptions{
		Take: func(ctx context.Context, _, _ string, do func(context.Context, alerts.Outbox) error) error {
			return do(ctx, outbox)
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, []alerts.Post{p}) }()
	c.stop = func() {
		cancel()
		<-ended
	}
	return c
}

// forgetful is an outbox that cannot keep what was told.
type forgetful struct {
	*sinktest.Outbox

	notes chan struct{} // closed when it can again
}

func (f *forgetful) Note(ctx context.Context, id string, told json.RawMessage, d earshot.Delivery) error {
	select {
	case <-f.notes:
	case <-ctx.Done():
		return ctx.Err()
	}
	return f.Outbox.Note(ctx, id, told, d)
}

// Four alerts at most are with the peer and not noted: so few can come twice after a
// crash.
func TestCourierRepeatsFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &peer{}
		outbox := &forgetful{sinktest.NewOutbox(), make(chan struct{})}
		for n := range 50 {
			outbox.Add(number(n))
		}
		c := alerts.NewCourier(alerts.CourierOptions{
			Take: func(ctx context.Context, _, _ string, do func(context.Context, alerts.Outbox) error) error {
				return do(ctx, outbox)
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx, []alerts.Post{sinkOf("one", sink)}) }()
		synctest.Wait()
		if got := sink.got(); len(got) != 4 {
			t.Errorf("%d alerts are with the peer", len(got))
		}
		close(outbox.notes)
		if n := outbox.Settled(t.Context(), 50); n != 50 || len(sink.got()) != 50 {
			t.Errorf("%d are settled, %d were delivered", n, len(sink.got()))
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
