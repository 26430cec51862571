package listeners_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"earshot"
	"earshot/listeners"
)

// A source that fails is called again, with waits whose ceiling doubles.
func TestBackoffGrowsAndIsJittered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		var calls []time.Time
		stop := b.start(t, one("down", sourceFunc(func(context.Context, earshot.Cursor, listeners.Emit) error {
			calls = append(calls, time.Now())
			return errors.New("no route")
		})))
		<-time.After(2 * time.Hour)
		synctest.Wait()
		if got := b.state("down"); got.State != listeners.Waiting || got.Err != "no route" || got.Retry.IsZero() {
			t.Errorf("status is %+v", got)
		}
		stop()

		ceiling, exact := time.Second, 0
		for i := 1; i < len(calls); i++ {
			wait := calls[i].Sub(calls[i-1])
			if wait > ceiling+time.Nanosecond {
				t.Errorf("wait %d is %s, above %s", i, wait, ceiling)
			}
			if wait == ceiling {
				exact++
			}
			ceiling = min(2*ceiling, 5*time.Minute)
		}
		if len(calls) < 20 || len(calls) > 200 {
			t.Errorf("%d calls in two hours", len(calls))
		}
		if exact == len(calls)-1 {
			t.Error("the waits are not jittered")
		}
	})
}

func TestBackoffIsForgottenAfterAHealthyStretch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		var waits []time.Duration
		var failed time.Time
		calls := 0
		stop := b.start(t, one("flaky", sourceFunc(func(context.Context, earshot.Cursor, listeners.Emit) error {
			if calls++; calls > 1 {
				waits = append(waits, time.Since(failed))
			}
			if calls == 12 {
				<-time.After(3 * time.Minute)
			}
			failed = time.Now()
			return errors.New("dropped")
		})))
		<-time.After(3 * time.Hour)
		stop()
		if len(waits) < 13 || waits[11] > time.Second {
			t.Errorf("the wait after a healthy stretch is %v", waits[min(11, len(waits)-1)])
		}
	})
}

func TestRetryAfterIsHonouredAndCapped(t *testing.T) {
	for _, test := range []struct{ asked, least, most time.Duration }{
		{10 * time.Minute, 10 * time.Minute, 10*time.Minute + time.Second},
		{300 * 24 * time.Hour, 6 * time.Hour, 6*time.Hour + time.Second},
		{-time.Hour, 0, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(nil)
			calls := make(chan time.Time, 10)
			stop := b.start(t, one("busy", sourceFunc(func(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
				calls <- time.Now()
				if len(calls) == 2 {
					return idle(ctx, from, emit)
				}
				return &listeners.RetryAfter{Wait: test.asked, Err: errors.New("slow down")}
			})))
			<-time.After(12 * time.Hour)
			stop()
			first, second := <-calls, <-calls
			if wait := second.Sub(first); wait < test.least || wait > test.most {
				t.Errorf("asked for %s, waited %s", test.asked, wait)
			}
			if n := testutil.CollectAndCount(b.metrics, "earshot_listener_errors_total"); n != 1 {
				t.Errorf("%d series of errors", n)
			}
		})
	}
}

func TestGonePartIsNotCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		calls := 0
		stop := b.start(t, one("old", sourceFunc(func(context.Context, earshot.Cursor, listeners.Emit) error {
			calls++
			return errors.Join(errors.New("410"), listeners.ErrGone)
		})))
		<-time.After(24 * time.Hour)
		synctest.Wait()
		if calls != 1 || b.state("old").State != listeners.Gone || !b.Running() {
			t.Errorf("%d calls, %+v", calls, b.state("old"))
		}
		if n := b.logs.FilterMessageSnippet("gone for good").Len(); n != 1 {
			t.Errorf("%d lines about it", n)
		}
		stop()
	})
}

func TestPanicStaysInItsPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		calls := 0
		stop := b.start(t, one("bad", sourceFunc(func(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
			if calls++; calls > 1 {
				return idle(ctx, from, emit)
			}
			return fmt.Errorf("item %d", make([]int, 0)[calls])
		})), one("good", sourceFunc(idle)))
		<-time.After(time.Minute)
		synctest.Wait()
		if calls != 2 || b.state("bad").State != listeners.Listening || b.state("good").Restarts != 0 {
			t.Errorf("%d calls; %+v", calls, b.Status())
		}
		entries := b.logs.FilterMessage("source panicked").All()
		if len(entries) != 1 || !strings.Contains(entries[0].ContextMap()["stack"].(string), "runner_test.go") {
			t.Errorf("the panic is logged as %v", entries)
		}
		stop()
		if err := testutil.GatherAndCompare(b.metrics, strings.NewReader(`
# HELP earshot_listener_panics_total Panics of a source that were contained.
# TYPE earshot_listener_panics_total counter
earshot_listener_panics_total{listener="bad"} 1
earshot_listener_panics_total{listener="good"} 0
`), "earshot_listener_panics_total"); err != nil {
			t.Error(err)
		}
	})
}

func TestHungSourceDoesNotHoldUpShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		release := make(chan struct{})
		var late error
		stop := b.start(t, one("stuck", sourceFunc(func(_ context.Context, _ earshot.Cursor, emit listeners.Emit) error {
			<-release
			late = emit(context.Background(), listeners.Batch{Next: earshot.Cursor("x")})
			return late
		})), one("fine", sourceFunc(idle)))
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("stopping took %s", took)
		}
		found := b.logs.FilterMessageSnippet("abandoned").All()
		if len(found) != 1 || found[0].ContextMap()["source"] != "stuck" {
			t.Errorf("log: %v", found)
		}
		close(release)
		synctest.Wait()
		if late == nil || len(b.log.batches) != 0 {
			t.Errorf("an abandoned source could emit: %v", late)
		}
	})
}

