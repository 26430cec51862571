package crisis

import (
	"math"
	"slices"
	"time"

	"earshot"
)

// Bounds of the machine, in steps.
const (
	twice     = 2          // an hour must be a crisis twice before it is told as one
	easing    = steps      // quiet steps before it is said that it fades
	relapse   = 24 * steps // the same after a relapse, so that it does not come and go
	healing   = 6 * steps  // quiet steps before calm
	calming   = steps      // the same from watch
	week      = 7 * 24 * time.Hour
	retellers = 20 // elevated states remembered
	seldom    = 6  // intervals between updates of what is no crisis
)

// standing is a state and what the next one depends on. Its fields are exported
// for gob only.
type standing struct {
	State    earshot.Alarm
	Entered  time.Time
	Since    time.Time // when calm ended
	Over     time.Time // when the last elevated state or crisis was over
	Told     time.Time // the last transition or update
	Rising   int       // steps in a row that are a crisis
	Quiet    int       // steps in a row that are less than the state
	Relapses int
	Peak     float64     // the greatest surprise of the last elevated state
	Elevated []time.Time // when the elevated states of the week began
	First    *top        // the first negative mention since calm
}

// Transition is a change of state, or the update that is due while one lasts.
type Transition struct {
	From, To earshot.Alarm
	At       time.Time
	Evidence earshot.Evidence
	Update   bool // nothing changed: PR hears how it stands
}

// Tells reports whether PR hears of the transition: of all but what comes and goes
// between calm and watch.
func (t *Transition) Tells() bool {
	return t.Update || grave(t.To) || grave(t.From)
}

func grave(state earshot.Alarm) bool { return state != earshot.Calm && state != earshot.Watch }

// learns reports whether an hour is habit: not while it is bad, unless it has been
// so for days.
func (s *standing) learns(now time.Time) bool {
	return s.State != earshot.Elevated && s.State != earshot.InCrisis || now.Sub(s.Entered) > tiring
}

// needs is the surprise it takes to become elevated, and how many elevated states
// of the last week were more than the budget.
func (s *standing) needs(now time.Time, budget int) (surprise float64, over int) {
	surprise = badly
	if !grave(s.State) && !s.Over.IsZero() {
		surprise = max(surprise, s.Peak*math.Exp(-float64(now.Sub(s.Over))/float64(forgets)))
	}
	for _, began := range s.Elevated {
		if now.Sub(began) < week {
			over++
		}
	}
	return surprise, max(0, over-budget)
}

// look judges the hour that ends now.
func (w *Watch) look() []Transition {
	h := w.hour(w.next)
	bad, found := h.judge()
	s := &w.standing
	if bad == spreads {
		s.Rising++
	} else {
		s.Rising = 0
	}
	to := s.advance(bad, h, w.deaf(w.next-int64(steps), w.next) >= deafAt)
	if grave(s.State) {
		s.Peak = max(s.Peak, h.ill)
	}
	s.First = w.firstSince()
	now := h.window.To
	every := w.config.Update
	if to == earshot.Elevated {
		every *= seldom
	}
	lasting := (to == earshot.Elevated || to == earshot.InCrisis) && (bad >= worse || h.lasts())
	switch {
	case to != s.State:
		change := Transition{From: s.State, To: to, At: now, Evidence: w.evidence(h, to, found)}
		s.enter(to, now)
		if to == earshot.Recovering {
			w.day = nil // what was bad in it is told
		}
		return []Transition{change}
	case lasting && now.Sub(s.Told) >= every:
		s.Told = now
		return []Transition{{From: to, To: to, At: now, Evidence: w.evidence(h, to, found), Update: true}}
	}
	return nil
}

// advance is the state that follows. deaf says that little was heard because not
// everything was: then nothing gets better.
func (s *standing) advance(bad level, h *hour, deaf bool) earshot.Alarm {
	crisis := s.Rising >= twice
	switch s.State {
	case earshot.InCrisis:
		patience := easing
		if s.Relapses > 0 {
			patience = relapse
		}
		if s.calmer(!h.lasts(), deaf, patience) {
			return earshot.Recovering
		}
	case earshot.Elevated:
		if crisis {
			return earshot.InCrisis
		}
		if s.calmer(!h.lasts() && bad < worse, deaf, easing) {
			return earshot.Recovering
		}
	case earshot.Recovering:
		if crisis {
			return earshot.InCrisis
		}
		if s.calmer(!h.lasts() && bad < worse, deaf, healing) {
			return earshot.Calm
		}
	case earshot.Watch:
		if bad >= worse && s.may(bad, h) {
			return earshot.Elevated
		}
		if s.calmer(bad < unusual, deaf, calming) {
			return earshot.Calm
		}
	default:
		if bad >= worse && s.may(bad, h) {
			return earshot.Elevated
		}
		if bad >= unusual {
			return earshot.Watch
		}
	}
	return s.State
}

// calmer counts quiet steps and reports whether they are enough.
func (s *standing) calmer(quiet, deaf bool, enough int) bool {
	if !quiet {
		s.Quiet = 0
	} else if !deaf {
		s.Quiet++
	}
	return s.Quiet >= enough
}

// may reports whether PR is to be told: soon after the last time only of a crisis.
func (s *standing) may(bad level, h *hour) bool {
	return bad == spreads || s.Over.IsZero() || h.window.To.Sub(s.Over) >= h.config.Refrain
}

// enter changes the state.
func (s *standing) enter(to earshot.Alarm, now time.Time) {
	from := s.State
	s.State, s.Entered, s.Told, s.Quiet = to, now, now, 0
	if from == earshot.Calm {
		s.Since = now
	}
	switch to {
	case earshot.Calm:
		s.Since, s.First, s.Relapses = time.Time{}, nil, 0
		if grave(from) {
			s.Over = now
		}
	case earshot.Elevated:
		s.Peak = 0
		s.Elevated = append(s.Elevated, now)
		s.Elevated = slices.Clone(s.Elevated[max(0, len(s.Elevated)-retellers):])
	case earshot.InCrisis:
		if from == earshot.Recovering {
			s.Relapses++
		}
	}
}

// firstSince is the first negative mention of the last hour, or of the time since
// calm ended.
func (w *Watch) firstSince() *top {
	first := w.standing.First
	if w.standing.State == earshot.Calm {
		first = nil
	}
	for _, b := range w.within(w.next-int64(steps), w.next) {
		if b.First != nil && (first == nil || earlier(*b.First, *first) < 0) {
			first = b.First
		}
	}
	return first
}
