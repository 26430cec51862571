package alerts

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"earshot"
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
		var wanted []letterDelivery
		for _, letter := range letters {
			told, why, err := p.look(ctx, from, &letter.Alert)
			if err != nil {
				return err
			}
			if why == "" {
				wanted = append(wanted, letterDelivery{letter, Delivery{Alert: letter.Alert, Before: told}})
			} else {
				p.metrics.skipped.WithLabelValues(p.Name, why).Inc()
			}
		}
		for some := range slices.Chunk(wanted, mostInDigest) {
			if err := p.sendDigest(ctx, sink, from, some, turns); err != nil {
				return err
			}
		}
		for i := range letters {
			p.insist(ctx, "settling an alert", func() error { return from.Done(ctx, letters[i].Sequence) })
		}
	}
}

// letterDelivery is an alert with the letter that it came in.
type letterDelivery struct {
	letter   earshot.Letter
	delivery Delivery
}

// sendDigest sends one message, however long that takes. One that the peer will not
// take is sent in halves, until only what is at fault is set aside.
func (p *post) sendDigest(ctx context.Context, sink Digester, from Outbox, some []letterDelivery, turns chan struct{}) error {
	all := make([]Delivery, len(some))
	for i := range some {
		all[i] = some[i].delivery
	}
	_, err := p.persist(ctx, turns, func(ctx context.Context) (Receipt, error) {
		receipt, err := sink.DeliverAll(ctx, all)
		if err == nil {
			for _, d := range all {
				p.note(ctx, from, d, receipt)
			}
		}
		return receipt, err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return err
	case len(some) == 1:
		p.setAside(ctx, from, some[0].letter, err)
		return nil
	}
	half := len(some) / 2
	if err := p.sendDigest(ctx, sink, from, some[:half], turns); err != nil {
		return err
	}
	return p.sendDigest(ctx, sink, from, some[half:], turns)
}
