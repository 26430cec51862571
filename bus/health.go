package bus

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"earshot"
)

// Health is how the bus is doing, for readiness and the watchdog.
type Health struct {
	Connected bool   // the server answers; while it does not, calls wait for it
	Full      bool   // new posts are refused until there is room
	Held      bool   // a backup keeps writers waiting
	Detail    string // what is wrong, for a person; empty when all is well
}

// Degraded reports whether something is wrong that waiting, or an operator, can
// cure and a restart cannot: the watchdog is fed meanwhile.
func (h Health) Degraded() bool { return !h.Connected || h.Full || h.Held }

// Health returns how the bus is doing. It does not block.
func (b *Bus) Health() Health {
	h := Health{Connected: b.link.connected(), Held: b.held.Load()}
	if h.Held {
		h.Detail = "a backup is under way"
	}
	b.mu.Lock()
	for _, err := range b.full {
		h.Full, h.Detail = true, err.Error()
	}
	b.mu.Unlock()
	if !h.Connected {
		h.Detail = "the bus is away"
	}
	return h
}

// What can be full, each for itself.
const (
	ofPosts  = "posts"
	ofAlerts = "alerts and cases"
	ofDisk   = "disk"
)

// noteFull remembers whether the last write of something found room, and says so
// when that changed. Errors of other kinds tell nothing.
func (b *Bus) noteFull(what string, err error) {
	full := errors.Is(err, earshot.ErrFull)
	if err != nil && !full {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, was := b.full[what]
	switch {
	case full:
		b.full[what] = err
	default:
		delete(b.full, what)
	}
	b.metrics.full(len(b.full) > 0)
	switch {
	case full && !was:
		b.log.Error("no room in the store: it is refused until there is", zap.String("what", what), zap.Error(err))
	case was && !full:
		b.log.Info("there is room in the store again", zap.String("what", what))
	}
}

const healthEvery = 5 * time.Second

// watchHealth keeps metrics and the full flag true while nobody writes.
func (b *Bus) watchHealth(ctx context.Context) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		b.metrics.connected(b.link.connected())
		b.noteFull(ofDisk, b.disk.room())
		b.measure(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// measure reads the sizes of the streams, if the server answers.
func (b *Bus) measure(ctx context.Context) {
	if !b.link.connected() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, healthEvery)
	defer cancel()
	for _, name := range []string{streamMentions, streamCases, streamAlerts, streamDrill} {
		stream, err := b.link.js.Stream(ctx, name)
		if err != nil {
			return
		}
		info := stream.CachedInfo()
		b.metrics.stream(name, info.State.Bytes, info.State.Msgs)
	}
}
