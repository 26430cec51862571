package bus_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"earshot"
	"earshot/bus"
)

// fill commits until there is no room, and returns the batch that found none.
func fill(t *testing.T, p *part, most int) bus.Batch {
	t.Helper()
	for n := 0; n < most; n += 100 {
		batch := bus.Batch{Listener: "feed", Part: p.name, Revision: p.revision, Next: earshot.Cursor(fmt.Sprint(n))}
		for i := range 100 {
			m := mention(n+i, "acme")
			m.Text = strings.Repeat("acme ", 400)
			batch.Mentions = append(batch.Mentions, m)
		}
		done, err := p.bus.Commit(t.Context(), batch)
		if errors.Is(err, earshot.ErrFull) {
			return batch
		}
		if err != nil {
			t.Fatal(err)
		}
		p.revision = done.Revision
	}
	t.Fatalf("%d mentions, and still there is room", most)
	return bus.Batch{}
}

// stillAlerts checks that alerts and cases go on while posts are refused.
func stillAlerts(t *testing.T, b *bus.Bus) {
	t.Helper()
	if h := b.Health(); !h.Full || !h.Degraded() || h.Detail == "" {
		t.Errorf("Health = %+v", h)
	}
	at, err := b.Progress(t.Context(), "acme")
	if err == nil {
		_, err = b.Publish(t.Context(), []earshot.Alert{alert("1", "cs", 1)}, nil, []earshot.Progress{at})
	}
	if err != nil {
		t.Errorf("alerts while posts are refused: %v", err)
	}
	if _, err := b.Append(t.Context(), []earshot.CaseEvent{event("cs", "one", "opened", 0)}); err != nil {
		t.Errorf("cases while posts are refused: %v", err)
	}
	if !b.Health().Full {
		t.Error("a stored alert made health forget that posts are refused")
	}
}

