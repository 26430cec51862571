package bus

import (
	"context"
	"time"
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
	if short := b.shortages(); short != "" {
		h.Full, h.Detail = true, short
	}
	if !h.Connected {
		h.Detail = "the bus is away"
	}
	return h
}

const healthEvery = 2 * time.Second

// watchHealth keeps metrics and the full flag true while nobody writes.
func (b *Bus) watchHealth(ctx context.Context) {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		b.metrics.connected(b.link.connected())
		b.noteShort(ofDisk, b.disk.room())
		b.measure(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// measure reads the sizes of the streams, if the server answers, and notes where
// room runs short.
func (b *Bus) measure(ctx context.Context) {
	if !b.link.connected() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	for _, name := range []string{streamMentions, streamCases, streamAlerts, streamDrill} {
		stream, err := b.link.js.Stream(ctx, name)
		if err != nil {
			return
		}
		info := stream.CachedInfo()
		b.metrics.stream(name, info.State.Bytes, info.State.Msgs)
		b.noteLevel(name, info.State.Bytes, info.Config.MaxBytes)
	}
}
