package bus_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/bus"
)

// keyLog gathers what Keys tells of.
type keyLog struct {
	mu      sync.Mutex
	keys    map[string]bool
	reached uint64
	changed chan struct{}
}

func readKeys(t *testing.T, b *bus.Bus) *keyLog {
	t.Helper()
	l := &keyLog{keys: map[string]bool{}, changed: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Keys(ctx, bus.KeyReader{
			Key: func(key string) { l.mu.Lock(); defer l.mu.Unlock(); l.keys[key] = true },
			Reached: func(sequence uint64) {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.reached = sequence
				select {
				case l.changed <- struct{}{}:
				default:
				}
			},
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return l
}

// until waits for Keys to tell of all that is stored.
func (l *keyLog) until(t *testing.T, b *bus.Bus) {
	t.Helper()
	late := time.After(patience)
	for {
		newest, err := b.Newest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.mu.Lock()
		reached := l.reached
		l.mu.Unlock()
		if reached >= newest {
			return
		}
		select {
		case <-l.changed:
		case <-late:
			t.Fatalf("at %d of %d", reached, newest)
		}
	}
}

func (l *keyLog) same(t *testing.T, when string, want ...string) {
	t.Helper()
	all := map[string]bool{}
	for _, id := range want {
		all[earshot.Key(id)] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if diff := cmp.Diff(all, l.keys); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// Keys tells of everything stored before and later, by whomever, and knows when
// it is through, even when the last message of the log has been erased.
func TestKeys(t *testing.T) {
	b := open(t, options(t))
	empty := readKeys(t, b)
	empty.until(t, b)
	empty.same(t, "an empty log")
	p := &part{t: t, bus: b, name: "p"}
	private := mention(2, "acme")
	private.Visibility = earshot.Private
	p.commit(mention(1, "acme", "bolt"), private)
	if _, err := b.Commit(t.Context(), bus.Batch{Listener: "hook", Part: "p", Dead: []earshot.DeadLetter{{Listener: "hook", Mention: "hook:1"}, {Listener: "hook"}}}); err != nil {
		t.Fatal(err)
	}
	late := readKeys(t, b)
	late.until(t, b)
	late.same(t, "what was stored before", "rss:post-1", "rss:post-2", "hook:1")
	p.commit(changed(mention(1), earshot.Deleted), mention(3, "acme"))
	late.until(t, b)
	late.same(t, "what came later", "rss:post-1", "rss:post-2", "hook:1", "rss:post-3")
	if n, err := b.Size(t.Context()); err != nil || n < 5 {
		t.Errorf("Size = %d, %v", n, err)
	}
}

// Who holds a mention is told for many at once, and not of what was taken back.
func TestHolders(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	private := mention(2, "bolt")
	private.Visibility = earshot.Private
	p.commit(mention(1, "bolt", "acme"), private, mention(3, "acme"), mention(4, "acme", "bolt"))
	p.commit(changed(mention(3), earshot.Deleted), changed(mention(4, "bolt"), earshot.Edited))
	var keys []string
	for n := range 700 {
		j := mention(n)
		keys = append(keys, j.Key())
	}
	got, err := b.Holders(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	key := func(n int) string { j := mention(n); return j.Key() }
	same(t, "holders", got, map[string][]string{key(1): {"acme", "bolt"}, key(2): {"bolt"}, key(4): {"bolt"}})
	if _, err := b.Holders(t.Context(), []string{"a.b"}); err == nil {
		t.Error("what is no key was looked for")
	}
}
