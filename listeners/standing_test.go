package listeners_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"pgregory.net/rapid"

	"earshot"
	"earshot/listeners"
)

// A refused credential is said once, and the network is left alone until the file
// changes or the configuration is read again.
func TestRefusedCredential(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fedi.token")
	writeAt(t, file, "old", time.Unix(0, 0))
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		var calls atomic.Int64
		ls := one("fedi", sourceFunc(func(context.Context, earshot.Cursor, listeners.Emit) error {
			calls.Add(1)
			return &listeners.Refused{File: file, Renew: "make a new token in the settings", Err: errors.New("401 Unauthorized")}
		}))
		stop := b.start(t, ls)
		<-time.After(48*time.Hour + time.Second) // not while the file is looked at
		if got := b.state("fedi"); calls.Load() != 1 || got.State != listeners.Denied || !strings.Contains(got.Err, file) || !strings.Contains(got.Err, "make a new token") {
			t.Errorf("%d calls, status %+v", calls.Load(), got)
		}
		if n := b.logs.FilterMessageSnippet("credential refused").Len(); n != 1 {
			t.Errorf("said %d times", n)
		}
		writeAt(t, file, "newer", time.Now())
		<-time.After(time.Minute)
		if calls.Load() != 2 {
			t.Errorf("%d calls after the file changed", calls.Load())
		}
		if err := b.Reload(t.Context(), []listeners.Listener{ls}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if calls.Load() != 3 {
			t.Errorf("%d calls after the configuration was read again", calls.Load())
		}
		stop()
	})
}

// writeAt writes a file at a moment, which may be of a bubble.
func writeAt(t *testing.T, file, content string, at time.Time) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, at, at); err != nil {
		t.Fatal(err)
	}
}

// A credential that is renewed while the old one is being refused is tried at once,
// and not again and again.
func TestRenewedMeanwhile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fedi.token")
	writeAt(t, file, "old", time.Unix(0, 0))
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		var calls atomic.Int64
		ls := one("fedi", sourceFunc(func(context.Context, earshot.Cursor, listeners.Emit) error {
			<-time.After(time.Second) // the network thinks
			if calls.Add(1) == 1 {
				writeAt(t, file, "new", time.Now())
			}
			return &listeners.Refused{File: file, Renew: "make a new token", Err: errors.New("401 Unauthorized")}
		}))
		stop := b.start(t, ls)
		<-time.After(2500 * time.Millisecond)
		if calls.Load() != 2 || b.logs.FilterMessageSnippet("credential refused").Len() != 1 {
			t.Errorf("%d calls, said %d times", calls.Load(), b.logs.FilterMessageSnippet("credential refused").Len())
		}
		<-time.After(time.Hour)
		if calls.Load() != 2 {
			t.Errorf("%d calls after an hour", calls.Load())
		}
		stop()
	})
}

// In quiet hours nobody asks; a source at work is stopped and goes on afterwards.
func TestQuietHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC, 2000-01-01
		b := newBench(nil)
		var began, ended []time.Time
		ls := one("fedi", sourceFunc(func(ctx context.Context, _ earshot.Cursor, _ listeners.Emit) error {
			began = append(began, time.Now().UTC())
			<-ctx.Done()
			ended = append(ended, time.Now().UTC())
			return ctx.Err()
		}))
		ls.Quiet = listeners.Quiet{From: "22:30", To: "06:00", Zone: "Europe/Copenhagen"}
		stop := b.start(t, ls)
		synctest.Wait()
		if got := b.state("fedi"); got.State != listeners.Hushed || got.Retry.Hour() != 5 {
			t.Errorf("status %+v", got)
		}
		<-time.After(47 * time.Hour)
		stop()
		if len(began) != 2 || began[0].Format("15:04") != "05:00" || ended[0].Format("15:04") != "21:30" || b.state("fedi").Restarts != 0 {
			t.Errorf("listened from %v to %v", began, ended)
		}
	})
}

func TestQuietAndLimitAreChecked(t *testing.T) {
	for _, q := range []listeners.Quiet{{From: "25:00", To: "06:00"}, {From: "22:00"}, {From: "22:00", To: "22:00"}, {From: "22:00", To: "06:00", Zone: "Atlantis"}} {
		if !q.Check().Fatal() {
			t.Errorf("%+v holds", q)
		}
	}
	for _, l := range []listeners.Limit{{Requests: 1}, {Per: time.Hour}, {Requests: -1, Per: time.Hour}} {
		if !l.Check().Fatal() {
			t.Errorf("%+v holds", l)
		}
	}
	if (listeners.Quiet{}).Check().Fatal() || (listeners.Limit{}).Check().Fatal() {
		t.Error("nothing at all does not hold")
	}
}

// What a source reports of its standing is shown, newer over older.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(nil)
		next := time.Now().Add(time.Minute)
		stop := b.start(t, one("x", sourceFunc(func(ctx context.Context, _ earshot.Cursor, emit listeners.Emit) error {
			listeners.Report(ctx, listeners.Outlook{Of: 450, Left: 449, Note: "streaming"})
			listeners.Report(ctx, listeners.Outlook{Of: 450, Left: 0, Next: next})
			now := time.Now()
			if err := emit(ctx, batchOf(now.Add(-time.Second))); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		})))
		synctest.Wait()
		got := b.state("x")
		if got.Left != 0 || got.Of != 450 || !got.Next.Equal(next) || got.Note != "streaming" || got.Lag != time.Second {
			t.Errorf("status %+v", got)
		}
		stop()
	})
}

