package casework

import (
	"slices"
	"time"

	"earshot"
)

// irreversible are the events that cannot be undone, with what helps instead.
var irreversible = map[string]string{
	NotedEvent:     "a note stays: write another one",
	EscalatedEvent: "somebody was called already: claim the case, or tell them",
	ReceivedEvent:  "another team escalated it: resolve it, or tell them",
	AbsorbedEvent:  "another case became part of it: undo that on the other one",
	PinnedEvent:    "a line on a story goes with unpin",
	HeldEvent:      "a legal hold ends with unhold",
	UnheldEvent:    "a legal hold begins with hold",
	UnpinnedEvent:  "a line on a story comes back with pin",
}

// Undoable returns what a person would undo in a case: the last thing that people
// did to it. It may be the person's own, or anybody's as long as nothing has
// happened to the case since. act is that event as far as it is known; its
// sequence decides.
func Undoable(last *earshot.CaseEvent, a *Action) (earshot.Act, error) {
	c := &last.Case
	if done(c, a.Request) {
		return earshot.Act{}, ErrDone
	}
	if len(c.Acts) == 0 {
		return earshot.Act{}, refuse(WrongState, "nobody has done anything to it that could be undone")
	}
	act := c.Acts[len(c.Acts)-1]
	for i := len(c.Acts) - 1; i > 0 && act.Event == NotedEvent && c.Merged != ""; i-- { // a note changes nothing
		act = c.Acts[i-1]
	}
	if hint := irreversible[act.Event]; hint != "" {
		return act, refuse(WrongState, "the last change (%s, by %s on %s) cannot be undone: %s", act.Event, act.By, clock(act.At), hint)
	}
	if act.By != a.By && (last.Event != act.Event || !last.At.Equal(act.At)) {
		return act, refuse(Clash, "%s did the last thing (%s on %s) and the case has changed since: ask %[1]s to undo it", act.By, act.Event, clock(act.At))
	}
	return act, nil
}

// takenBack is the act that an action would undo, nil for one that undoes nothing.
func takenBack(last *earshot.CaseEvent, a *Action) *Line {
	if a.Verb != Undo {
		return nil
	}
	act, err := Undoable(last, a)
	if err != nil {
		return nil // whoever decides on the action says why
	}
	return &Line{Event: act.Event, By: act.By, At: act.At}
}

// Undone takes one act back: what it changed is as before, and what has happened
// to the case since stays. after is the event of the act, before the one before it.
func Undone(last, after, before *earshot.CaseEvent, a Action, now time.Time) (earshot.CaseEvent, error) {
	if err := a.check(); err != nil {
		return earshot.CaseEvent{}, err
	}
	c := last.Case
	if after.Case.Merged != before.Case.Merged {
		return earshot.CaseEvent{}, refuse(WrongState, "that was undone already: merge the cases again instead")
	}
	lost := back(&c.State, after.Case.State, before.Case.State, equal) ||
		back(&c.Owner, after.Case.Owner, before.Case.Owner, equal)
	if lost {
		return earshot.CaseEvent{}, refuse(Clash, "the case has changed since: it is %s now, so nothing can be put back", last.Case.State)
	}
	for _, at := range []struct {
		now           *time.Time
		after, before time.Time
	}{
		{&c.Taken, after.Case.Taken, before.Case.Taken},
		{&c.Answered, after.Case.Answered, before.Case.Answered},
		{&c.Spoke, after.Case.Spoke, before.Case.Spoke},
		{&c.Resolved, after.Case.Resolved, before.Case.Resolved},
		{&c.MutedTill, after.Case.MutedTill, before.Case.MutedTill},
		{&c.RespondBy, after.Case.RespondBy, before.Case.RespondBy},
		{&c.NextBy, after.Case.NextBy, before.Case.NextBy},
		{&c.ResolveBy, after.Case.ResolveBy, before.Case.ResolveBy},
		{&c.PageAt, after.Case.PageAt, before.Case.PageAt},
		{&c.Reopened, after.Case.Reopened, before.Case.Reopened},
	} {
		// A limit that the daemon has moved meanwhile stays where it put it.
		back(at.now, at.after, at.before, time.Time.Equal)
	}
	back(&c.Waited, after.Case.Waited, before.Case.Waited, equal)
	if c.State == earshot.Claimed || c.State == earshot.Open {
		c.State = awake(&c) // the daemon may have moved it there meanwhile
	}
	return eventOf(last, &c, UndoneEvent, &a, now), nil
}

// back puts a value back that an act has changed, unless something else has
// changed it since: then it reports true.
func back[T any](now *T, after, before T, same func(a, b T) bool) bool {
	if same(after, before) {
		return false
	}
	if !same(*now, after) {
		return true
	}
	*now = before
	return false
}

func equal[T comparable](a, b T) bool { return a == b }

// Apart takes a merge back: last, of the case that became part of another, stands
// as it did before the merge; into, of the other, has lost what it got by it: was is
// how that one stood before, nil if that is not known any more. It returns the events of both, to be stored together.
func Apart(last, before, into, was *earshot.CaseEvent, a Action, now time.Time, l Limits) ([]earshot.CaseEvent, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	if last.Case.Merged != into.Case.ID {
		return nil, refuse(WrongState, "it is not part of case %s", into.Case.ID)
	}
	if into.Case.Merged != "" {
		return nil, refuse(WrongState, "case %s has itself become part of case %s since: undo that first", into.Case.ID, into.Case.Merged)
	}
	if l.Bands == (earshot.Bands{}) {
		l.Bands = earshot.DefaultBands()
	}
	return part(last, before, into, was, l, a, now), nil
}

// restore has a case stand as it did before, with the mentions it has now, and what
// was said of it since: by the customer, or to the customer.
func restore(c, before *earshot.Case) {
	answered, spoke := c.Answered.After(before.Answered), c.Spoke.After(before.Spoke)
	c.State, c.Merged = before.State, before.Merged
	c.Owner, c.Taken = before.Owner, before.Taken
	c.Resolved, c.MutedTill, c.PageAt = before.Resolved, before.MutedTill, before.PageAt
	c.RespondBy, c.NextBy, c.ResolveBy = before.RespondBy, before.NextBy, before.ResolveBy
	switch {
	case c.Count < 1:
		c.State = earshot.Expired
		c.RespondBy, c.NextBy, c.ResolveBy = time.Time{}, time.Time{}, time.Time{}
	case answered && !c.Spoke.After(c.Answered) && slices.Contains(unsaid, c.State):
		c.State = earshot.Answered
		c.RespondBy, c.NextBy = time.Time{}, time.Time{}
	case spoke && c.Spoke.After(c.Answered) && slices.Contains([]earshot.State{earshot.Answered, earshot.Resolved}, c.State):
		c.State, c.Resolved = awake(c), time.Time{}
	}
}
