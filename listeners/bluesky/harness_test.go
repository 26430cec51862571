package bluesky_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/bluesky"
)

const patience = 2 * time.Minute

// source returns the source of a configuration, which may call this machine.
func source(t testing.TB, config bluesky.Config, stored ...earshot.Mention) listeners.Source {
	t.Helper()
	parts, err := openParts(t, config, stored...)
	if err != nil {
		t.Fatal(err)
	}
	return parts[0].Source
}

func openParts(t testing.TB, config bluesky.Config, stored ...earshot.Mention) ([]listeners.Part, error) {
	t.Helper()
	return openLogging(t, zap.NewNop(), config, stored...)
}

func openLogging(t testing.TB, log *zap.Logger, config bluesky.Config, stored ...earshot.Mention) ([]listeners.Part, error) {
	t.Helper()
	options := listeners.DefaultClient()
	options.AllowPrivate, options.PerSecond, options.Burst = []string{"127.0.0.1"}, 1000, 1000
	way, err := listeners.NewNetwork(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(way.CloseIdleConnections)
	return bluesky.Driver().Open(listeners.Setup{
		Name: "test", Queries: []earshot.Query{{Root: earshot.QueryNode{Op: earshot.QueryWord, Text: "Acme"}}}, Client: way.Client, Stream: way.Stream, Log: log,
		Stored: func(_ context.Context, network string, each func(earshot.Mention) error) error {
			for _, m := range stored {
				if m.Network == network {
					if err := each(m); err != nil {
						return err
					}
				}
			}
			return nil
		},
		Decode: func(into any) error {
			to, ok := into.(*bluesky.Config)
			if !ok {
				return errors.New("not a Config")
			}
			if config.Since == 0 {
				config.Since = to.Since
			}
			if config.API == "" {
				config.API = to.API
			}
			if config.Servers == nil {
				config.Servers = to.Servers
			}
			*to = config
			return nil
		},
	})
}

// log keeps what a source says, as the real one does: each post once, with what
// became of it.
type log struct {
	t       testing.TB
	mu      sync.Mutex
	said    []string // change and text, in order, repetitions included
	authors []earshot.Author
	dead    []earshot.DeadLetter
	cursor  earshot.Cursor
	grown   chan struct{} // closed and replaced with every batch
}

func newLog(t testing.TB) *log { return &log{t: t, grown: make(chan struct{})} }

func (l *log) emit(_ context.Context, b listeners.Batch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range b.Mentions {
		l.said = append(l.said, string(m.Change)+" "+m.Text)
		l.authors = append(l.authors, m.Author)
	}
	l.dead = append(l.dead, b.Dead...)
	l.cursor = b.Next
	close(l.grown)
	l.grown = make(chan struct{})
	return nil
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

// listen runs a source as the runner would, without its waits, until the returned
// function is called. That returns the last error.
func (l *log) listen(s listeners.Source) (stop func() error) {
	ctx, cancel := context.WithCancel(l.t.Context())
	ended := make(chan error, 1)
	go func() {
		for {
			l.mu.Lock()
			from := l.cursor
			l.mu.Unlock()
			err := s.Listen(ctx, from, l.emit)
			if ctx.Err() != nil {
				ended <- err
				return
			}
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
