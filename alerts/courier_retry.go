package alerts

import (
	"context"
	"errors"
	"fmt"

	"earshot"
)

// Again says what is to become of an alert that a sink set aside.
type Again struct {
	Sequence uint64 `json:"sequence"`       // in the stream of alerts
	Late     bool   `json:"late,omitempty"` // send it even if the peer has heard newer things of its case
	Drop     bool   `json:"drop,omitempty"` // it is not to be sent any more
}

// Outcome is what became of an alert that was set aside.
type Outcome string

// The outcomes. After the first four it does not lie aside any more.
const (
	RetrySent      Outcome = "sent"
	RetryKnown     Outcome = "known" // the peer has it
	RetryGone      Outcome = "gone"  // it does not lie aside, or is not kept any more
	RetryDropped   Outcome = "dropped"
	RetryOvertaken Outcome = "overtaken" // the peer has heard newer things of the case
	RetryFailed    Outcome = "failed"
	RetryUnderWay  Outcome = "under way" // the peer takes its time
)

// Retried is what became of an alert that was set aside.
type Retried struct {
	Outcome Outcome `json:"outcome"`
	Place   string  `json:"place,omitempty"`
	Err     string  `json:"error,omitempty"`
}

// retryRequest is a person's wish, and where the answer goes.
type retryRequest struct {
	Again
	answer chan Retried // has room for the answer
}

// Retry tries once more to deliver an alert that a sink set aside. It is delivered as
// long as that takes; when ctx ends before, the answer is that it is under way. It
// returns earshot.ErrNotFound when this daemon does not deliver to such a sink.
func (c *Courier) Retry(ctx context.Context, name string, what Again) (Retried, error) {
	p := c.find(name)
	if p == nil || !p.owns() {
		return Retried{}, fmt.Errorf("sink %s: %w", name, earshot.ErrNotFound)
	}
	request := retryRequest{what, make(chan Retried, 1)}
	select {
	case p.wishes <- request:
	case <-ctx.Done():
		return Retried{Outcome: RetryFailed, Err: "the sink is busy with others that were set aside"}, nil
	}
	select {
	case answer := <-request.answer:
		return answer, nil
	case <-ctx.Done():
		return Retried{Outcome: RetryUnderWay}, nil
	}
}

// grant does what is wished, one after the other, until ctx ends.
func (p *post) grant(ctx context.Context, from Outbox) {
	for {
		select {
		case request := <-p.wishes:
			answer, err := p.retry(ctx, from, request.Again)
			if err != nil {
				answer = Retried{Outcome: RetryFailed, Err: err.Error()}
			}
			request.answer <- answer
		case <-ctx.Done():
			return
		}
	}
}

func (p *post) retry(ctx context.Context, from Outbox, what Again) (Retried, error) {
	done := func(r Retried) (Retried, error) {
		err := from.Forgive(ctx, what.Sequence)
		p.count(ctx)
		return r, err
	}
	a, err := from.Recall(ctx, what.Sequence)
	switch {
	case errors.Is(err, earshot.ErrNotFound):
		return done(Retried{Outcome: RetryGone})
	case err != nil:
		return Retried{}, err
	case what.Drop:
		return done(Retried{Outcome: RetryDropped})
	}
	leave, err := p.queue.enter(a.Case).wait(ctx)
	defer leave()
	if err != nil {
		return Retried{}, err
	}
	told, err := p.told(ctx, from, a.Case)
	switch {
	case err != nil:
		return Retried{}, err
	case told != nil && told.Alert == a.ID:
		return done(Retried{Outcome: RetryKnown})
	case told != nil && told.Revision > a.Revision && !what.Late:
		return Retried{Outcome: RetryOvertaken}, nil
	}
	receipt, err := p.call(ctx, p.delivery(from, Delivery{Alert: a, Before: told}))
	if err != nil {
		p.metrics.failures.WithLabelValues(p.Name, reasonOf(err)).Inc()
		return Retried{}, err
	}
	return done(Retried{Outcome: RetrySent, Place: receipt.Place})
}
