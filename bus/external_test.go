package bus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"earshot"
	"earshot/bus"
)

// unavailable skips a test that needs what this machine lacks; where everything
// is promised to be there, that is a failure.
func unavailable(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("EARSHOT_CI") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

var tools struct {
	sync.Mutex
	built map[string]string
}

// tool builds a program of tools/go.mod, once for all tests.
func tool(t testing.TB, pkg string) string {
	t.Helper()
	tools.Lock()
	defer tools.Unlock()
	if path := tools.built[pkg]; path != "" {
		return path
	}
	path := filepath.Join(toolDir, filepath.Base(filepath.Dir(pkg+"/x")))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, pkg)
	build.Dir = "../tools"
	if out, err := build.CombinedOutput(); err != nil {
		unavailable(t, fmt.Sprintf("building %s: %v\n%s", pkg, err, out))
	}
	if tools.built == nil {
		tools.built = make(map[string]string)
	}
	tools.built[pkg] = path
	return path
}

// process is a NATS server of its own, as an operator would run it.
type process struct {
	t       testing.TB
	binary  string
	address string
	config  string
	cmd     *exec.Cmd
}

// passwords of the external server's users.
var passwords = map[string]string{"daemon": "daemon-secret", "cs": "cs-secret", "pr": "pr-secret", "ops": "ops-secret"}

// ports counts the addresses handed out.
var ports atomic.Int32

// freeAddress is a loopback address that nobody else takes, also while the server
// that was killed is away: its host is this process's own, since all of 127/8 is
// loopback, and its port lies below those that a kernel gives to whoever asks for
// any.
func freeAddress() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:%d", 64+pid>>16&63, pid>>8&255, pid&255, 20_000+ports.Add(1))
}