func batchOf(posted time.Time) listeners.Batch {
	return listeners.Batch{Mentions: []earshot.Mention{{ID: "x:1", Text: "hello", Posted: posted}}}
}

// memoryTally is a Tally that survives its users.
type memoryTally struct {
	mu      sync.Mutex
	records map[string][]byte
	at      map[string]uint64
}

func newMemoryTally() *memoryTally {
	return &memoryTally{records: map[string][]byte{}, at: map[string]uint64{}}
}

func (m *memoryTally) Load(_ context.Context, name string) ([]byte, uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.records[name], m.at[name], nil
}

func (m *memoryTally) Save(_ context.Context, name string, value []byte, revision uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at[name] != revision {
		return 0, earshot.ErrConflict
	}
	m.records[name] = value
	m.at[name]++
	return m.at[name], nil
}

// However many spend at once and however often they are killed, a budget is never
// exceeded, and no more is refused than must be.
func TestBudgetIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limits := listeners.BudgetLimits{Day: float64(rapid.IntRange(0, 50).Draw(t, "day")), Month: float64(rapid.IntRange(1, 80).Draw(t, "month"))}
		tally := newMemoryTally()
		now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		fresh := func() *listeners.Budget {
			return listeners.NewBudget(listeners.BudgetOptions{Name: "x", Unit: "USD", Limits: limits, Tally: tally, Now: func() time.Time { return now }})
		}
		two := []*listeners.Budget{fresh(), fresh()}
		day, month := 0.0, 0.0
		for range 40 {
			amount := float64(rapid.IntRange(1, 20).Draw(t, "amount"))
			if rapid.IntRange(0, 9).Draw(t, "next day") == 0 {
				before := now.Month()
				now = now.AddDate(0, 0, 1)
				day = 0
				if now.Month() != before {
					month = 0
				}
			}
			err := two[rapid.IntRange(0, 1).Draw(t, "who")].Spend(context.Background(), amount)
			fits := (limits.Day == 0 || day+amount <= limits.Day) && month+amount <= limits.Month
			if fits != (err == nil) || err != nil && !errors.Is(err, listeners.ErrSpent) {
				t.Fatalf("%v a day %v a month %v more: %v", day, month, amount, err)
			}
			if err == nil {
				day, month = day+amount, month+amount
			}
			if rapid.IntRange(0, 9).Draw(t, "killed") == 0 {
				two[0] = fresh()
			}
		}
	})
}

// Four fifths of a budget are announced once, and a spent one says until when.
func TestBudgetIsAnnounced(t *testing.T) {
	core, logs := observer.New(zapcore.WarnLevel)
	now := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)
	b := listeners.NewBudget(listeners.BudgetOptions{
		Name: "x", Unit: "USD", Limits: listeners.BudgetLimits{Day: 10}, Tally: newMemoryTally(),
		Log: zap.New(core), Now: func() time.Time { return now },
	})
	for range 9 {
		if err := b.Spend(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
	}
	if n := logs.FilterMessage("most of the budget is spent").Len(); n != 1 {
		t.Errorf("announced %d times", n)
	}
	var shown listeners.Outlook
	err := b.Spend(listeners.WithReport(t.Context(), func(o listeners.Outlook) { shown = o }), 1.000001)
	if len(shown.Spent) == 0 || shown.Spent[0].Used != 9 {
		t.Errorf("shown when refused: %+v", shown.Spent)
	}
	if retry, ok := errors.AsType[*listeners.RetryAfter](err); !ok || retry.Wait != time.Hour || listeners.Class(err) != "budget" {
		t.Errorf("Spend = %v (%s)", err, listeners.Class(err))
	}
	if err := b.Spend(t.Context(), -4); err != nil {
		t.Fatal(err)
	}
	spent, err := b.Spent(t.Context())
	if err != nil || spent[0].Used != 5 || spent[1].Used != 5 {
		t.Errorf("Spent = %+v %v", spent, err)
	}
}

// historian is a source that can hear the past.
type historian struct {
	sourceFunc
	told []string // cursors Backfill was called with
}

func (h *historian) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	h.told = append(h.told, since.Format(time.DateOnly)+" "+string(from))
	if string(from) == "half" {
		return nil
	}
	if err := emit(ctx, listeners.Batch{Next: earshot.Cursor("half")}); err != nil {
		return err
	}
	return errors.New("killed")
}

// A backfill goes on where it stopped, with the time it began with, and begins
// anew when it is through.
func TestPast(t *testing.T) {
	if _, ok := listeners.Past(listeners.Part{Source: sourceFunc(nil)}, time.Time{}, false); ok {
		t.Error("a source without a past has one")
	}
	log := newMemoryLog()
	h := &historian{}
	call := func(day int, restart bool) error {
		p, _ := listeners.Past(listeners.Part{Name: "a", Source: h}, time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC), restart)
		from, revision, _ := log.Cursor(t.Context(), "l", p.Name)
		return p.Source.Listen(t.Context(), from, func(ctx context.Context, b listeners.Batch) error {
			var err error
			revision, err = log.Commit(ctx, "l", p.Name, revision, b)
			return err
		})
	}
	errs := []error{call(1, false), call(2, false), call(3, false), call(4, true)}
	if errs[0] == nil || !errors.Is(errs[1], listeners.ErrThrough) || !errors.Is(errs[1], listeners.ErrGone) {
		t.Errorf("errors %v", errs)
	}
	want := "2026-11-01 |2026-11-01 half|2026-11-03 |2026-11-04 "
	if got := strings.Join(h.told, "|"); got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}
