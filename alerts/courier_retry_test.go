package alerts_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
)

// picky takes everything but the alerts that it has something against.
type picky struct {
	peer

	against map[string]error
}

func newPicky(against map[string]error) *picky {
	p := &picky{against: against}
	p.do = func(_ context.Context, d alerts.Delivery) error { return p.against[d.Alert.ID] }
	return p
}

// What was set aside is delivered when a person asks for it, if the peer takes it by
// then; what it still does not take stays aside. Nothing old is told after newer things
// of a case, unless that is asked for.
func TestCourierRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		overtaken := number(1)
		newer := revision(overtaken, 2, earshot.BecauseChanged)
		later, bad, dropped := number(2), number(3), number(4)
		rejected := &alerts.Rejected{Err: errors.New("too long")}
		sink := newPicky(map[string]error{overtaken.ID: rejected, later.ID: rejected, bad.ID: rejected, dropped.ID: rejected})
		c := newCourier(t, sinkOf("one", sink))
		c.outboxes["one"].Add(overtaken, newer, later, bad, dropped)
		c.outboxes["one"].Settled(t.Context(), 5)
		synctest.Wait()
		if s := c.of("one"); s.Aside != 4 || len(sink.got()) != 1 {
			t.Fatalf("%+v, delivered %v", s, sink.got())
		}
		delete(sink.against, overtaken.ID)
		delete(sink.against, later.ID)
		retry := func(what alerts.Again) string {
			t.Helper()
			r, err := c.Retry(t.Context(), "one", what)
			if err != nil {
				t.Fatal(err)
			}
			return string(r.Outcome) + r.Err
		}
		got := []string{
			retry(alerts.Again{Sequence: 1}), retry(alerts.Again{Sequence: 3}), retry(alerts.Again{Sequence: 4}),
			retry(alerts.Again{Sequence: 5, Drop: true}), retry(alerts.Again{Sequence: 3}), retry(alerts.Again{Sequence: 2}),
		}
		if diff := cmp.Diff([]string{"overtaken", "sent", "failedtoo long", "dropped", "gone", "gone"}, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(ids(newer, later), sink.got()); diff != "" {
			t.Error(diff)
		}
		if s := c.of("one"); s.Aside != 2 {
			t.Errorf("in the end: %+v", s)
		}
		if _, err := c.Retry(t.Context(), "two", alerts.Again{Sequence: 1}); !errors.Is(err, earshot.ErrNotFound) {
			t.Errorf("a sink that is not there: %v", err)
		}
		c.stop()
		if _, err := c.Retry(t.Context(), "one", alerts.Again{Sequence: 4}); !errors.Is(err, earshot.ErrNotFound) {
			t.Errorf("a sink that has stopped: %v", err)
		}
	})
}

// What is sent late does not have the sink forget the newer things that it told.
func TestCourierSendsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := number(1)
		newer := revision(old, 2, earshot.BecauseChanged)
		sink := newPicky(map[string]error{old.ID: &alerts.Rejected{Err: errors.New("too long")}})
		c := newCourier(t, sinkOf("one", sink))
		c.outboxes["one"].Add(old, newer)
		c.outboxes["one"].Settled(t.Context(), 2)
		synctest.Wait()
		delete(sink.against, old.ID)
		if r, err := c.Retry(t.Context(), "one", alerts.Again{Sequence: 1, Late: true}); err != nil || r.Outcome != alerts.RetrySent || r.Place != "here" {
			t.Errorf("%+v, %v", r, err)
		}
		c.outboxes["one"].Add(newer) // as after a crash
		c.outboxes["one"].Settled(t.Context(), 3)
		if diff := cmp.Diff(ids(newer, old), sink.got()); diff != "" {
			t.Error(diff)
		}
		c.stop()
	})
}

// A peer that takes its time is waited for, whoever asked, and alerts of the same case
// wait for their turn.
func TestCourierRetryUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := false
		a := number(1)
		sink := &peer{}
		sink.do = func(ctx context.Context, d alerts.Delivery) error {
			switch {
			case d.Alert.ID != a.ID:
				return nil
			case !slow:
				return &alerts.Rejected{Err: errors.New("too long")}
			}
			select {
			case <-time.After(30 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		c := newCourier(t, sinkOf("one", sink))
		c.outboxes["one"].Add(a)
		c.outboxes["one"].Settled(t.Context(), 1)
		synctest.Wait()
		slow = true
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if r, err := c.Retry(ctx, "one", alerts.Again{Sequence: 1}); err != nil || r.Outcome != alerts.RetryUnderWay {
			t.Errorf("%+v, %v", r, err)
		}
		next := revision(a, 2, earshot.BecauseChanged)
		c.outboxes["one"].Add(next)
		c.outboxes["one"].Settled(t.Context(), 2)
		synctest.Wait()
		if diff := cmp.Diff(ids(a, next), sink.got()); diff != "" {
			t.Error(diff)
		}
		if s := c.of("one"); s.Aside != 0 {
			t.Errorf("%+v", s)
		}
		c.stop()
	})
}
