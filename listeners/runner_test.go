package listeners_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"earshot"
	"earshot/listeners"
)

// sourceFunc is a source made of a function.
type sourceFunc func(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error

func (f sourceFunc) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	return f(ctx, from, emit)
}

// memoryLog keeps batches and fences cursors as the bus does.
type memoryLog struct {
	mu        sync.Mutex
	cursors   map[string]earshot.Cursor
	revisions map[string]uint64
	batches   []listeners.Batch
	cursorErr error
	commitErr error
}

func newMemoryLog() *memoryLog {
	return &memoryLog{cursors: map[string]earshot.Cursor{}, revisions: map[string]uint64{}}
}

func (l *memoryLog) Cursor(_ context.Context, listener, part string) (earshot.Cursor, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cursors[listener+"/"+part], l.revisions[listener+"/"+part], l.cursorErr
}

func (l *memoryLog) Commit(_ context.Context, listener, part string, revision uint64, b listeners.Batch) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := listener + "/" + part
	if l.commitErr != nil {
		return 0, l.commitErr
	}
	if l.revisions[key] != revision {
		return 0, earshot.ErrConflict
	}
	l.batches = append(l.batches, b)
	l.cursors[key] = b.Next
	l.revisions[key]++
	return l.revisions[key], nil
}

func (l *memoryLog) set(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// bench is a runner under test.
type bench struct {
	*listeners.Runner
	log     *memoryLog
	logs    *observer.ObservedLogs
	metrics *prometheus.Registry
}

func newBench(change func(*listeners.Options)) *bench {
	core, logs := observer.New(zapcore.DebugLevel)
	b := &bench{log: newMemoryLog(), logs: logs, metrics: prometheus.NewRegistry()}
	o := listeners.Options{Log: b.log, Logger: zap.New(core), Metrics: b.metrics}
	if change != nil {
		change(&o)
	}
	b.Runner = listeners.New(o)
	return b
}

// start runs the listeners; the returned function stops them and waits.
func (b *bench) start(t *testing.T, ls ...listeners.Listener) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx, ls) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func one(name string, sources ...listeners.Source) listeners.Listener {
	l := listeners.Listener{Name: name, Type: "test"}
	for i, s := range sources {
		l.Parts = append(l.Parts, listeners.Part{Name: string(rune('a' + i)), Source: s})
	}
	return l
}

func idle(ctx context.Context, _ earshot.Cursor, _ listeners.Emit) error {
	<-ctx.Done()
	return ctx.Err()
}

func (b *bench) state(listener string) listeners.Status {
	for _, s := range b.Status() {
		if s.Listener == listener {
			return s
		}
	}
	return listeners.Status{}
}

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
		stop := b.start(t, one("flaky", sourceFunc(func(ctx context.Context, _ earshot.Cursor, _ listeners.Emit) error {
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
			var none []int
			_ = none[calls]
			return nil
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

// A reload touches only what has changed, and what is replaced stops first.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		var events []string
		var mu sync.Mutex
		traced := func(name, fingerprint string) listeners.Listener {
			note := func(what string) {
				mu.Lock()
				defer mu.Unlock()
				events = append(events, what+" "+name+fingerprint)
			}
			l := one(name, sourceFunc(func(ctx context.Context, _ earshot.Cursor, _ listeners.Emit) error {
				note("start")
				<-ctx.Done()
				note("stop")
				return ctx.Err()
			}))
			l.Fingerprint = fingerprint
			return l
		}
		stop := b.start(t, traced("keep", "1"))
		synctest.Wait()
		reload := func(ls ...listeners.Listener) {
			t.Helper()
			if err := b.Reload(t.Context(), ls); err != nil {
				t.Error(err)
			}
			synctest.Wait()
		}
		reload(traced("keep", "1"), traced("new", "1"))
		reload(traced("new", "2"), traced("keep", "1"))
		reload(traced("keep", "1"))
		if err := b.Reload(t.Context(), []listeners.Listener{one("x"), one("x")}); err == nil {
			t.Error("two listeners of one name were accepted")
		}
		stop()
		want := []string{"start keep1", "start new1", "stop new1", "start new2", "stop new2", "stop keep1"}
		if !slices.Equal(events, want) {
			t.Errorf("events %q, want %q", events, want)
		}
		if err := b.Reload(t.Context(), nil); err == nil {
			t.Error("a runner that has stopped was reloaded")
		}
	})
}

func TestMetricsAreWellNamedAndGoWithTheirListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		talk := sourceFunc(func(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
			if err := emit(ctx, listeners.Batch{
				Mentions: []earshot.Mention{{ID: "x:1"}, {ID: "nothing"}},
				Dead:     []earshot.DeadLetter{{Reason: "line 3"}},
				Next:     earshot.Cursor("1"),
			}); err != nil {
				return err
			}
			return idle(ctx, from, emit)
		})
		fail := sourceFunc(func(context.Context, earshot.Cursor, listeners.Emit) error { return listeners.ErrGone })
		stop := b.start(t, one("feeds", talk, fail))
		synctest.Wait()
		if problems, err := testutil.GatherAndLint(b.metrics); err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}
		if err := testutil.GatherAndCompare(b.metrics, strings.NewReader(`
# HELP earshot_listener_dead_letters_total What was heard and could not become a mention, by reason.
# TYPE earshot_listener_dead_letters_total counter
earshot_listener_dead_letters_total{listener="feeds",reason="invalid_mention"} 1
earshot_listener_dead_letters_total{listener="feeds",reason="unreadable"} 1
# HELP earshot_listener_errors_total Failures of a source, by class.
# TYPE earshot_listener_errors_total counter
earshot_listener_errors_total{class="gone",listener="feeds"} 1
# HELP earshot_listener_mentions_total Mentions heard and made durable.
# TYPE earshot_listener_mentions_total counter
earshot_listener_mentions_total{listener="feeds"} 1
# HELP earshot_listener_up Whether any part of the listener listens.
# TYPE earshot_listener_up gauge
earshot_listener_up{listener="feeds"} 1
`), "earshot_listener_dead_letters_total", "earshot_listener_errors_total", "earshot_listener_mentions_total",
			"earshot_listener_up"); err != nil {
			t.Error(err)
		}
		if err := b.Reload(t.Context(), nil); err != nil {
			t.Error(err)
		}
		if n, err := testutil.GatherAndCount(b.metrics); err != nil || n != 0 {
			t.Errorf("%d series are left of a listener that is no more (%v)", n, err)
		}
		stop()
	})
}

// What an error says of a URL's query is often a key.
func TestLogsHoldNoSecretOfAURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		stop := b.start(t, one("keyed", sourceFunc(func(context.Context, earshot.Cursor, listeners.Emit) error {
			return errors.New(`Get "https://api.example/search?access_token=hunter2": EOF`)
		})))
		<-time.After(time.Second)
		stop()
		for _, entry := range b.logs.All() {
			if strings.Contains(entry.ContextMap()["err"].(string), "hunter2") {
				t.Errorf("log: %v", entry)
			}
		}
		if s := b.state("keyed").Err; s != `Get "https://api.example/search?…": EOF` {
			t.Errorf("status says %q", s)
		}
	})
}
