package listeners

import (
	"context"
	"fmt"
	"time"
)

const (
	// largeBody is how much of an answer may be in memory with nobody else having
	// to wait for it.
	largeBody = 1 << 20
	// largeAtOnce is how many answers beyond that are read and made sense of at a
	// time, however many sources there are: it bounds the memory they all take.
	largeAtOnce = 2
)

// exchange is one request and its answer: it has a deadline, which rests while
// the answer waits for its turn among the large ones. Only one goroutine uses it.
type exchange struct {
	over   <-chan struct{}
	late   func() error // why it has been ended, nil while it goes on
	cancel context.CancelCauseFunc
	timer  *time.Timer
	began  time.Time // put off by what was spent waiting
	before time.Duration
	limit  time.Duration
	turns  chan struct{} // of large answers
	large  bool          // it has such a turn
}

// newExchange begins one, and returns the context it has its deadline from.
func newExchange(ctx context.Context, limit, before time.Duration, turns chan struct{}) (*exchange, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	e := &exchange{
		over: ctx.Done(), late: func() error { return context.Cause(ctx) }, cancel: cancel,
		began: time.Now(), before: before, limit: limit, turns: turns,
	}
	e.timer = time.AfterFunc(limit-before, func() {
		cancel(fmt.Errorf("the server took longer than %s: %w", limit, context.DeadlineExceeded))
	})
	return e, ctx
}

// spent is how long the exchange and the redirects before it have taken.
func (e *exchange) spent() time.Duration { return e.before + time.Since(e.began) }

// end gives up what the exchange needs to go on, but not its turn: what was read
// is still in memory.
func (e *exchange) end() {
	e.timer.Stop()
	e.cancel(nil)
}

// grow waits for a turn among the large answers. The wait is not the server's
// fault, so the clock stands still.
func (e *exchange) grow() error {
	if e.large {
		return nil
	}
	if !e.timer.Stop() { // it has just gone off
		<-e.over
		return e.late()
	}
	since := time.Now()
	select {
	case e.turns <- struct{}{}:
		e.large = true
	case <-e.over:
		return e.late()
	}
	e.began = e.began.Add(time.Since(since))
	e.timer.Reset(e.limit - e.spent())
	return nil
}

// shrink gives the turn back.
func (e *exchange) shrink() {
	if e.large {
		e.large = false
		<-e.turns
	}
}
