package duty

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"earshot"
)

// DefaultWarn is the share of a time limit after which it is near.
const DefaultWarn = 0.8

// MaxLimit is the longest time limit: a longer one is a mistake.
const MaxLimit = 366 * 24 * time.Hour

// Limits are how soon a team is to act, by urgency; a band without one has no
// clock.
type Limits = map[earshot.Band]time.Duration

// Clocks are the time limits of a team. They never change and may be used by many
// at once.
type Clocks struct {
	First    Limits         // until the first answer, since the case was opened
	Next     Limits         // until the answer to a further word, since the customer spoke
	Resolve  Limits         // until the case is resolved, since it was opened, without the time spent waiting for the customer
	Warn     float64        // share of a limit after which it is near, (0,1); zero means DefaultWarn
	Always   []earshot.Band // whose clocks run at night, too; nil means critical
	Calendar *Calendar      // when those of the other bands run; nil means always
}

// Check returns what is wrong with the limits. Each is named as in the file and
// stands below path.
func (c Clocks) Check(path string) earshot.Problems {
	r := &reporter{path: path}
	r.limits(".respond_within", "nobody can answer in no time", c.First)
	r.limits(".next_reply_within", "nobody can answer in no time", c.Next)
	r.limits(".resolve_within", "nobody can resolve a case in no time", c.Resolve)
	if c.Warn < 0 || c.Warn >= 1 {
		r.report(".warn_at", "not a share of the time", "more than 0 and less than 1, such as 0.8")
	}
	for i, band := range c.Always {
		r.band(fmt.Sprintf(".around_the_clock[%d]", i), band)
	}
	return r.problems
}

func (r *reporter) band(at string, band earshot.Band) bool {
	known := slices.Contains(earshot.BandNames(), band)
	if !known {
		names := make([]string, len(earshot.BandNames()))
		for i, name := range earshot.BandNames() {
			names[i] = string(name)
		}
		r.report(at, fmt.Sprintf("there is no urgency %q", band), "one of "+strings.Join(names, ", "))
	}
	return known
}

func (r *reporter) limits(at, none string, limits Limits) {
	for _, band := range slices.Sorted(maps.Keys(limits)) {
		at := at + "." + string(band)
		switch limit := limits[band]; {
		case !r.band(at, band):
		case limit <= 0:
			r.report(at, none, "such as 1h; leave it out for no clock")
		case limit > MaxLimit:
			r.report(at, "nobody waits for years", "at most 366d, such as 8h")
		}
	}
}

// calendar is when the clocks of a band run.
func (c Clocks) calendar(band earshot.Band) *Calendar {
	always := c.Always
	if always == nil {
		always = []earshot.Band{earshot.Critical}
	}
	if slices.Contains(always, band) {
		return nil
	}
	return c.Calendar
}

// Wind sets the time limits of a case (RespondBy, NextBy, ResolveBy) by its other
// fields, after each change of it. A limit comes nearer when the case becomes more
// urgent and never moves away, whatever becomes of its urgency. An answer takes
// NextBy away and leaves RespondBy as it was; Running tells which of them count.
// Winding twice is winding once.
func (c Clocks) Wind(of *earshot.Case) {
	if of.Answered.IsZero() {
		of.RespondBy = c.nearer(of.RespondBy, c.First, of.Band, began(of), 0)
	}
	if of.Answered.IsZero() || !of.Spoke.After(of.Answered) {
		of.NextBy = time.Time{}
	} else {
		of.NextBy = c.nearer(of.NextBy, c.Next, of.Band, of.Spoke, 0)
	}
	of.ResolveBy = c.nearer(of.ResolveBy, c.Resolve, of.Band, of.Opened, of.Waited)
}

// began is when the first answer of a case began to be owed: it opened, or was
// reopened after it had ended without one.
func began(of *earshot.Case) time.Time { return later(of.Opened, of.Reopened) }

// FirstBy is when the first answer to a case is due that was opened at a moment
// and had to be answered by was until now; zero when there is no clock.
func (c Clocks) FirstBy(band earshot.Band, opened, was time.Time) time.Time {
	return c.nearer(was, c.First, band, opened, 0)
}

func (c Clocks) nearer(was time.Time, limits Limits, band earshot.Band, from time.Time, waited time.Duration) time.Time {
	limit, clock := limits[band]
	if !clock {
		return was
	}
	due := c.calendar(band).Add(from, limit+waited)
	if was.IsZero() || due.Before(was) {
		return due
	}
	return was
}

// Resume goes on with a case that waited for its customer from one moment to
// another, or was resolved meanwhile: the working time in between does not count
// towards its resolution. It is called once for each wait, before Wind.
func (c Clocks) Resume(of *earshot.Case, since, at time.Time) {
	calendar := c.calendar(of.Band)
	waited := calendar.Between(since, at)
	of.Waited += waited
	if !of.ResolveBy.IsZero() {
		of.ResolveBy = calendar.Add(of.ResolveBy, waited)
	}
}

// Due is a clock that runs.
type Due struct {
	Name earshot.ClockName
	At   time.Time // the limit
	Near time.Time // when it becomes near: not after At
}

// Running are the clocks of a case that run, the first limit first. None runs once
// a case is resolved, expired or merged, and none while it waits for the customer.
func (c Clocks) Running(of *earshot.Case) []Due {
	if of.Merged != "" || slices.Contains([]earshot.State{earshot.Answered, earshot.Resolved, earshot.Expired}, of.State) {
		return nil
	}
	var running []Due
	run := func(name earshot.ClockName, from, at time.Time, waited time.Duration) {
		if !at.IsZero() {
			running = append(running, Due{Name: name, At: at, Near: c.near(of.Band, from, at, waited)})
		}
	}
	if of.Answered.IsZero() {
		run(earshot.FirstReply, began(of), of.RespondBy, 0)
	}
	run(earshot.NextReply, of.Spoke, of.NextBy, 0)
	run(earshot.Resolution, of.Opened, of.ResolveBy, of.Waited)
	slices.SortStableFunc(running, func(a, b Due) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name)) })
	return running
}

// near is when the share of a limit has passed after which the lead is warned.
func (c Clocks) near(band earshot.Band, from, at time.Time, waited time.Duration) time.Time {
	warn := c.Warn
	if warn == 0 {
		warn = DefaultWarn
	}
	calendar := c.calendar(band)
	length := calendar.Between(from, at)
	if length == 0 { // the limit is of a time when the case was more urgent, and in closed hours
		calendar, length = nil, at.Sub(from)
	}
	waited = min(waited, length)
	near := calendar.Add(from, waited+time.Duration(warn*float64(length-waited)))
	if near.After(at) {
		return at
	}
	return near
}
