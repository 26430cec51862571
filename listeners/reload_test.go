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

	"github.com/prometheus/client_golang/prometheus/testutil"

	"earshot"
	"earshot/listeners"
)

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
