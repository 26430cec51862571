package alerts

import (
	"context"
	"encoding/json"
	"time"

	"go.uber.org/zap"
)

// mostInDigest is how many alerts one message of a digest tells of.
const mostInDigest = 100

// digests sends what has gathered whenever a message is due. What waits stays in the
// outbox until then.
func (p *post) digests(ctx context.Context, sink Digester, from Outbox) error {
	turns := make(chan struct{}, 1)
	for {
		due := sink.Next(p.lastDigest(ctx, from))
		p.change(func(s *SinkStatus) { s.Retry = due.UTC() })
		pause(ctx, time.Until(due))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := p.digest(ctx, sink, from, turns); err != nil {
			return err
		}
		data, err := json.Marshal(time.Now().UTC())
		if err != nil {
			return err
		}
		p.insist(ctx, "keeping when a digest was sent", func() error { return from.SetState(ctx, "digest", data) })
	}
}

// lastDigest is when the last digest was sent. A daemon that was away when one was
// due sends it when it is back.
func (p *post) lastDigest(ctx context.Context, from Outbox) time.Time {
	last := time.Now()
	p.insist(ctx, "looking for the last digest", func() error {
		data, err := from.State(ctx, "digest")
		if err != nil || data == nil {
			return err
		}
		var at time.Time
		if json.Unmarshal(data, &at) == nil && at.Before(last) {
			last = at
		}
		return nil
	})
	return last
}

// digest sends all that waits now.
func (p *post) digest(ctx context.Context, sink Digester, from Outbox, turns chan struct{}) error {
	for {
		letters, err := from.Waiting(ctx)
		if err != nil || len(letters) == 0 {
			return err
		}
		var wanted []Delivery
		for i := range letters {
			told, why, err := p.look(ctx, from, &letters[i].Alert)
			if err != nil {
				return err
			}
			if why == "" {
				wanted = append(wanted, Delivery{Alert: letters[i].Alert, Before: told})
			} else {
				p.metrics.skipped.WithLabelValues(p.Name, why).Inc()
			}
		}
		for len(wanted) > 0 {
			some := wanted[:min(mostInDigest, len(wanted))]
			wanted = wanted[len(some):]
			if err := p.sendDigest(ctx, sink, from, some, turns); err != nil {
				return err
			}
		}
		for i := range letters {
			p.insist(ctx, "settling an alert", func() error { return from.Done(ctx, letters[i].Sequence) })
		}
	}
}

// sendDigest sends one message, however long that takes.
func (p *post) sendDigest(ctx context.Context, sink Digester, from Outbox, some []Delivery, turns chan struct{}) error {
	receipt, err := p.persist(ctx, turns, func(ctx context.Context) (Receipt, error) { return sink.DeliverAll(ctx, some) })
	if ctx.Err() != nil && err != nil {
		return err
	}
	if err != nil {
		p.log.Error("digest not taken by the peer: its alerts are on the bus alone", zap.Int("alerts", len(some)), zap.Error(err))
		p.metrics.aside.WithLabelValues(p.Name).Add(float64(len(some)))
		p.change(func(s *SinkStatus) { s.Aside += len(some) })
		return nil
	}
	for _, d := range some {
		p.note(ctx, from, d, receipt)
	}
	return nil
}
