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
	Detail    string // what is wrong, for a person; empty when all is well
}

// Degraded reports whether something is wrong that waiting, or an operator, can
// cure and a restart cannot.
func (h Health) Degraded() bool { return !h.Connected || h.Full }

// Health returns how the bus is doing. It does not block.
func (b *Bus) Health() Health {
	h := Health{Connected: b.link.connected()}
	b.mu.Lock()
	h.Full, h.Detail = b.full != nil, ""
	if b.full != nil {
		h.Detail = b.full.Error()
	}
	b.mu.Unlock()
	if !h.Connected {
		h.Detail = "the bus is away"
	}
	return h
}

// room is nil while new posts may be stored.
func (b *Bus) room() error {
	if b.disk == nil {
		return nil
	}
	return b.disk.room()
}

// noteFull remembers whether the last write found room, and says so when that changed.
func (b *Bus) noteFull(err error) {
	full := errors.Is(err, earshot.ErrFull)
	if err != nil && !full {
		return
	}
	b.mu.Lock()
	changed := (b.full != nil) != full
	if full {
		b.full = err
	} else {
		b.full = nil
	}
	b.mu.Unlock()
	b.metrics.full(full)
	switch {
	case changed && full:
		b.log.Error("the store is full: new posts are refused until there is room", zap.Error(err))
	case changed:
		b.log.Info("there is room in the store again")
	}
}

const healthEvery = 5 * time.Second

// watchHealth keeps metrics and the full flag true while nobody writes.
func (b *Bus) watchHealth(ctx context.Context) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		b.metrics.connected(b.link.connected())
		if err := b.room(); errors.Is(err, earshot.ErrFull) {
			b.noteFull(err)
		}
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
