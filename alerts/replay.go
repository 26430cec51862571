package alerts

import (
	"context"
	"time"

	"earshot"
)

// Replay is an engine that goes through a log of the past, or of a test, by the
// clock of its mentions: hours pass as fast as it can decide. It decides as the
// engine of a daemon does that reads mentions the moment they are heard; what it
// raises is handed over and stored nowhere. It remembers each case and, for
// mentions in cases, where they are, but not their words. It is not for
// concurrent use.
type Replay struct {
	engine *Engine
	log    *replayLog
	now    time.Time
}

// NewReplay starts the clock at a moment, or says what is wrong with the
// configuration. Each alert is handed to told, in the order raised.
func NewReplay(c Config, start time.Time, told func(earshot.Alert)) (*Replay, earshot.Problems) {
	r := &Replay{log: newReplayLog(told), now: start}
	engine, problems := New(Options{Log: r.log, Now: func() time.Time { return r.now }}, c)
	r.engine = engine
	return r, problems
}

// Hear moves the clock to a moment, telling of old news and of cases that fall due
// on the way, and deals with mentions heard then. Their sequences must rise from call to
// call. A clock does not go back: mentions heard before the last ones are dealt
// with now.
func (r *Replay) Hear(ctx context.Context, at time.Time, mentions ...earshot.Stored) error {
	if due := r.now.Add(backlogQuiet); due.Before(at) {
		r.now = due
		if _, err := r.engine.cycle(ctx, nil); err != nil {
			return err
		}
	}
	for {
		due := r.next()
		if due.IsZero() || !due.Before(at) {
			break
		}
		if due.After(r.now) {
			r.now = due
		}
		if _, err := r.engine.cycle(ctx, nil); err != nil {
			return err
		}
	}
	if at.After(r.now) {
		r.now = at
	}
	for i := range mentions {
		r.log.keep(mentions[i])
	}
	for {
		taken, err := r.engine.cycle(ctx, mentions)
		if err != nil {
			return err
		}
		if mentions = mentions[taken:]; len(mentions) == 0 {
			return nil
		}
	}
}

// next is when the engine has something to do though nothing is heard: something
// is due of a case, or brands are looked at.
func (r *Replay) next() time.Time {
	due, _ := r.engine.timers.next()
	due = earliest(due, r.engine.gate.Due())
	if len(r.engine.watches) > 0 {
		r.engine.quiet = caughtUp
		due = earliest(due, r.engine.watched.Add(lookEvery))
	}
	return due
}