// While the bus is away nobody listens, and nobody gives up.
func TestCursorIsReadAgainUntilTheBusIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		if b.Running() {
			t.Error("a runner that has not begun is running")
		}
		b.log.cursorErr = errors.New("no responders")
		stop := b.start(t, one("early", sourceFunc(idle)))
		<-time.After(time.Hour)
		if b.Running() || b.state("early").State != listeners.Waiting {
			t.Errorf("%+v", b.Status())
		}
		b.log.set(func() { b.log.cursorErr = nil })
		<-time.After(6 * time.Minute)
		if !b.Running() || b.state("early").State != listeners.Listening {
			t.Errorf("%+v", b.Status())
		}
		stop()
	})
}

func TestConflictReadsTheCursorAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		var calls []time.Time
		var froms []string
		stop := b.start(t, one("twin", sourceFunc(func(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
			calls, froms = append(calls, time.Now()), append(froms, string(from))
			if len(calls) == 1 { // another process moves the cursor
				b.log.set(func() { b.log.revisions["twin/a"], b.log.cursors["twin/a"] = 7, earshot.Cursor("theirs") })
			}
			if err := emit(ctx, listeners.Batch{Next: earshot.Cursor("ours")}); err != nil {
				return errors.New("hidden") // the runner knows better
			}
			return idle(ctx, from, emit)
		})))
		<-time.After(time.Second)
		stop()
		if len(calls) != 2 || calls[1].Sub(calls[0]) != 0 || !slices.Equal(froms, []string{"", "theirs"}) {
			t.Errorf("calls %v from %q", calls, froms)
		}
	})
}

// Of two daemons that hear the same, the one that keeps losing asks seldom, says so
// once an hour and not as a warning, and goes on when the other is gone.
func TestWhoKeepsLosingStandsBy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		var calls atomic.Int64
		var alone atomic.Bool
		stop := b.start(t, one("twin", sourceFunc(func(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
			calls.Add(1)
			if !alone.Load() {
				b.log.set(func() { b.log.revisions["twin/a"]++ })
			}
			if err := emit(ctx, listeners.Batch{Next: earshot.Cursor("ours")}); err != nil {
				return err
			}
			return idle(ctx, from, emit)
		})))
		<-time.After(90 * time.Minute)
		if n := calls.Load(); n < 3 || n > 2+90*60/30 {
			t.Errorf("asked %d times in 90 minutes", n)
		}
		if s := b.state("twin"); s.State != listeners.Listening || s.Err != "" || s.Restarts != 0 {
			t.Errorf("%+v", s)
		}
		if n := b.logs.FilterLevelExact(zapcore.InfoLevel).FilterMessageSnippet("stands by").Len(); n != 2 {
			t.Errorf("said %d times in 90 minutes", n)
		}
		if n := b.logs.Filter(func(e observer.LoggedEntry) bool { return e.Level > zapcore.InfoLevel }).Len(); n != 0 {
			t.Errorf("%d warnings", n)
		}
		alone.Store(true)
		<-time.After(10 * time.Minute)
		stop()
		if len(b.log.batches) != 1 {
			t.Errorf("%d batches after the other is gone", len(b.log.batches))
		}
	})
}

func TestEmitFailsForGoodAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.log.commitErr = earshot.ErrFull
		var again error
		stop := b.start(t, one("careless", sourceFunc(func(ctx context.Context, _ earshot.Cursor, emit listeners.Emit) error {
			_ = emit(ctx, listeners.Batch{Next: earshot.Cursor("1")})
			b.log.set(func() { b.log.commitErr = nil })
			again = emit(ctx, listeners.Batch{Next: earshot.Cursor("2")})
			<-ctx.Done()
			return nil
		})))
		synctest.Wait()
		stop()
		if !errors.Is(again, earshot.ErrFull) || len(b.log.batches) != 0 {
			t.Errorf("the second emit returned %v", again)
		}
	})
}

func TestFullStoreIsSaidClearlyAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		b.log.commitErr = earshot.ErrFull
		stop := b.start(t, one("feed", sourceFunc(func(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
			if err := emit(ctx, listeners.Batch{Mentions: []earshot.Mention{{ID: "x:1"}}, Next: earshot.Cursor("1")}); err != nil {
				return err
			}
			return idle(ctx, from, emit)
		})))
		<-time.After(time.Hour)
		if b.logs.FilterMessageSnippet("store is full").Len() == 0 {
			t.Error("nothing is said")
		}
		b.log.set(func() { b.log.commitErr = nil })
		<-time.After(6 * time.Minute)
		if s := b.state("feed"); s.Mentions != 1 || s.Err != "" || s.Heard.IsZero() {
			t.Errorf("%+v", s)
		}
		stop()
	})
}

// What a source leaves running when it returns cannot emit any more.
func TestNothingIsEmittedAfterAListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		var late []error
		stop := b.start(t, one("leaky", sourceFunc(func(ctx context.Context, _ earshot.Cursor, emit listeners.Emit) error {
			go func() {
				<-ctx.Done()
				late = append(late, emit(context.Background(), listeners.Batch{Next: earshot.Cursor("late")}))
			}()
			return listeners.ErrGone
		})))
		synctest.Wait()
		if len(late) != 1 || late[0] == nil || len(b.log.batches) != 0 {
			t.Errorf("late emits: %v", late)
		}
		stop()
	})
}
