package listeners

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners/habit"
)

// count adds what was heard since the last look to each listener's hour.
func (w *watch) count(ctx context.Context, all map[string][]Status, now time.Time) error {
	elapsed := now.Sub(w.last)
	if w.last.IsZero() || elapsed > 10*w.Every {
		elapsed = 0 // nobody counted meanwhile
	}
	w.last = now
	if w.from.IsZero() {
		w.from = now
	}
	totals, states := w.sum(all)
	if err := w.meet(ctx, states, now); err != nil {
		return err
	}
	for name, e := range w.ears {
		e.state(states[name], now)
		e.posts = totals[name] > 0
		if e.posts {
			e.heard = now
		}
		e.minutes = append(e.minutes, totals[name])
		if most := int(30 * time.Minute / w.Every); len(e.minutes) > most {
			e.minutes = e.minutes[len(e.minutes)-most:]
		}
		if err := w.advance(ctx, name, e, now, elapsed, totals[name]); err != nil {
			return err
		}
	}
	return nil
}

// meet gets to know listeners that are new and forgets those that are gone.
func (w *watch) meet(ctx context.Context, states map[string][]Status, now time.Time) error {
	for name, parts := range states {
		e := w.ears[name]
		if e == nil {
			e = &ear{heard: now}
			if err := w.remember(ctx, name, e); err != nil {
				return err
			}
			w.ears[name] = e
		}
		e.known, e.bound, e.spent = now, parts[0].Silence, e.spent[:0]
		for _, p := range parts {
			e.spent = append(e.spent, p.Spent...)
		}
	}
	for name, e := range w.ears {
		if now.Sub(e.known) >= restarting {
			delete(w.ears, name)
		}
	}
	return nil
}

// sum returns what each listener heard since the last look, and how its parts are
// doing, at all daemons together.
func (w *watch) sum(all map[string][]Status) (heard map[string]int, states map[string][]Status) {
	heard, states = map[string]int{}, map[string][]Status{}
	fresh := make(map[counterKey]int64, len(w.seen))
	for daemon, parts := range all {
		for _, p := range parts {
			if p.Listener == Operation {
				continue
			}
			key := counterKey{daemon, p.Listener, p.Part}
			before, known := w.seen[key]
			if known && p.Mentions >= before {
				heard[p.Listener] += int(p.Mentions - before)
			}
			fresh[key] = p.Mentions
			states[p.Listener] = append(states[p.Listener], p)
		}
	}
	w.seen = fresh
	return heard, states
}

// state notes whether a listener listens. One part that does is enough: the others
// are told of by their errors, and by what the listener hears less.
func (e *ear) state(parts []Status, now time.Time) {
	down, why, at := len(parts) > 0, "", now
	for _, p := range parts {
		switch p.State {
		case Denied, Gone, Abandoned:
			at = now.Add(-patience) // waiting does not help
		case Waiting:
		default:
			down = false
		}
		if p.Err != "" {
			why = p.Err
		}
	}
	switch {
	case !down:
		e.failing, e.why = time.Time{}, ""
	case e.failing.IsZero() || at.Before(e.failing):
		e.failing, e.why = at, why
	}
}

// advance moves the hour on; one that is complete becomes part of the habit.
func (w *watch) advance(ctx context.Context, name string, e *ear, now time.Time, elapsed time.Duration, heard int) error {
	start := now.UTC().Truncate(time.Hour)
	if e.hour.Start.Equal(start) {
		e.hour.Long += elapsed
		e.hour.Count += heard
		return nil
	}
	done := e.hour
	e.hour = habit.Hour{Start: start, Long: elapsed, Count: heard}
	if done.Start.IsZero() {
		return nil
	}
	const kept = 24
	e.past = append([]habit.Hour{done}, e.past[:min(len(e.past), kept-1)]...)
	_, silent := w.open[name]
	if done.Long < 50*time.Minute || silent {
		return nil
	}
	e.habit.Learn(done.Start, done.Count)
	return w.keep(ctx, name, e)
}

func habitKey(name string) string { return name + ".habit" }

// remember reads a listener's habit.
func (w *watch) remember(ctx context.Context, name string, e *ear) error {
	value, revision, err := w.Tally.Load(ctx, habitKey(name))
	if err != nil {
		return fmt.Errorf("reading the habit of %s: %w", name, err)
	}
	e.revision = revision
	if len(value) == 0 {
		return nil
	}
	if err := json.Unmarshal(value, &e.habit); err != nil {
		w.Log.Warn("habit is unreadable and learnt anew", zap.String("source", name), failure(err))
		e.habit = habit.Habit{}
	}
	return nil
}

// keep writes a listener's habit. Whoever was faster has learnt the hour too.
func (w *watch) keep(ctx context.Context, name string, e *ear) error {
	value, err := json.Marshal(&e.habit)
	if err != nil {
		return fmt.Errorf("writing the habit of %s: %w", name, err)
	}
	revision, err := w.Tally.Save(ctx, habitKey(name), value, e.revision)
	if errors.Is(err, earshot.ErrConflict) {
		return w.remember(ctx, name, e)
	}
	if err != nil {
		return fmt.Errorf("writing the habit of %s: %w", name, err)
	}
	e.revision = revision
	return nil
}

// trouble says why a listener is to be taken for silent, if it is: in the words of
// a headline that follow its name, and what else there is to know.
func (e *ear) trouble(now time.Time) (why cause, title, text string) {
	if !e.failing.IsZero() && now.Sub(e.failing) >= patience {
		return fails, "does not listen", "It has failed for a while and hears nothing: " + e.why
	}
	if nothing := now.Sub(e.heard); e.bound > 0 && nothing >= e.bound {
		return bound, "is silent", fmt.Sprintf("Nothing was heard for %s; its bound (silence:) is %s.", nothing.Round(time.Second), e.bound)
	}
	if silent, heard, expected := e.habit.Silent(append([]habit.Hour{e.hour}, e.past...)); silent {
		return less, "hears clearly less than usual", fmt.Sprintf("%d posts were heard lately where about %.0f are usual at this time of the week.", heard, expected)
	}
	return "", "", ""
}

// mostSpent returns a budget of which four fifths or more are gone, if any.
func (e *ear) mostSpent() (Spent, bool) {
	for _, s := range e.spent {
		if s.mostly() {
			return s, true
		}
	}
	return Spent{}, false
}

// recovered reports whether a silence is over, whatever began it.
func (e *ear) recovered(why cause) bool {
	switch why {
	case fails:
		return e.failing.IsZero()
	case bound:
		return e.posts
	}
	count := 0
	for _, n := range e.minutes {
		count += n
	}
	return e.habit.Recovered(habit.Hour{Start: e.hour.Start, Long: 30 * time.Minute, Count: count})
}
