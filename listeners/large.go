package listeners

import (
	"context"
	"fmt"
	"io"
	"time"
)

// turns bound the memory that answers take together, however many sources there
// are. Each size has its own: an answer that goes on beyond it is read and made
// sense of in one of so many turns, which it takes besides those of the sizes
// below and keeps until it is closed.
type turns []turn

type turn struct {
	beyond int64 // bytes of the answer
	taken  chan struct{}
}

func newTurns() turns {
	return turns{
		{beyond: 256 << 10, taken: make(chan struct{}, 2)},
		{beyond: 4 << 20, taken: make(chan struct{}, 1)},
	}
}

// AwaitTurn waits until an answer may take as much memory as one of so many bytes
// does, which it may until its body is closed. A driver calls it before it makes
// sense of what grows when that is done. Bodies of other clients need no turn.
func AwaitTurn(ctx context.Context, answer io.Closer, bytes int64) error {
	b, ours := answer.(*body)
	for ours && b.wants(bytes) {
		if !b.take(ctx.Done()) {
			return context.Cause(ctx)
		}
	}
	return nil
}

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
	turns  turns
	held   int // the first so many of turns
}

// newExchange begins one, and returns the context it has its deadline from.
func newExchange(ctx context.Context, limit, before time.Duration, turns turns) (*exchange, context.Context) {
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

// grow waits for the next turn once so many bytes have been read. The wait is not
// the server's fault, so the clock stands still.
func (e *exchange) grow(read int64) error {
	if !e.wants(read) {
		return nil
	}
	if !e.timer.Stop() { // it has just gone off
		<-e.over
		return e.late()
	}
	since := time.Now()
	if !e.take(e.over) {
		return e.late()
	}
	e.began = e.began.Add(time.Since(since))
	e.timer.Reset(e.limit - e.spent())
	return nil
}

// wants reports whether so many bytes need another turn.
func (e *exchange) wants(bytes int64) bool {
	return e.held < len(e.turns) && bytes >= e.turns[e.held].beyond
}

// take reports whether there was a turn before it was over.
func (e *exchange) take(over <-chan struct{}) bool {
	select {
	case e.turns[e.held].taken <- struct{}{}:
		e.held++
		return true
	case <-over:
		return false
	}
}

// shrink gives the turns back.
func (e *exchange) shrink() {
	for ; e.held > 0; e.held-- {
		<-e.turns[e.held-1].taken
	}
}
