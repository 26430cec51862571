package alerts_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		time.Sleep(time.Hour)
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
		for n := range 500 {
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
		time.Sleep(time.Second)
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
		for n := range 50 {
			c.outboxes["one"].Add(number(n))
		}
		time.Sleep(7 * 24 * time.Hour)
		if aside := c.outboxes["one"].Aside(); len(aside) != 0 {
			t.Errorf("set aside: %v", aside)
		}
		c.stop()
	})
}

// A peer that asks for a time is left alone by all deliveries for that time.
func TestCourierRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []time.Duration
		var mu sync.Mutex
		began := time.Now()
		sink := &peer{do: func(context.Context, alerts.Delivery) error {
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, time.Since(began))
			if len(calls) == 1 {
				return &alerts.RetryAfter{Wait: 7 * time.Minute, Err: errors.New("slow down")}
			}
			return nil
		}}
		c := newCourier(t, sinkOf("one", sink))
		c.outboxes["one"].Add(number(1))
		synctest.Wait()
		c.outboxes["one"].Add(number(2))
		time.Sleep(time.Minute)
		if s := c.of("one"); s.State != alerts.SinkWaiting || !s.Retry.Equal(began.Add(7*time.Minute)) {
			t.Errorf("meanwhile: %+v", s)
		}
		c.outboxes["one"].Settled(t.Context(), 2)
		if diff := cmp.Diff([]time.Duration{0, 7 * time.Minute, 7 * time.Minute}, calls); diff != "" {
			t.Error(diff)
		}
		c.stop()
	})
}

// A refused credential stops the sink until its file changes or the configuration is
// read again; a peer that is gone waits for another configuration.
func TestCourierRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "token")
		write := func(token string) {
			if err := os.WriteFile(file+".new", []byte(token), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(file+".new", file); err != nil { // nobody sees half of it
				t.Fatal(err)
			}
		}
		write("old")
		calls := 0
		sink := &peer{do: func(context.Context, alerts.Delivery) error {
			calls++
			if token, _ := os.ReadFile(file); string(token) != "newer" {
				return &alerts.Refused{File: file, Renew: "ask", Err: errors.New("no")}
			}
			return nil
		}}
		p := sinkOf("one", sink)
		c := newCourier(t, p)
		c.outboxes["one"].Add(number(1))
		time.Sleep(time.Hour)
		if s := c.of("one"); s.State != alerts.SinkRefused || calls != 1 || !strings.Contains(s.Err, file) {
			t.Errorf("after an hour: %d calls, %+v", calls, s)
		}
		if err := c.Reload([]alerts.Post{p}); err != nil { // the same configuration: it is tried again
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if calls != 2 {
			t.Errorf("%d calls after a reload", calls)
		}
		write("newer")
		time.Sleep(time.Minute)
		if len(sink.got()) != 1 || calls != 3 {
			t.Errorf("%d calls, delivered %v", calls, sink.got())
		}
		c.stop()
	})
}

// A peer that wants nothing any more is left alone, and the alerts wait for another
// configuration.
func TestCourierGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		gone := sinkOf("one", &peer{do: func(context.Context, alerts.Delivery) error {
			calls++
			return fmt.Errorf("%w: 410", alerts.ErrGone)
		}})
		c := newCourier(t, gone)
		c.outboxes["one"].Add(number(1), number(1))
		time.Sleep(time.Hour)
		if err := c.Reload([]alerts.Post{gone}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if s := c.of("one"); s.State != alerts.SinkGone || calls != 1 {
			t.Errorf("%d calls, %+v", calls, s)
		}
		works := &peer{}
		next := sinkOf("one", works)
		next.Fingerprint = "another address"
		c.outboxes["one"].Restart()
		if err := c.Reload([]alerts.Post{next}); err != nil {
			t.Fatal(err)
		}
		c.outboxes["one"].Settled(t.Context(), 2)
		if diff := cmp.Diff(ids(number(1)), works.got()); diff != "" {
			t.Error(diff)
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
		make := func(n int, change func(*earshot.Alert)) earshot.Alert {
			a := number(n)
			a.At = now
			if change != nil {
				change(&a)
			}
			return a
		}
		wanted := make(1, nil)
		sunk := revision(wanted, 2, earshot.BecauseChanged)
		sunk.Urgency, sunk.Replaces = earshot.Low, wanted.ID
		over := revision(wanted, 3, earshot.BecauseWithdrawn)
		over.Urgency, over.Mention, over.At = earshot.Low, nil, now.Add(-48*time.Hour)
		unheard := revision(make(9, nil), 2, earshot.BecauseWithdrawn)
		c.outboxes["one"].Add(
			make(2, func(a *earshot.Alert) { a.Brand = "zeta" }),
			make(3, func(a *earshot.Alert) { a.Kind = earshot.KindCrisis }),
			make(4, func(a *earshot.Alert) { a.Urgency = earshot.Normal }),
			make(5, func(a *earshot.Alert) { a.At = now.Add(-61 * time.Minute) }),
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

// digester sends digests every six hours.
type digester struct {
	peer

	mu   sync.Mutex
	all  [][]string
	when []time.Time
	fail bool
}

func (*digester) Next(after time.Time) time.Time { return after.Add(6 * time.Hour) }

func (d *digester) DeliverAll(_ context.Context, all []alerts.Delivery) (alerts.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail {
		d.fail = false
		return alerts.Receipt{}, errors.New("not now")
	}
	var some []string
	for _, one := range all {
		some = append(some, one.Alert.ID)
	}
	d.all, d.when = append(d.all, some), append(d.when, time.Now())
	return alerts.Receipt{}, nil
}

// A digest tells of all that has gathered when it is due, a hundred alerts a message,
// is tried again, and of nothing when there is nothing.
func TestCourierDigest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &digester{fail: true}
		c := newCourier(t, sinkOf("one", sink))
		began := time.Now()
		for n := range 130 {
			c.outboxes["one"].Add(number(n))
		}
		time.Sleep(5 * time.Hour)
		if len(sink.all) != 0 {
			t.Error("it was sent before it was due")
		}
		time.Sleep(20 * time.Hour)
		if len(sink.all) != 2 || len(sink.all[0]) != 100 || len(sink.all[1]) != 30 {
			t.Fatalf("%d messages", len(sink.all))
		}
		if late := sink.when[0].Sub(began) - 6*time.Hour; late < 0 || late > time.Second {
			t.Errorf("sent %s after it was due", late)
		}
		if n := c.outboxes["one"].Settled(t.Context(), 130); n != 130 {
			t.Errorf("%d are settled", n)
		}
		c.stop()
	})
}

// A sink that follows what becomes of its alerts is called again when that fails, and
// ends with the courier.
func TestCourierFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &follower{}
		c := newCourier(t, sinkOf("one", f))
		time.Sleep(10 * time.Minute)
		c.stop()
		if f.calls < 3 || f.calls > 50 {
			t.Errorf("called %d times", f.calls)
		}
	})
}

type follower struct {
	peer

	calls int
}

func (f *follower) Follow(ctx context.Context) error {
	f.calls++
	if f.calls == 2 {
		panic("odd")
	}
	if f.calls < 4 {
		return errors.New("not now")
	}
	<-ctx.Done()
	return ctx.Err()
}
