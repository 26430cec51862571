package alerts_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot/alerts"
)

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
		<-time.After(time.Minute)
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
		var calls atomic.Int32
		sink := &peer{do: func(context.Context, alerts.Delivery) error {
			calls.Add(1)
			if token, _ := os.ReadFile(file); string(token) != "newer" {
				return &alerts.Refused{File: file, Renew: "ask", Err: errors.New("no")}
			}
			return nil
		}}
		p := sinkOf("one", sink)
		c := newCourier(t, p)
		c.outboxes["one"].Add(number(1))
		<-time.After(time.Hour)
		if s := c.of("one"); s.State != alerts.SinkRefused || calls.Load() != 1 || !strings.Contains(s.Err, file) {
			t.Errorf("after an hour: %d calls, %+v", calls.Load(), s)
		}
		if err := c.Reload([]alerts.Post{p}); err != nil { // the same configuration: it is tried again
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		if calls.Load() != 2 {
			t.Errorf("%d calls after a reload", calls.Load())
		}
		write("newer")
		<-time.After(time.Minute)
		if len(sink.got()) != 1 || calls.Load() != 3 {
			t.Errorf("%d calls, delivered %v", calls.Load(), sink.got())
		}
		c.stop()
	})
}

// A peer that wants nothing any more is left alone, and the alerts wait for another
// configuration.
func TestCourierGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		gone := sinkOf("one", &peer{do: func(context.Context, alerts.Delivery) error {
			calls.Add(1)
			return fmt.Errorf("%w: 410", alerts.ErrGone)
		}})
		c := newCourier(t, gone)
		c.outboxes["one"].Add(number(1), number(1))
		<-time.After(time.Hour)
		if err := c.Reload([]alerts.Post{gone}); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Hour)
		if s := c.of("one"); s.State != alerts.SinkGone || calls.Load() != 1 {
			t.Errorf("%d calls, %+v", calls.Load(), s)
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
