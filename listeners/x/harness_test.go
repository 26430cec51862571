package x

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/x/xtest"
)

// memoryTally is a Tally in memory. Like the log's, its records outlive the sources.
type memoryTally struct {
	mu       sync.Mutex
	records  map[string][]byte
	revision map[string]uint64
}

func newTally() *memoryTally {
	return &memoryTally{records: map[string][]byte{}, revision: map[string]uint64{}}
}

// Load implements listeners.Tally.
func (p *memoryTally) Load(ctx context.Context, name string) ([]byte, uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.records[name]), p.revision[name], ctx.Err()
}

// Save implements listeners.Tally.
func (p *memoryTally) Save(ctx context.Context, name string, value []byte, revision uint64) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if p.revision[name] != revision {
		return 0, earshot.ErrConflict
	}
	p.records[name] = bytes.Clone(value)
	p.revision[name]++
	return p.revision[name], nil
}

// anything is a query for words that the tests' posts have.
func anything(words ...string) []earshot.Query {
	var all []earshot.Query
	for _, w := range words {
		all = append(all, earshot.Query{Text: w, Root: earshot.QueryNode{Op: earshot.QueryWord, Text: w, Span: earshot.Span{0, len(w)}}})
	}
	return all
}

// fixture is an account at a stand-in.
type fixture struct {
	*account
	server *xtest.Server
}

func testConfig(t *testing.T, server *xtest.Server) Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	writeFile(t, file, xtest.Token)
	config := defaults()
	config.BearerTokenFile, config.Server, config.Every = file, server.URL, 5*time.Millisecond
	config.Budget = listeners.BudgetLimits{}
	return config
}

func newFixture(t *testing.T, server *xtest.Server, change func(*Config)) *fixture {
	t.Helper()
	config := testConfig(t, server)
	if change != nil {
		change(&config)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	acc := newAccount(listeners.Setup{
		Name: "x", Client: client, Stream: client, Tally: newTally(), Log: zap.NewNop(), Queries: anything("sourcetest"),
	}, config)
	return &fixture{account: acc, server: server}
}

func (f *fixture) search(query string) *timeline {
	return &timeline{account: f.account, part: "search", queries: []string{query}}
}

func (f *fixture) mentions() *timeline {
	return &timeline{account: f.account, part: "mentions", handle: xtest.Handle}
}

func (f *fixture) stream(query string) *stream {
	return &stream{account: f.account, rules: []string{query + " -is:retweet"}, queries: []string{query}}
}

// record keeps what a source emits, as the log would.
type record struct {
	mu       sync.Mutex
	mentions []earshot.Mention
	dead     []earshot.DeadLetter
	cursor   earshot.Cursor
	news     chan struct{}
}

func newRecord() *record { return &record{news: make(chan struct{}, 1)} }

func (r *record) emit(ctx context.Context, b listeners.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mentions = append(r.mentions, b.Mentions...)
	r.dead = append(r.dead, b.Dead...)
	r.cursor = b.Next
	select {
	case r.news <- struct{}{}:
	default:
	}
	return nil
}

func (r *record) texts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, m := range r.mentions {
		all = append(all, m.Text)
	}
	return all
}

// until waits until enough is recorded.
func (r *record) until(t *testing.T, enough func(*record) bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		r.mu.Lock()
		done := enough(r)
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-r.news:
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			t.Fatalf("waited in vain; recorded: %q", r.texts())
		}
	}
}

func atLeast(n int) func(*record) bool {
	return func(r *record) bool { return len(r.mentions) >= n }
}

// start listens in the background until stop or the end of the test.
func start(t *testing.T, s listeners.Source, r *record) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	r.mu.Lock()
	from := r.cursor
	r.mu.Unlock()
	go func() { done <- s.Listen(ctx, from, r.emit) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() {
			cancel()
			select {
			case err = <-done:
			case <-time.After(2 * time.Minute):
				t.Error("Listen does not stop")
			}
		})
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// ends listens until the source gives up and returns why.
func ends(t *testing.T, s listeners.Source, r *record) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err := s.Listen(ctx, r.cursor, r.emit)
	if ctx.Err() != nil {
		t.Fatalf("Listen goes on though it should have ended: %v", err)
	}
	return err
}

func writeFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
