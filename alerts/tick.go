package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"earshot"
)

// maxRung is how many cases are seen to at once when their time has come.
const maxRung = 200

// maxTicks is more than can be due of a case at once.
const maxTicks = 10

// The events of a case that time brings about.
const (
	Updated  = "updated"  // its team was told of what had changed for a while
	Unmuted  = "unmuted"  // the time it was muted for is over
	Nearing  = "nearing"  // the lead was told that a limit is near
	Missed   = "missed"   // the lead was told that a limit has passed
	Repeated = "repeated" // its team was told again, as nobody takes it on
	Paged    = "paged"    // the next person of the rota was called
)

// Tick decides what the time that has come asks for in a case, one thing at a
// call. It is pure, and returns false when nothing is due.
func Tick(t Team, c *earshot.Case, now time.Time) (earshot.CaseEvent, bool) {
	at := t.dueAt(c)
	if at.IsZero() || at.After(now) {
		return earshot.CaseEvent{}, false
	}
	after := *c
	event := earshot.CaseEvent{By: earshot.Daemon, At: now}
	due := func(at time.Time) bool { return !at.IsZero() && !at.After(now) }
	switch {
	case c.State == earshot.Muted:
		event.Event, event.Alert = Unmuted, unmute(t, &after, now)
	case pages(c) && due(c.PageAt):
		event.Event = Paged
		event.To, event.Alert = t.page(&after, now)
	case due(c.TellAt):
		event.Event = Updated
		if after.Untold > 0 {
			event.Alert = tell(&after, earshot.BecauseChanged, now)
		}
		after.TellAt = time.Time{}
	case due(t.again(c)):
		event.Event = Repeated
		event.Alert = tell(&after, earshot.BecauseReminder, now)
		event.Alert.Reminder = "nobody has claimed it for " + ago(now.Sub(latest(c.Opened, c.Spoke)).Round(time.Minute))
	default:
		event.Event, event.Alert = t.limit(&after, now)
	}
	event.Case = after
	return event, true
}

// unmute has a team hear of a case again, of what has changed meanwhile at once.
func unmute(t Team, c *earshot.Case, now time.Time) *earshot.Alert {
	c.State, c.MutedTill, c.TellAt = earshot.Open, time.Time{}, time.Time{}
	if c.Owner != "" {
		c.State = earshot.Claimed
	}
	t.Clocks().Wind(c)
	if c.Untold == 0 {
		return nil
	}
	return tell(c, earshot.BecauseChanged, now)
}

// pageAfter is how long a critical case may lie unclaimed before the next person
// is called.
const pageAfter = 5 * time.Minute

// page calls the next one of the rota, and when nobody is left whoever stands in.
func (t Team) page(c *earshot.Case, now time.Time) (string, *earshot.Alert) {
	call, somebody := t.Roster().Next(now, c.Paged)
	if !somebody {
		c.PageAt = time.Time{}
		return "", nil
	}
	c.Paged = append(slices.Clone(c.Paged), call.Name())
	c.PageAt = now.Add(pageAfter)
	alert := tell(c, earshot.BecauseReminder, now)
	alert.Reminder = "nobody has claimed it for " + ago(now.Sub(latest(c.Opened, c.Spoke)).Round(time.Minute))
	switch {
	case call.Team != "":
		alert.Team = call.Team
		alert.Reminder += fmt.Sprintf(", and at team %s %s", t.Name, call.Because)
	case call.Because != "":
		alert.Reminder += ", and " + call.Because
		fallthrough
	default:
		alert.To = []string{call.Person}
		alert.Reminder += ": " + call.Person + " is called"
	}
	return call.Name(), alert
}

// limit tells the lead that a limit is near or has passed.
func (t Team) limit(c *earshot.Case, now time.Time) (string, *earshot.Alert) {
	for _, due := range t.running(c) {
		told := toldOf(c, due)
		var event, said string
		switch {
		case told.Missed.IsZero() && !due.At.After(now):
			told.Missed, told.Warned = now, latest(told.Warned, now)
			event, said = Missed, fmt.Sprintf("the %s was due %s ago", clockNames[due.Name], ago(now.Sub(due.At).Round(time.Minute)))
		case told.Warned.IsZero() && !due.Near.After(now):
			told.Warned = now
			event, said = Nearing, fmt.Sprintf("the %s is due in %s", clockNames[due.Name], ago(due.At.Sub(now).Round(time.Minute)))
		default:
			continue
		}
		kept := slices.DeleteFunc(slices.Clone(c.Clocks), func(k earshot.Clock) bool { return k.Name == due.Name })
		c.Clocks = append(kept, told)
		alert := tell(c, earshot.BecauseReminder, now)
		alert.Reminder = said
		if t.Lead != "" {
			alert.To = []string{t.Lead}
		}
		return event, alert
	}
	return Updated, nil // cannot be: something is due
}

