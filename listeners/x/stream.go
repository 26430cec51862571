package x

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// stream is the part that hears the filtered stream. X repeats nothing of it, so
// that every gap is bridged by search: before it connects, as soon as it has, and
// once more when the search knows all that was posted until then.
type stream struct {
	*account
	rules   []string // for the stream
	queries []string // the same, for the search
}

const (
	streamPart   = "stream"
	streamAtOnce = 500                   // posts of a batch
	streamPause  = 50 * time.Millisecond // that a post waits for others
	streamRemind = time.Minute           // between two batches that move the cursor alone
	// emitWithin is how long storing may take before the stream is closed: what X
	// sends meanwhile is charged and lies unread.
	emitWithin = 10 * time.Second
)

// Listen bridges the gap, connects, and emits what X sends.
func (s *stream) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, hearing again what is not too old", zap.String("part", streamPart), zapError(err))
	}
	a, err := s.api()
	if err != nil {
		return err
	}
	if err := s.syncRules(ctx, a); err != nil {
		return err
	}
	if err := s.bridge(ctx, a, st, emit); err != nil {
		return err
	}
	return s.connected(ctx, a, st, emit)
}

// bridge searches for what the stream has missed.
func (s *stream) bridge(ctx context.Context, a *api, st *state, emit listeners.Emit) error {
	listeners.Report(ctx, listeners.Outlook{Note: "bridging a gap of the stream by search"})
	searches := s.keywordSearches(s.queries)
	st.follow(keysOf(searches), idAt(a.now().Add(-s.config.Lookback)))
	return s.walkAll(ctx, a, searches, st, emit, func() {})
}

// Backfill emits what X still finds of what was posted since then.
func (s *stream) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, backfilling from the start", zap.String("part", streamPart), zapError(err))
	}
	a, err := s.api()
	if err != nil {
		return err
	}
	return s.backfill(ctx, a, s.keywordSearches(s.queries), since, st, emit)
}

// connection is one connection to the stream.
type connection struct {
	*stream
	api    *api
	state  *state
	emit   listeners.Emit
	prepay prepaid

	close    context.CancelFunc
	messages <-chan any
	whole    bool      // every gap before the connection is bridged
	moved    time.Time // when the cursor last was
	batch    []tweet
}

// connected listens until the connection ends and returns why.
func (s *stream) connected(ctx context.Context, a *api, st *state, emit listeners.Emit) (err error) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	c := &connection{stream: s, api: a, state: st, emit: emit, close: cancel, prepay: prepaid{purse: s.purse}}
	if err := c.prepay.begin(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.prepay.end(ctx, errors.Is(err, listeners.ErrSpent))) }()

	b := &bridge{api: a, ctx: inner, opened: make(chan struct{})}
	if c.messages, err = b.filter(); err != nil {
		return err
	}
	defer func() {
		cancel()
		for range c.messages {
			continue // it may be left with a message in its hands
		}
	}()
	select {
	case <-b.opened:
	case message := <-c.messages:
		_, err := postOf(message)
		return err
	}
	if err := s.bridge(ctx, a, st, emit); err != nil {
		return err
	}
	listeners.Report(ctx, listeners.Outlook{Note: "streaming"})
	return c.listen(ctx)
}

// listen takes messages until there are no more.
func (c *connection) listen(ctx context.Context) error {
	again := time.NewTimer(c.settles)
	defer again.Stop()
	pause := time.NewTimer(time.Hour)
	defer pause.Stop()
	for {
		select {
		case message, open := <-c.messages:
			if !open {
				return errors.Join(c.flush(ctx), errStreamOver)
			}
			if err := c.take(ctx, message); err != nil {
				return err
			}
			if len(c.batch) == 1 {
				pause.Reset(streamPause)
			}
		case <-pause.C:
			if err := c.flush(ctx); err != nil {
				return err
			}
		case <-again.C:
			if err := c.bridgeAgain(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take handles one message.
func (c *connection) take(ctx context.Context, message any) error {
	t, err := postOf(message)
	switch {
	case err != nil:
		return errors.Join(c.flush(ctx), err)
	case t == nil:
		return c.remind(ctx)
	}
	if !c.known(snowflake(t.ID)) {
		c.batch = append(c.batch, *t)
	}
	err = c.prepay.post(ctx)
	if err != nil || len(c.batch) >= streamAtOnce {
		return errors.Join(c.flush(ctx), err) // what came is paid for
	}
	return nil
}

// known reports whether a search has found the post before the stream sent it,
// and remembers it for those to come.
func (c *connection) known(id snowflake) bool {
	known := false
	for _, p := range c.state.Walks {
		known = known || p.has(id)
	}
	for _, p := range c.state.Walks {
		if id > p.Since {
			p.heard(id)
		}
	}
	return known
}

// flush stores what came.
func (c *connection) flush(ctx context.Context) error {
	if len(c.batch) == 0 {
		return nil
	}
	return c.store(ctx)
}

// remind moves the cursor when nothing comes, so that a gap is as short as it
// was.
func (c *connection) remind(ctx context.Context) error {
	if !c.whole || time.Since(c.moved) < streamRemind {
		return nil
	}
	return c.store(ctx)
}

func (c *connection) store(ctx context.Context) error {
	if c.whole {
		settled := idAt(c.api.now().Add(-c.settles))
		for _, p := range c.state.Walks {
			p.settle(settled)
		}
	}
	slow := time.AfterFunc(emitWithin, c.close)
	defer slow.Stop()
	err := emitTweets(ctx, c.state, c.emit, c.batch)
	c.batch, c.moved = nil, time.Now()
	return err
}

// bridgeAgain searches for what was posted before the connection and had not yet
// been found. From then on the stream alone says what was posted.
func (c *connection) bridgeAgain(ctx context.Context) error {
	if err := c.flush(ctx); err != nil {
		return err
	}
	if err := c.bridge(ctx, c.api, c.state, c.emit); err != nil {
		return err
	}
	c.whole = true
	listeners.Report(ctx, listeners.Outlook{Note: "streaming"})
	return nil
}
