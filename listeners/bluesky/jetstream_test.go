package bluesky_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/bluesky"
)

// Against the real server, fed by its simulator of the network: two instances of
// which one dies, comes back, and dies again under a listener that is restarted,
// too. What it heard is what a listener that nobody disturbed heard.
func TestRealJetstream(t *testing.T) {
	t.Parallel()
	jetstream, simulator := tool(t, "jetstream"), tool(t, "simulator")
	relay := start(t, simulator, freeAddress(t), nil, "serve", "--accounts", "20", "--commits-per-sec", "200",
		"--firehose-history", "100000", "--data-dir", filepath.Join(t.TempDir(), "sim"))
	relay.ready(t)
	one, two := newInstance(t, jetstream, relay), newInstance(t, jetstream, relay)
	one.ready(t)
	two.ready(t)

	began := time.Now()
	calm := newHeard()
	stopCalm := calm.listen(t, bluesky.Config{Servers: []string{two.url()}, Since: time.Hour})
	rough := newHeard()
	servers := []string{one.url(), two.url()}
	for range 3 {
		stop := rough.listen(t, bluesky.Config{Servers: servers, Since: time.Hour})
		rough.until(t, rough.count()+100)
		one.kill()
		rough.until(t, rough.count()+100)
		stop()
		one.restart(t)
		slices.Reverse(servers)
	}
	stop := rough.listen(t, bluesky.Config{Servers: servers, Since: time.Hour})
	defer stop()
	// Everything that the calm one has heard by now, the rough one must hear.
	calm.until(t, 300)
	stopCalm()
	rough.have(t, calm.all())
	t.Logf("%d posts and changes, of which %d were told twice to the store, in %s", len(calm.all()), rough.repeated(), time.Since(began))
}

// heard is what would be in the store: every change of every post once.
type heard struct {
	mu     sync.Mutex
	posts  map[string]bool
	again  int
	cursor earshot.Cursor
	grown  chan struct{}
}

func newHeard() *heard { return &heard{posts: map[string]bool{}, grown: make(chan struct{})} }

func (h *heard) emit(_ context.Context, b listeners.Batch) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range b.Mentions {
		key := string(m.Change) + " " + m.ID + " " + m.Text
		if h.posts[key] {
			h.again++
		}
		h.posts[key] = true
	}
	h.cursor = b.Next
	close(h.grown)
	h.grown = make(chan struct{})
	return nil
}

// listen runs a new source until the returned function is called.
func (h *heard) listen(t *testing.T, config bluesky.Config) (stop func()) {
	t.Helper()
	s := source(t, config)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			h.mu.Lock()
			from := h.cursor
			h.mu.Unlock()
			_ = s.Listen(ctx, from, h.emit) // instances die here
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

func (h *heard) count() int { return len(h.all()) }

func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]string, 0, len(h.posts))
	for key := range h.posts {
		all = append(all, key)
	}
	return all
}

func (h *heard) repeated() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.again
}

func (h *heard) until(t *testing.T, n int) {
	t.Helper()
	h.wait(t, fmt.Sprintf("%d posts", n), func() bool { return len(h.posts) >= n })
}

func (h *heard) have(t *testing.T, all []string) {
	t.Helper()
	h.wait(t, "all that the other heard", func() bool {
		return !slices.ContainsFunc(all, func(key string) bool { return !h.posts[key] })
	})
}

func (h *heard) wait(t *testing.T, what string, enough func() bool) {
	t.Helper()
	deadline := time.After(5 * time.Minute)
	for {
		h.mu.Lock()
		done, grown, n := enough(), h.grown, len(h.posts)
		h.mu.Unlock()
		if done {
			return
		}
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("never heard %s, but %d posts", what, n)
		}
	}
}

// tool builds a program of tools/jetstream/go.mod, as pinned there, into Go's
// cache and returns its path.
func tool(t *testing.T, name string) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "tool", "-n", "github.com/bluesky-social/jetstream/cmd/"+name)
	build.Dir = filepath.Join("..", "..", "tools", "jetstream")
	var said strings.Builder
	build.Stderr = &said
	path, err := build.Output()
	if err != nil {
		reason := fmt.Sprintf("building %s: %v\n%s", name, err, said.String())
		if os.Getenv("EARSHOT_CI") == "1" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	return strings.TrimSpace(string(path))
}

// process is a program that serves HTTP at an address.
type process struct {
	binary, address string
	args, env       []string
	cmd             *exec.Cmd
}

func start(t *testing.T, binary, address string, env []string, args ...string) *process {
	t.Helper()
	if filepath.Base(binary) == "simulator" {
		args = append(args, "--addr", address, "--public-url", "http://"+address)
	}
	p := &process{binary: binary, address: address, args: args, env: env}
	t.Cleanup(p.kill)
	p.restart(t)
	return p
}

func (p *process) restart(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(p.binary, p.args...)
	p.cmd.Env = append(os.Environ(), p.env...)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have died by itself
	_ = p.cmd.Wait()
}

func (p *process) url() string { return "ws://" + p.address }

// ready waits until the program answers.
func (p *process) ready(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("%s never answered", filepath.Base(p.binary))
		}
	}
}

func newInstance(t *testing.T, jetstream string, relay *process) *process {
	t.Helper()
	dir, address := t.TempDir(), freeAddress(t)
	return start(t, jetstream, address, []string{
		"JETSTREAM_RELAY_URL=http://" + relay.address, "JETSTREAM_PLC_URL=http://" + relay.address,
		"JETSTREAM_ADDR=" + address, "JETSTREAM_DEBUG_ADDR=" + freeAddress(t),
		"JETSTREAM_DATA_DIR=" + dir, "JETSTREAM_SKIP_MERGE_DISCOVERY=true",
	}, "serve")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
