package mastodon_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mastodon"
	"earshot/listeners/mastodon/mastodontest"
)

// patience is how long a test waits for what takes a moment on an idle machine.
const patience = 2 * time.Minute

// config hears the tag of a server, every 20 ms.
func config(t testing.TB, server *mastodontest.Server) mastodon.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(mastodontest.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return mastodon.Config{
		Server: server.URL(), TokenFile: path, Tags: []string{mastodontest.Tag}, Stream: true,
		Every: 20 * time.Millisecond, Since: time.Hour,
	}
}

// polling is config without a stream.
func polling(t testing.TB, server *mastodontest.Server) mastodon.Config {
	t.Helper()
	c := config(t, server)
	c.Stream = false
	return c
}

// streaming is config that asks once and then hears the stream alone.
func streaming(t testing.TB, server *mastodontest.Server) mastodon.Config {
	t.Helper()
	c := config(t, server)
	c.Every = time.Hour
	return c
}

func start(t testing.TB, o mastodontest.Options) *mastodontest.Server {
	t.Helper()
	s := mastodontest.NewWith(o)
	t.Cleanup(s.Close)
	return s
}

// source returns the first part of a configuration, which may call this machine.
func source(t testing.TB, c mastodon.Config) listeners.Source {
	t.Helper()
	parts, err := openParts(t, c)
	var problems earshot.Problems
	if err != nil && (!errors.As(err, &problems) || problems.Fatal()) {
		t.Fatal(err)
	}
	return parts[0].Source
}

func openParts(t testing.TB, c mastodon.Config) ([]listeners.Part, error) {
	t.Helper()
	options := listeners.DefaultClient()
	options.AllowPrivate, options.PerSecond, options.Burst, options.Concurrent = []string{"127.0.0.1"}, 10_000, 10_000, 10
	way, err := listeners.NewNetwork(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(way.CloseIdleConnections)
	return mastodon.Driver().Open(listeners.Setup{
		Name: "test", Client: way.Client, Stream: way.Stream, Log: zap.NewNop(),
		Decode: func(into any) error {
			to, ok := into.(*mastodon.Config)
			if !ok {
				return errors.New("not a Config")
			}
			*to = c
			return nil
		},
	})
}

// log keeps what a source says.
type log struct {
	t        testing.TB
	mu       sync.Mutex
	said     []string // change and text, in order
	mentions []earshot.Mention
	dead     []earshot.DeadLetter
	cursor   earshot.Cursor
	notes    []string
	grown    chan struct{} // closed and replaced with every batch
}

func newLog(t testing.TB) *log { return &log{t: t, grown: make(chan struct{})} }

func (l *log) emit(_ context.Context, b listeners.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range b.Mentions {
		l.said = append(l.said, string(m.Change)+" "+m.Text)
	}
	l.mentions = append(l.mentions, b.Mentions...)
	l.dead = append(l.dead, b.Dead...)
	l.cursor = b.Next
	l.ring()
	return nil
}

func (l *log) ring() {
	close(l.grown)
	l.grown = make(chan struct{})
}

// until waits for n mentions and returns all there are.
func (l *log) until(n int) []string {
	l.t.Helper()
	return l.wait(func() bool { return len(l.said) >= n })
}

func (l *log) wait(enough func() bool) []string {
	l.t.Helper()
	deadline := time.After(patience)
	for {
		l.mu.Lock()
		done, said, grown := enough(), slices.Clone(l.said), l.grown
		l.mu.Unlock()
		if done {
			return said
		}
		select {
		case <-grown:
		case <-deadline:
			l.t.Fatalf("heard only %q", said)
		}
	}
}

// noted waits until the source reports a note.
func (l *log) noted(note string) {
	l.t.Helper()
	l.wait(func() bool { return slices.Contains(l.notes, note) })
}

// listen runs a source as the runner would, without its waits, until the returned
// function is called. That returns the last error but that of being stopped.
func (l *log) listen(s listeners.Source) (stop func() error) {
	ctx, cancel := context.WithCancel(listeners.WithReport(l.t.Context(), func(o listeners.Outlook) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.notes = append(l.notes, o.Note)
		l.ring()
	}))
	ended := make(chan error, 1)
	go func() {
		var last error
		for {
			l.mu.Lock()
			from := l.cursor
			l.mu.Unlock()
			err := s.Listen(ctx, from, l.emit)
			if ctx.Err() != nil {
				ended <- last
				return
			}
			last = err
		}
	}()
	return func() error {
		l.t.Helper()
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			l.t.Fatal("it did not stop")
			return nil
		}
	}
}

func count(all []string, prefix string) int {
	n := 0
	for _, one := range all {
		if strings.HasPrefix(one, prefix) {
			n++
		}
	}
	return n
}
