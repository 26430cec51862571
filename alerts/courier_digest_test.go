package alerts_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"earshot/alerts"
)

// digester sends digests every six hours.
type digester struct {
	peer

	mu   sync.Mutex
	all  [][]string
	when []time.Time
	fail bool
	bad  string // ID of an alert that no message may tell of
}

func (d *digester) sent() ([][]string, []time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.all), slices.Clone(d.when)
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
		if one.Alert.ID == d.bad {
			return alerts.Receipt{}, &alerts.Rejected{Err: errors.New("not this one")}
		}
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
		<-time.After(5 * time.Hour)
		if all, _ := sink.sent(); len(all) != 0 {
			t.Error("it was sent before it was due")
		}
		<-time.After(20 * time.Hour)
		all, when := sink.sent()
		if len(all) != 2 || len(all[0]) != 100 || len(all[1]) != 30 {
			t.Fatalf("%d messages", len(all))
		}
		if late := when[0].Sub(began) - 6*time.Hour; late < 0 || late > time.Second {
			t.Errorf("sent %s after it was due", late)
		}
		if n := c.outboxes["one"].Settled(t.Context(), 130); n != 130 {
			t.Errorf("%d are settled", n)
		}
		c.stop()
	})
}

// Of a digest that the peer does not take, only the alert at fault is set aside, and
// it can be sent again by itself.
func TestCourierDigestSetsAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink := &digester{bad: number(37).ID}
		c := newCourier(t, sinkOf("one", sink))
		for n := range 50 {
			c.outboxes["one"].Add(number(n))
		}
		<-time.After(7 * time.Hour)
		told := 0
		all, _ := sink.sent()
		for _, some := range all {
			told += len(some)
		}
		if aside := c.outboxes["one"].Aside(); told != 49 || len(aside) != 1 || aside[38] != "not this one" {
			t.Errorf("told of %d, set aside %v", told, aside)
		}
		sink.mu.Lock()
		sink.bad = ""
		sink.mu.Unlock()
		if r, err := c.Retry(t.Context(), "one", alerts.Again{Sequence: 38}); err != nil || r.Outcome != alerts.RetrySent {
			t.Errorf("%+v, %v", r, err)
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
		<-time.After(10 * time.Minute)
		c.stop()
		if n := f.calls.Load(); n < 3 || n > 50 {
			t.Errorf("called %d times", n)
		}
	})
}

type follower struct {
	peer

	calls atomic.Int32
}

func (f *follower) Follow(ctx context.Context) error {
	n := f.calls.Add(1)
	if n == 2 {
		panic("odd")
	}
	if n < 4 {
		return errors.New("not now")
	}
	<-ctx.Done()
	return ctx.Err()
}
