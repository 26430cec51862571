package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"earshot/bus"
)

// fakeKeys is a log of keys in memory, told of to whoever follows it.
type fakeKeys struct {
	mu    sync.Mutex
	keys  []string
	slow  time.Duration // before what is there is told of
	more  chan struct{}
	reads int
}

func (f *fakeKeys) add(keys ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = append(f.keys, keys...)
	if f.more != nil {
		close(f.more)
		f.more = nil
	}
}

func (f *fakeKeys) from(n int) ([]string, chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.more == nil {
		f.more = make(chan struct{})
	}
	return f.keys[n:], f.more
}

func (f *fakeKeys) Keys(ctx context.Context, to bus.KeyReader) {
	f.mu.Lock()
	f.reads++
	f.mu.Unlock()
	for n := 0; ; {
		keys, more := f.from(n)
		rest(ctx, f.slow)
		for _, key := range keys {
			to.Key(key)
		}
		n += len(keys)
		to.Reached(uint64(n))
		select {
		case <-more:
		case <-ctx.Done():
			return
		}
	}
}

func (f *fakeKeys) Size(context.Context) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(len(f.keys)), nil
}

func (f *fakeKeys) Newest(ctx context.Context) (uint64, error) { return f.Size(ctx) }

// running runs a known in a bubble until the test ends.
func running(t *testing.T, log *fakeKeys) *known {
	k := newKnown(log, zap.NewNop())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); k.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return k
}

// Until the log has been read everything may be known; then what is in it is, and
// nearly nothing else.
func TestKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fakeKeys{slow: time.Minute}
		for n := range 1000 {
			log.add(fmt.Sprint("stored ", n))
		}
		k := running(t, log)
		if !k.Has("stranger") {
			t.Error("a stranger was denied before the log was read")
		}
		start := time.Now()
		if err := k.Ready(t.Context()); err != nil || time.Since(start) != time.Minute {
			t.Errorf("ready after %v: %v", time.Since(start), err)
		}
		k.Add("mine")
		mistakes := 0
		for n := range 1000 {
			if !k.Has(fmt.Sprint("stored ", n)) {
				t.Fatalf("number %d is denied", n)
			}
			if k.Has(fmt.Sprint("stranger ", n)) {
				mistakes++
			}
		}
		if !k.Has("mine") || mistakes > 10 {
			t.Errorf("mine: %v, %d mistakes in 1000", k.Has("mine"), mistakes)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := running(t, &fakeKeys{slow: time.Hour}).Ready(ended); err == nil {
			t.Error("Ready ended well though nobody waited")
		}
	})
}

// With other daemons about, what they have stored is known before anything is denied.
func TestKnownShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fakeKeys{slow: time.Second}
		k := running(t, log)
		for n := range 5 {
			theirs := fmt.Sprint("theirs ", n)
			log.add(theirs)
			if err := k.Ready(t.Context()); err != nil || !k.Has(theirs) {
				t.Fatalf("%s is denied: %v", theirs, err)
			}
		}
	})
}

// When more has come than there was room for the log is read anew, and nothing is
// denied meanwhile.
func TestKnownGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fakeKeys{}
		k := running(t, log)
		if err := k.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		k.mu.Lock()
		k.now.room = 100
		k.mu.Unlock()
		for n := range 300 {
			key := fmt.Sprint("key ", n)
			k.Add(key)
			log.add(key)
			synctest.Wait()
			for old := range n + 1 {
				if !k.Has(fmt.Sprint("key ", old)) {
					t.Fatalf("number %d is denied after %d", old, n)
				}
			}
		}
		log.mu.Lock()
		defer log.mu.Unlock()
		if log.reads != 2 {
			t.Errorf("the log was read %d times", log.reads)
		}
	})
}