var clockNames = map[earshot.ClockName]string{
	earshot.FirstReply: "first answer", earshot.NextReply: "next answer", earshot.Resolution: "resolution",
}

// ring sees to the cases whose time has come.
func (e *Engine) ring(ctx context.Context) error {
	set := e.settings.Load()
	for {
		keys := e.timers.due(e.now(), maxRung)
		if len(keys) == 0 {
			return nil
		}
		if err := e.rung(ctx, set, keys); err != nil {
			for _, key := range keys { // whatever was done is not done twice: the case says so
				e.timers.set(key, e.now())
			}
			return err
		}
	}
}

func (e *Engine) rung(ctx context.Context, set *settings, keys []caseKey) error {
	b := e.begin(set)
	for _, key := range keys {
		if err := b.ring(ctx, key); err != nil {
			return err
		}
	}
	return b.commit(ctx)
}

func (b *batch) ring(ctx context.Context, key caseKey) error {
	c, err := b.open(ctx, key.team, key.id)
	if err != nil || !c.exists {
		return err
	}
	team := b.settings.team(key.team)
	for range maxTicks {
		event, due := Tick(team, &c.Case, b.now)
		if !due {
			break
		}
		if err := b.show(ctx, c, &event); err != nil {
			return err
		}
		b.add(c, event)
	}
	if !c.changed { // a person was faster
		b.engine.timers.set(key, team.dueAt(&c.Case))
	}
	return nil
}

// show adds to an alert the mention that a person should look at: the one that
// gives the case its kind.
func (b *batch) show(ctx context.Context, c *open, event *earshot.CaseEvent) error {
	if event.Alert == nil {
		return nil
	}
	in, err := b.engine.brand(ctx, c.Brand)
	if err != nil {
		return err
	}
	b.touch(in)
	if len(c.Members) == 0 {
		event.Alert.Summary = Summary(event.Alert)
		return nil
	}
	key := c.Members[leader(c.Members)].Mention
	stored, err := b.engine.log.Mention(ctx, c.Brand, key)
	switch {
	case err == nil && stored.Verdict != nil:
		event.Mention = stored.Mention.ID
		event.Alert.Mention, event.Alert.Verdict = bounded(&stored.Mention, stored.Verdict)
		// The alert is noted with the mention, so that it can be taken back.
		m, err := b.membership(ctx, c.Brand, key)
		if err != nil {
			return err
		}
		b.move(m)
	case err != nil && !errors.Is(err, earshot.ErrNotFound):
		return fmt.Errorf("reading mention %s: %w", key, err)
	}
	event.Alert.Summary = Summary(event.Alert)
	return nil
}

// team is one of the configuration, or one that has left it.
func (s *settings) team(name string) Team {
	if team, exists := s.teams[name]; exists {
		return team
	}
	return Team{Name: name}
}

// follow takes notice of what people have done to cases.
func (e *Engine) follow(ctx context.Context) error {
	events, err := e.log.Events(ctx, e.followed)
	if err != nil {
		return fmt.Errorf("reading what people did to cases: %w", err)
	}
	set := e.settings.Load()
	for i := range events {
		e.notice(set, &events[i])
	}
	return nil
}

// notice has the timers follow a case.
func (e *Engine) notice(set *settings, event *earshot.CaseEvent) {
	c, key := &event.Case, caseKey{event.Case.Team, event.Case.ID}
	e.timers.set(key, set.team(c.Team).dueAt(c))
	e.pins.follow(c)
	if known, ok := e.cases.Peek(key); ok && known.sequence < event.Sequence {
		e.cases.Add(key, durable{*c, event.Sequence})
	}
	e.followed = max(e.followed, event.Sequence)
}

// remember makes the timers anew from all cases there are.
func (e *Engine) remember(ctx context.Context) error {
	e.timers, e.pins, e.followed = timers{}, pins{}, 0
	if err := e.restore(ctx); err != nil {
		return err
	}
	set := e.settings.Load()
	err := e.log.Cases(ctx, func(event earshot.CaseEvent) error {
		e.notice(set, &event)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading when something is due: %w", err)
	}
	e.remembered, e.made = true, set
	return nil
}
