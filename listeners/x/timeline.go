package x

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// timeline is a part that asks at intervals: the keyword search, or the mentions
// of one account.
type timeline struct {
	*account
	part    string
	queries []string // of the keyword search
	handle  string   // of the account whose mentions these are, without @
}

func zapError(err error) zap.Field { return zap.NamedError("err", err) }

// Listen asks when it is time and emits what is new.
func (t *timeline) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		t.log.Warn("cursor is unreadable, hearing again what is not too old", zap.String("part", t.part), zapError(err))
	}
	a, err := t.api()
	if err != nil {
		return err
	}
	for {
		if err := wait(ctx, min(time.Until(st.Next), t.config.Every)); err != nil {
			return err
		}
		if err := t.round(ctx, a, st, emit); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err() // both may be true
	}
}

// round asks for everything once, to the end.
func (t *timeline) round(ctx context.Context, a *api, st *state, emit listeners.Emit) error {
	searches, err := t.searches(ctx, a, st)
	if err != nil {
		return err
	}
	st.follow(keysOf(searches), idAt(a.now().Add(-t.config.Lookback)))
	return t.walkAll(ctx, a, searches, st, emit, func() {
		st.Next = time.Now().Add(t.config.Every).UTC()
		listeners.Report(ctx, listeners.Outlook{Next: st.Next})
	})
}

// walkAll walks every search to its end. last is called before the last batch is
// emitted.
func (acc *account) walkAll(ctx context.Context, a *api, searches []search, st *state, emit listeners.Emit, last func()) error {
	for i := range searches {
		s := &searches[i]
		p := st.Walks[earshot.Key(s.key)]
		acc.reachable(s, p, a.now())
		for over := p.Done; !over; {
			var found []tweet
			var err error
			found, over, err = s.piece(ctx, acc, a, p)
			if over && i == len(searches)-1 {
				last()
			}
			if err == nil || len(found) > 0 {
				if err := emitTweets(ctx, st, emit, found); err != nil {
					return err
				}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// reachable gives up what is older than X searches, and says so.
func (acc *account) reachable(s *search, p *progress, now time.Time) {
	oldest := s.reach(now)
	if p.Since >= oldest {
		return
	}
	if p.First == 0 && s.back > 0 { // not in a backfill, which may ask for anything
		acc.log.Warn("X does not search so far back: what was posted in between is not heard",
			zap.Time("from", p.Since.time()), zap.Time("to", oldest.time()))
	}
	p.Since = oldest
	if p.Until > 0 && p.Until <= oldest { // a walk that was left long ago has nothing more to find
		p.settle(p.Began)
		p.Until, p.Began = 0, 0
	}
}

func keysOf(searches []search) []string {
	keys := make([]string, 0, len(searches))
	for i := range searches {
		keys = append(keys, searches[i].key)
	}
	return keys
}

// searches are what the part asks for.
func (t *timeline) searches(ctx context.Context, a *api, st *state) ([]search, error) {
	if t.handle == "" {
		return t.keywordSearches(t.queries), nil
	}
	if st.User == 0 {
		id, err := t.lookUp(ctx, a)
		if err != nil {
			return nil, err
		}
		st.User = id
	}
	return []search{mentionsOf(st.User, t.config.Price)}, nil
}

func (acc *account) keywordSearches(queries []string) []search {
	all := make([]search, 0, len(queries))
	for _, q := range queries {
		all = append(all, keywords(q, acc.config.Price))
	}
	return all
}

// lookUp finds the number of the account. It is asked once: the cursor keeps it,
// so that a new name of the account changes nothing.
func (t *timeline) lookUp(ctx context.Context, a *api) (snowflake, error) {
	reserved, err := t.purse.reserve(ctx, t.config.Price.User)
	if err != nil {
		return 0, err
	}
	b := &bridge{api: a, ctx: ctx}
	id, err := b.lookUpAccount(t.handle)
	switch {
	case err != nil:
		err = errors.Join(err, t.purse.failed(ctx, reserved, err))
	case id == 0:
		err = t.purse.settle(ctx, reserved, 0)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("looking up @%s: %w", t.handle, err)
	case id == 0:
		return 0, fmt.Errorf("%w: X knows no account @%s; correct it under handles", listeners.ErrGone, t.handle)
	}
	return id, nil
}

// Backfill emits what X still finds of what was posted since then, newest first
// in pieces that are each oldest first.
func (t *timeline) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		t.log.Warn("cursor is unreadable, backfilling from the start", zap.String("part", t.part), zapError(err))
	}
	a, err := t.api()
	if err != nil {
		return err
	}
	searches, err := t.searches(ctx, a, st)
	if err != nil {
		return err
	}
	return t.backfill(ctx, a, searches, since, st, emit)
}

func (acc *account) backfill(ctx context.Context, a *api, searches []search, since time.Time, st *state, emit listeners.Emit) error {
	if since.After(a.now()) {
		return nil
	}
	first := max(idAt(since)-1, 1) // a post of that very moment too
	for i := range searches {
		s := &searches[i]
		key := earshot.Key(s.key)
		p := st.Walks[key]
		if p == nil || p.First != first {
			p = &progress{Since: first, First: first}
			st.Walks[key] = p
		}
		for over := p.Done; !over; {
			acc.reachable(s, p, a.now())
			found, through, err := s.piece(ctx, acc, a, p)
			over, p.Done = through, through
			reportDone(ctx, a, p, i, len(searches))
			if err == nil || len(found) > 0 {
				if err := emitTweets(ctx, st, emit, found); err != nil {
					return err
				}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// reportDone says how much of a backfill is behind.
func reportDone(ctx context.Context, a *api, p *progress, i, of int) {
	part := 0.0
	switch {
	case p.Done:
		part = 1
	case p.Until > 0:
		all := a.now().Sub(p.Since.time())
		part = min(max(float64(a.now().Sub(p.Until.time()))/float64(max(all, 1)), 0), 1)
	}
	listeners.Report(ctx, listeners.Outlook{Done: (float64(i) + part) / float64(of)})
}
