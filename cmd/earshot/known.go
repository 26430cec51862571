package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bits-and-blooms/bloom/v3"
	"go.uber.org/zap"

	"earshot/bus"
)

// keyLog is what known needs of the bus.
type keyLog interface {
	Keys(ctx context.Context, to bus.KeyReader)
	Size(ctx context.Context) (uint64, error)
	Newest(ctx context.Context) (uint64, error)
}

// known tells of nearly every post that the log does not hold it, without asking:
// a firehose tells of hundreds of deletions a second, and nearly all are of posts
// that concerned nobody. It never denies one that is held, and takes one in a
// thousand for held that is not. It takes 1.8 bytes a mention, room for twice as
// many as there are and for a million at least. Its methods may be called
// concurrently; those of nil take every post for held.
type known struct {
	log    keyLog
	logger *zap.Logger

	mu      sync.RWMutex
	now     *generation   // what answers; nil until the log has been read
	next    *generation   // what will, being filled
	changed chan struct{} // closed when either has got on
}

// generation is one reading of the log. What has left the log stays in it, until
// it is full and the next one takes its place.
type generation struct {
	filter  *bloom.BloomFilter
	room    uint64 // for as many keys it is as good as promised
	keys    uint64
	reached uint64 // sequence up to which all is in it
	whole   bool   // it has caught up with the log once
}

const (
	leastKeys  = 1 << 20
	mistakenly = 0.001
)

func newKnown(log keyLog, logger *zap.Logger) *known {
	return &known{log: log, logger: logger, changed: make(chan struct{})}
}

// Add has Has hold for a key from now on. It comes before the mention is stored.
func (k *known) Add(key string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, g := range []*generation{k.now, k.next} {
		if g != nil {
			k.put(g, key)
		}
	}
}

func (k *known) put(g *generation, key string) {
	if g.filter.TestOrAddString(key) {
		return
	}
	if g.keys++; g.keys == g.room {
		k.advance()
	}
}

// advance wakes who waits. It is called with the lock.
func (k *known) advance() {
	close(k.changed)
	k.changed = make(chan struct{})
}

// Has reports whether the log may hold a mention with the key. What was stored
// before Ready returned is held for sure.
func (k *known) Has(key string) bool {
	if k == nil {
		return true
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.now == nil || k.now.filter.TestString(key)
}

// Ready waits until Has knows everything that is stored now, by this daemon or by
// others: some seconds for a million mentions when the log is read for the first
// time, else as long as the last of them take to arrive.
func (k *known) Ready(ctx context.Context) error {
	if k == nil {
		return nil
	}
	newest, err := k.log.Newest(ctx)
	if err != nil {
		return err
	}
	return k.await(ctx, func() bool { return k.now != nil && k.now.reached >= newest })
}

// await waits until a condition holds, which is asked with the lock.
func (k *known) await(ctx context.Context, holds func() bool) error {
	for {
		k.mu.RLock()
		met, changed := holds(), k.changed
		k.mu.RUnlock()
		if met {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run reads the log and follows it until ctx ends, and reads it anew whenever as
// many keys have come as there was room for.
func (k *known) Run(ctx context.Context) {
	var readers sync.WaitGroup
	defer readers.Wait()
	stop := func() {}
	defer func() { stop() }()
	for ctx.Err() == nil {
		size, err := k.log.Size(ctx)
		if err != nil {
			k.logger.Warn("the log is not read yet", zap.Error(err))
			rest(ctx, time.Second)
			continue
		}
		g := k.begin(size)
		reading, cancel := context.WithCancel(ctx)
		readers.Go(func() { k.log.Keys(reading, k.reader(g)) })
		if k.await(ctx, func() bool { return g.whole }) == nil {
			k.use(g)
		}
		stop()
		stop = cancel
		_ = k.await(ctx, func() bool { return g.keys >= g.room })
	}
}

// recall waits, before anything is heard, until the daemon knows what is stored.
// It returns false when ctx ends first.
func (d *daemon) recall(ctx context.Context) bool {
	patient, stop := context.WithCancel(ctx)
	var waiting sync.WaitGroup
	waiting.Go(func() { d.keepWaiting(patient, "reading what is stored") })
	err := errors.Join(d.pipeline.known.Ready(ctx), d.pipeline.forgotten.Ready(ctx))
	stop()
	waiting.Wait()
	d.stage.Store("starting the listeners")
	return err == nil
}

func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (k *known) begin(size uint64) *generation {
	room := max(2*size, leastKeys)
	g := &generation{filter: bloom.NewWithEstimates(uint(room), mistakenly), room: room}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = g
	return g
}

func (k *known) use(g *generation) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now, k.next = g, nil
	k.advance()
}

func (k *known) reader(g *generation) bus.KeyReader {
	return bus.KeyReader{
		Key: func(key string) {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.put(g, key)
		},
		Reached: func(sequence uint64) {
			k.mu.Lock()
			defer k.mu.Unlock()
			g.reached, g.whole = sequence, true
			k.advance()
		},
	}
}