// When the stream has its most bytes new posts are refused, the cursor stays, and
// all goes on where there is room again.
func TestStreamFull(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	o := options(t, func(o *bus.Options) { o.Config.MaxBytes = 16 << 20; o.Metrics = registry })
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	refused := fill(t, p, 5000)
	if _, revision, err := b.Cursor(t.Context(), "feed", "p"); err != nil || revision != p.revision {
		t.Errorf("the cursor moved to %d from %d: %v", revision, p.revision, err)
	}
	stillAlerts(t, b)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP earshot_bus_full 1 while new posts are refused for lack of room.
# TYPE earshot_bus_full gauge
earshot_bus_full 1
`), "earshot_bus_full"); err != nil {
		t.Error(err)
	}
	purge(t, b, o.Dir, "EARSHOT_MENTIONS", jetstream.WithPurgeSequence(p.revision))
	done, err := b.Commit(t.Context(), refused)
	if err != nil || done.Stored != 100 {
		t.Errorf("Commit when there is room again = %+v, %v", done, err)
	}
	if h := b.Health(); h.Full {
		t.Errorf("Health = %+v", h)
	}
}

// purge makes room in a stream, as an operator would.
func purge(t *testing.T, b *bus.Bus, dir, name string, what ...jetstream.StreamPurgeOpt) {
	t.Helper()
	js := administer(t, b.URL(), secret(t, dir, "daemon"))
	stream, err := js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), what...); err != nil {
		t.Fatal(err)
	}
}

// When alerts have nearly all their bytes posts are refused, since nobody would be
// told of them; alerts of what is stored already still find room. All goes on by
// itself when there is room again. The same holds for cases.
func TestAlertsFull(t *testing.T) {
	padding := strings.Repeat("acme ", 2100)
	for name, write := range map[string]func(b *bus.Bus, n int) error{
		"alerts": func(b *bus.Bus, n int) error {
			at, err := b.Progress(t.Context(), "acme")
			if err != nil {
				return err
			}
			a := alert(fmt.Sprint(n), "cs", 1)
			a.Summary = padding
			_, err = b.Publish(t.Context(), []earshot.Alert{a}, nil, []earshot.Progress{at})
			return err
		},
		"cases": func(b *bus.Bus, n int) error {
			e := event("cs", fmt.Sprint(n), "opened", 0)
			e.Case.Owner = padding
			_, err := b.Append(t.Context(), []earshot.CaseEvent{e})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, func(o *bus.Options) { o.Config.MaxBytes = 16 << 20 })
			b := open(t, o)
			p := &part{t: t, bus: b, name: "p"}
			p.commit(mention(1, "acme"))
			for n := range 350 { // more than nine tenths of a quarter of 16 MiB
				if err := write(b, n); err != nil {
					t.Fatalf("write %d: %v", n, err)
				}
			}
			until(t, "the shortage to be noticed", func() bool { return b.Health().Full })
			if h := b.Health(); !strings.Contains(h.Detail, "no room for "+name) || !strings.Contains(h.Detail, "wait at their sources") {
				t.Errorf("Health = %+v", h)
			}
			refused := bus.Batch{Listener: "feed", Part: "p", Revision: p.revision, Mentions: []earshot.Judged{mention(2, "acme")}, Next: earshot.Cursor("x")}
			if _, err := b.Commit(t.Context(), refused); !errors.Is(err, earshot.ErrFull) {
				t.Errorf("Commit without room for %s: %v", name, err)
			}
			if err := write(b, 10000); err != nil {
				t.Errorf("%s of what is stored: %v", name, err)
			}
			purge(t, b, o.Dir, "EARSHOT_"+strings.ToUpper(name))
			until(t, "room", func() bool { return !b.Health().Full })
			if done, err := b.Commit(t.Context(), refused); err != nil || done.Stored != 1 {
				t.Errorf("Commit when there is room again = %+v, %v", done, err)
			}
		})
	}
}

// A write that was refused counts until one is not.
func TestAlertsRefused(t *testing.T) {
	o := options(t, func(o *bus.Options) { o.Config.MaxBytes = 16 << 20 })
	b := open(t, o)
	at, err := b.Progress(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	many := make([]earshot.Alert, 900)
	for i := range many {
		many[i] = alert(fmt.Sprint(i), "cs", 1)
		many[i].Summary = strings.Repeat("acme ", 1200)
	}
	if _, err := b.Publish(t.Context(), many, nil, []earshot.Progress{at}); !errors.Is(err, earshot.ErrFull) {
		t.Fatalf("5 MB of alerts where there is room for 4: %v", err)
	}
	_, err = b.Commit(t.Context(), bus.Batch{Listener: "feed", Part: "p", Mentions: []earshot.Judged{mention(1, "acme")}})
	if !errors.Is(err, earshot.ErrFull) {
		t.Errorf("Commit after alerts were refused: %v", err)
	}
	if _, err := b.Publish(t.Context(), many[:1], nil, []earshot.Progress{at}); err != nil {
		t.Fatal(err)
	}
	(&part{t: t, bus: b, name: "p"}).commit(mention(1, "acme"))
}

// When the disk runs out posts are refused before it is full, alerts are not, and
// the store is whole afterwards.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		unavailable(t, fmt.Sprintf("mounting a small disk: %v (needs root)", err))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	o := options(t, func(o *bus.Options) {
		o.Dir, o.Config.MaxBytes, o.Config.Reserve = dir, 0, 16<<20
	})
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1e6, "acme"))
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 44<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	refused := fill(t, p, 10000)
	stillAlerts(t, b)
	if err := os.WriteFile(filepath.Join(dir, "more"), make([]byte, 13<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	at, err := b.Progress(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Publish(t.Context(), nil, nil, []earshot.Progress{at}); !errors.Is(err, earshot.ErrFull) {
		t.Errorf("Publish into the last of the reserve: %v", err)
	}
	if err := errors.Join(os.Remove(ballast), os.Remove(filepath.Join(dir, "more"))); err != nil {
		t.Fatal(err)
	}
	done, err := b.Commit(t.Context(), refused)
	if err != nil || done.Stored == 0 {
		t.Errorf("Commit when there is room again = %+v, %v", done, err)
	}
	p.revision = done.Revision
	p.commit(mention(2e6, "acme"))
	shut(t, b)
	b = open(t, o)
	if _, revision, err := b.Cursor(t.Context(), "feed", "p"); err != nil || revision != p.revision {
		t.Errorf("cursor after a restart: %d, %v, want %d", revision, err, p.revision)
	}
}
