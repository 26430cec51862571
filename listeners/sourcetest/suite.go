package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
)

// errEmit is what the suite's Emit fails with.
var errEmit = errors.New("the suite refuses this batch")

// suite is one promise being checked on one network.
type suite struct {
	*testing.T
	Harness
	network Network

	published []string
	posts     int

	mu     sync.Mutex
	heard  []string // texts of the durable mentions, in order
	ids    map[string]bool
	cursor earshot.Cursor // the last durable one
}

// publish adds n posts to the network.
func (s *suite) publish(n int) {
	texts := make([]string, n)
	for i := range texts {
		s.posts++
		texts[i] = fmt.Sprintf("sourcetest says number %04d", s.posts)
	}
	s.published = append(s.published, texts...)
	s.network.Publish(texts...)
}

// save makes a batch durable, as the log would.
func (s *suite) save(batch listeners.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range batch.Dead {
		s.Errorf("a good post became a dead letter: %s", d.Reason)
	}
	for _, m := range batch.Mentions {
		if network, native, ok := strings.Cut(m.ID, ":"); !ok || network == "" || native == "" {
			s.Errorf("ID %q is not network:native", m.ID)
		}
		if s.ids[m.ID] {
			s.Errorf("%s was heard twice", m.ID)
		}
		if s.ids == nil {
			s.ids = map[string]bool{}
		}
		s.ids[m.ID] = true
		s.heard = append(s.heard, text(m))
	}
	switch {
	case batch.Next != nil && s.Cursorless:
		s.Error("a source without a cursor gave one")
	case batch.Next == nil && !s.Cursorless:
		s.Error("a batch came without a cursor")
	}
	s.cursor = bytes.Clone(batch.Next)
}

func text(m earshot.Mention) string {
	if strings.TrimSpace(m.Text) == "" {
		return strings.TrimSpace(m.Title)
	}
	return strings.TrimSpace(m.Text)
}

func (s *suite) durable() (heard int, cursor earshot.Cursor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.heard), bytes.Clone(s.cursor)
}

// checkHeard compares what lasted with what was published.
func (s *suite) checkHeard() {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.heard, s.published) {
		s.Errorf("heard %d posts, published %d; heard:\n%s\npublished:\n%s", len(s.heard), len(s.published),
			strings.Join(s.heard, "\n"), strings.Join(s.published, "\n"))
	}
}

// listening is a Listen under way.
type listening struct {
	s      *suite
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // after ended
}

// listen starts src after the cursor, in a goroutine of its own.
func (s *suite) listen(src listeners.Source, from earshot.Cursor, emit listeners.Emit) *listening {
	ctx, cancel := context.WithCancel(context.Background())
	l := &listening{s: s, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(l.ended)
		l.err = src.Listen(ctx, bytes.Clone(from), emit)
	}()
	s.Cleanup(func() { // for tests that fail half-way
		cancel()
		select {
		case <-l.ended:
		case <-time.After(time.Second): // a source that does not stop has been reported
		}
	})
	return l
}

// stop ends the Listen and waits for it.
func (l *listening) stop() {
	l.s.Helper()
	l.cancel()
	select {
	case <-l.ended:
	case <-time.After(l.s.Patience):
		l.s.Fatalf("Listen goes on %s after its context ended", l.s.Patience)
	}
}

// wait returns when the Listen has ended by itself.
func (l *listening) wait() error {
	l.s.Helper()
	select {
	case <-l.ended:
		return l.err
	case <-time.After(l.s.Patience):
		l.s.Fatal("Listen goes on, though it should have ended")
		return nil
	}
}

// until waits for done, which is closed, or fails.
func (l *listening) until(done <-chan struct{}, what string) {
	l.s.Helper()
	select {
	case <-done:
	case <-l.ended:
		select {
		case <-done: // both at once
		default:
			l.s.Fatalf("Listen ended before %s: %v", what, l.err)
		}
	case <-time.After(l.s.Patience):
		heard, _ := l.s.durable()
		l.s.Fatalf("waited %s in vain until %s; heard so far: %d of %d", l.s.Patience, what, heard, len(l.s.published))
	}
}

// saving returns an Emit that makes everything durable, and a channel that is
// closed when want mentions are.
func (s *suite) saving(want int) (listeners.Emit, <-chan struct{}) {
	done := make(chan struct{})
	var once sync.Once
	return func(ctx context.Context, batch listeners.Batch) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.save(batch)
		if heard, _ := s.durable(); heard >= want {
			once.Do(func() { close(done) })
		}
		return nil
	}, done
}
