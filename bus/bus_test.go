package bus_test

import (
	"context"
	"fmt"
	"os"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"earshot"
	"earshot/bus"
)

// toolDir is where the tests put the programs they build.
var toolDir string

func TestMain(m *testing.M) {
	code := 1
	defer func() { os.Exit(code) }()
	var err error
	if toolDir, err = os.MkdirTemp("", "earshot-bus-tools-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(toolDir)
	if code = m.Run(); code == 0 {
		if err := leaked(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
}

// patience is how long a test waits for something that takes a moment on an idle
// machine and much longer on a busy one. It only ends hangs.
const patience = 2 * time.Minute

// leaked finds goroutines that do not end: a server that has been shut down, and
// connections that have been closed, need a moment.
func leaked() (err error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if err = goleak.Find(); err == nil {
			return nil
		}
	}
	return err
}

// The shapes that listeners.Log and alerts.Log ask for.
var (
	_ interface {
		Cursor(ctx context.Context, listener, part string) (earshot.Cursor, uint64, error)
		Case(ctx context.Context, team, id string) (earshot.CaseEvent, error)
		Events(ctx context.Context, after uint64) ([]earshot.CaseEvent, error)
		Membership(ctx context.Context, brand, mention string) (earshot.Membership, error)
		LastOf(ctx context.Context, team string, ids []string) ([]earshot.CaseEvent, error)
		Memberships(ctx context.Context, brand string, mentions []string) ([]earshot.Membership, error)
		Mention(ctx context.Context, brand, id string) (earshot.Stored, error)
		Append(ctx context.Context, events []earshot.CaseEvent) ([]uint64, error)
		Progress(ctx context.Context, brand string) (earshot.Progress, error)
		Publish(ctx context.Context, alerts []earshot.Alert, memberships []earshot.Membership, progress []earshot.Progress) ([]uint64, error)
	} = (*bus.Bus)(nil)
	_ interface {
		Next(ctx context.Context, max int) ([]earshot.Stored, error)
	} = (*bus.Reader)(nil)
)

// options are those of an embedded bus on a free port.
func options(t testing.TB, change ...func(*bus.Options)) bus.Options {
	t.Helper()
	o := bus.Options{
		Config:    bus.Config{Listen: "127.0.0.1:0", MaxBytes: 1 << 30, Reserve: 16 << 20},
		Dir:       t.TempDir(),
		Retention: 30 * 24 * time.Hour,
		Teams:     []string{"cs", "pr"},
		Log:       zaptest.NewLogger(t),
	}
	for _, f := range change {
		f(&o)
	}
	return o
}

// open opens a bus and closes it when the test ends.
func open(t testing.TB, o bus.Options) *bus.Bus {
	t.Helper()
	b, err := bus.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { shut(t, b) })
	return b
}

func shut(t testing.TB, b *bus.Bus) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// began is when the tests did: the same mention has the same times all along.
var began = time.Now().UTC().Truncate(time.Second)

// mention is a judged mention number n that concerns the brands.
func mention(n int, brands ...string) earshot.Judged {
	j := earshot.Judged{Mention: earshot.Mention{
		ID: fmt.Sprintf("rss:post-%d", n), Network: "rss", Listener: "feed",
		Text: fmt.Sprintf("The toy of acme broke, number %d", n), Posted: began.Add(-time.Hour), Heard: began,
	}}
	for _, brand := range brands {
		j.Verdicts = append(j.Verdicts, earshot.Verdict{Brand: brand, Relevance: earshot.Unit, Urgency: 35 * earshot.Unit})
	}
	return j
}

func changed(j earshot.Judged, to earshot.Change) earshot.Judged {
	j.Change = to
	return j
}

// part commits batches of one part in a row.
type part struct {
	t        testing.TB
	bus      *bus.Bus
	name     string
	revision uint64
	next     int
}

func (p *part) commit(mentions ...earshot.Judged) bus.Committed {
	p.t.Helper()
	p.next++
	done, err := p.bus.Commit(p.t.Context(), bus.Batch{
		Listener: "feed", Part: p.name, Revision: p.revision, Mentions: mentions,
		Next: earshot.Cursor(fmt.Sprint(p.next)),
	})
	if err != nil {
		p.t.Fatalf("Commit: %v", err)
	}
	p.revision = done.Revision
	done.Revision = 0
	return done
}

// stored reads everything the log holds, as "brand id change" in its order.
func stored(t testing.TB, b *bus.Bus, want int) []string {
	t.Helper()
	r := b.Mentions(0)
	defer r.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var all []string
	for len(all) < want {
		batch, err := r.Next(ctx, 100)
		if err != nil {
			t.Fatalf("after %d of %d mentions: %v", len(all), want, err)
		}
		for _, s := range batch {
			all = append(all, fmt.Sprintf("%s %s %s", s.Brand, s.Mention.ID, s.Mention.Change))
		}
	}
	quiet, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if more, err := r.Next(quiet, 100); err == nil {
		t.Errorf("%d mentions more than expected, the first is %+v", len(more), more[0])
	}
	return all
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func sorted(s []string) []string { sort.Strings(s); return s }