func external(t testing.TB) *process {
	t.Helper()
	p := &process{t: t, binary: tool(t, "github.com/nats-io/nats-server/v2"), address: freeAddress()}
	dir := t.TempDir()
	p.config = filepath.Join(dir, "nats.conf")
	text := fmt.Sprintf("listen: %q\nmax_payload: 8MB\nauthorization: { timeout: 60 }\njetstream: { store_dir: %q, sync_interval: always }\n%s",
		p.address, filepath.Join(dir, "store"), bus.ServerConfig([]string{"cs", "pr"}, nil, passwords))
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	t.Cleanup(p.kill)
	return p
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.binary, "-c", p.config)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill is SIGKILL: no chance to write anything down.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// options are those of a bus at the server.
func (p *process) options(t testing.TB) bus.Options {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(passwords["daemon"]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return options(t, func(o *bus.Options) {
		o.Config = bus.Config{URL: "nats://" + p.address, User: "daemon", PasswordFile: file}
	})
}

// On an external server the shipped permissions hold the same.
func TestAccessExternal(t *testing.T) {
	p := external(t)
	b := open(t, p.options(t))
	access(t, b, b.URL(), func(user string) string { return passwords[user] })
}

// alertIDs reads every alert there is, from the server itself.
func alertIDs(t testing.TB, url, password string) map[string]int {
	t.Helper()
	ids := make(map[string]int)
	for _, m := range messagesOf(t, administer(t, url, password), "EARSHOT_ALERTS", "earshot.alerts.>") {
		var a earshot.Alert
		if err := json.Unmarshal(m.Data, &a); err != nil {
			t.Fatal(err)
		}
		ids[a.ID]++
	}
	return ids
}

// While the server is killed and started again and again, whatever is committed
// and published exists exactly once, and a reader sees all of it in order.
func TestExternalKilled(t *testing.T) {
	const parts, batches, size = 4, 25, 20
	p := external(t)
	b := open(t, p.options(t))
	reader := b.Mentions(0)
	defer reader.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	writers, wctx := errgroup.WithContext(ctx)
	var done atomic.Uint64 // batches
	for n := range parts {
		writers.Go(func() error { return commitAll(wctx, b, n, batches, size, &done) })
	}
	writers.Go(func() error { return publishAll(wctx, b, batches) })
	written := make(chan error, 1)
	go func() { written <- writers.Wait() }()
	kills, before := 0, uint64(0)
	most := 300 * time.Millisecond
	for running := true; running; {
		select {
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
			running = false
		case <-time.After(50*time.Millisecond + rand.N(most)):
			p.kill()
			p.start()
			kills++
			if now := done.Load(); now == before { // a slow machine gets nothing done in so short a life
				most = min(most*5/4, 10*time.Second)
			} else {
				before = now
			}
		}
	}
	t.Logf("%d kills", kills)
	if kills == 0 {
		t.Error("the server was never killed")
	}
	seen := make(map[string]int)
	var last uint64
	for total := 0; total < parts*batches*size; {
		got, err := reader.Next(ctx, 100)
		if err != nil {
			t.Fatalf("after %d mentions: %v", total, err)
		}
		for _, s := range got {
			if s.Sequence <= last {
				t.Errorf("sequence %d after %d", s.Sequence, last)
			}
			last = s.Sequence
			seen[s.Mention.ID]++
		}
		total += len(got)
	}
	if len(seen) != parts*batches*size {
		t.Errorf("%d different mentions, want %d", len(seen), parts*batches*size)
	}
	same(t, "log", len(stored(t, b, parts*batches*size)), parts*batches*size)
	ids := alertIDs(t, b.URL(), passwords["daemon"])
	if len(ids) != batches {
		t.Errorf("%d alerts, want %d", len(ids), batches)
	}
	for id, n := range ids {
		if n != 1 {
			t.Errorf("alert %s exists %d times", id, n)
		}
	}
}

func commitAll(ctx context.Context, b *bus.Bus, part, batches, size int, count *atomic.Uint64) error {
	name := fmt.Sprint("part-", part)
	var revision uint64
	for n := range batches {
		batch := bus.Batch{Listener: "feed", Part: name, Revision: revision, Next: earshot.Cursor(fmt.Sprint(n))}
		for i := range size {
			batch.Mentions = append(batch.Mentions, mention(part*1e6+n*size+i, "acme"))
		}
		done, err := b.Commit(ctx, batch)
		if err != nil {
			return fmt.Errorf("batch %d of %s: %w", n, name, err)
		}
		if done.Stored != size {
			return fmt.Errorf("batch %d of %s: %+v", n, name, done)
		}
		revision = done.Revision
		count.Add(1)
	}
	return nil
}

func publishAll(ctx context.Context, b *bus.Bus, batches int) error {
	var revision uint64
	for n := range batches {
		revisions, err := b.Publish(ctx, []earshot.Alert{alert(fmt.Sprint("alert-", n), "cs", 1)}, nil,
			[]earshot.Progress{{Brand: "acme", Sequence: uint64(n), Revision: revision}})
		if err != nil {
			return fmt.Errorf("alert %d: %w", n, err)
		}
		revision = revisions[0]
		at := uint64(0)
		if n > 0 {
			last, err := b.Case(ctx, "cs", "one")
			if err != nil {
				return err
			}
			at = last.Sequence
		}
		if _, err := b.Append(ctx, []earshot.CaseEvent{event("cs", "one", fmt.Sprint("event-", n), at)}); err != nil {
			return fmt.Errorf("event %d: %w", n, err)
		}
	}
	return nil
}

// While the server is away calls wait, health says so, and all goes on when it is back.
func TestExternalAway(t *testing.T) {
	p := external(t)
	b := open(t, p.options(t))
	w := &part{t: t, bus: b, name: "p"}
	w.commit(mention(1, "acme"))
	p.kill()
	until(t, "health to notice", func() bool { return !b.Health().Connected })
	if h := b.Health(); !h.Degraded() || h.Detail == "" {
		t.Errorf("Health = %+v", h)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := b.Commit(short, bus.Batch{Listener: "feed", Part: "q", Mentions: []earshot.Judged{mention(2, "acme")}, Next: earshot.Cursor("x")})
	if err == nil {
		t.Error("Commit did not wait for the server")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.commit(mention(3, "acme"))
	}()
	p.start()
	<-done
	until(t, "health to recover", func() bool { return b.Health().Connected })
	same(t, "log", stored(t, b, 2), []string{"acme rss:post-1 new", "acme rss:post-3 new"})
}

// until polls for a condition.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
