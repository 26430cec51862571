package alerts

import (
	"cmp"
	pq "container/heap"
	"time"

	"earshot"
	"earshot/alerts/duty"
)

// timers knows when the next thing about each case is due. It is made of the cases
// themselves, so that no timer can be lost or be left behind.
type timers struct {
	queue []timer
	at    map[caseKey]time.Time // what holds; an entry of the queue that differs is stale
}

type timer struct {
	at  time.Time
	key caseKey
}

// before orders by time, and what is due at once by case, so that lives agree.
func (t *timer) before(u *timer) bool {
	return cmp.Or(t.at.Compare(u.at), cmp.Compare(t.key.team, u.key.team), cmp.Compare(t.key.id, u.key.id)) < 0
}

// Len, Less, Swap, Push and Pop are container/heap's.
func (t *timers) Len() int           { return len(t.queue) }
func (t *timers) Less(i, j int) bool { return t.queue[i].before(&t.queue[j]) }
func (t *timers) Swap(i, j int)      { t.queue[i], t.queue[j] = t.queue[j], t.queue[i] }
func (t *timers) Push(x any)         { next, _ := x.(timer); t.queue = append(t.queue, next) }

// Pop removes the last entry.
func (t *timers) Pop() any {
	last := t.queue[len(t.queue)-1]
	t.queue = t.queue[:len(t.queue)-1]
	return last
}

// set notes when something is due of a case, zero for never.
func (t *timers) set(key caseKey, at time.Time) {
	if t.at == nil {
		t.at = map[caseKey]time.Time{}
	}
	was, known := t.at[key]
	switch {
	case at.IsZero():
		delete(t.at, key)
	case !known || !was.Equal(at):
		t.at[key] = at
		pq.Push(t, timer{at, key})
	}
}

// due takes out the cases of which something is due by now, at most so many.
func (t *timers) due(now time.Time, most int) []caseKey {
	var keys []caseKey
	for len(t.queue) > 0 && len(keys) < most && !t.queue[0].at.After(now) {
		next, _ := pq.Pop(t).(timer)
		if at, holds := t.at[next.key]; holds && at.Equal(next.at) {
			delete(t.at, next.key)
			keys = append(keys, next.key)
		}
	}
	return keys
}

// next is when the next thing is due.
func (t *timers) next() (time.Time, bool) {
	for len(t.queue) > 0 {
		first := t.queue[0]
		if at, holds := t.at[first.key]; holds && at.Equal(first.at) {
			return first.at, true
		}
		pq.Pop(t)
	}
	return time.Time{}, false
}

// earliest is the first of the times that are set.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, at := range times {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// dueAt is when something is next due of a case, zero for never.
func (t Team) dueAt(c *earshot.Case) time.Time {
	if c.Merged != "" || c.State == earshot.Expired {
		return time.Time{}
	}
	if c.State == earshot.Muted {
		return c.MutedTill
	}
	first := earliest(c.TellAt, t.again(c))
	if pages(c) {
		first = earliest(first, c.PageAt)
	}
	for _, due := range t.running(c) {
		told := toldOf(c, due)
		if told.Warned.IsZero() {
			first = earliest(first, due.Near)
		} else if told.Missed.IsZero() {
			first = earliest(first, due.At)
		}
	}
	return first
}

// again is when a team hears again of a case that nobody takes on, zero for never.
func (t Team) again(c *earshot.Case) time.Time {
	if t.noise == nil {
		return time.Time{}
	}
	at, _ := t.noise.Again(c)
	return at
}

// running are the clocks of a case that run. What people have done to it since it
// was wound counts.
func (t Team) running(c *earshot.Case) []duty.Due {
	if clocks := t.Clocks(); !c.Answered.IsZero() {
		wound := *c
		clocks.Wind(&wound)
		return clocks.Running(&wound)
	}
	return t.Clocks().Running(c)
}

// pages reports whether nobody has taken the case on yet.
func pages(c *earshot.Case) bool {
	return c.Owner == "" && c.Answered.IsZero() && (c.State == earshot.Open || c.State == earshot.Escalated)
}

// toldOf is what was told of a clock. A limit that has moved is told of anew.
func toldOf(c *earshot.Case, due duty.Due) earshot.Clock {
	for _, clock := range c.Clocks {
		if clock.Name == due.Name && clock.Due.Equal(due.At) {
			return clock
		}
	}
	return earshot.Clock{Name: due.Name, Due: due.At}
}
