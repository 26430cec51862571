package casework

import (
	"cmp"
	"slices"
	"time"

	"earshot"
)

// escalate asks for more: of another team, or of one person of a rota. The team
// that escalates keeps its case; what the other does with its own is Receive.
func escalate(c *earshot.Case, a *Action, now time.Time, l Limits) error {
	switch {
	case a.To == "" && a.Person == "":
		return refuse(BadRequest, "an escalation names a team (to), or a person of one's own team (person)")
	case a.To == a.Team && a.Person == "":
		return refuse(BadRequest, "%s has the case already: name another team, or a person", a.Team)
	case a.To == "" || a.To == a.Team:
		if err := isPerson(a.Person, l.People); err != nil {
			return err
		}
		c.Owner, c.Taken = "", time.Time{}
		call(c, a.Person, now)
	}
	if a.To != "" && a.To != a.Team && !slices.Contains(c.Handed, a.To) {
		c.Handed = append(slices.Clone(c.Handed), a.To)
	}
	c.State, c.MutedTill = earshot.Escalated, time.Time{}
	return nil
}

// call has a person told at once, besides the team.
func call(c *earshot.Case, person string, now time.Time) {
	if person != "" {
		c.Paged = append(slices.Clone(c.Paged), person)
	}
	c.Untold++
	c.TellAt = now
}

// Receive is what an escalation to another team makes of that team's case: its
// last event there, with no sequence when it has none, and the case it comes from. The limits are of the team that gets it.
func Receive(there *earshot.CaseEvent, from *earshot.Case, a Action, now time.Time, l Limits) (earshot.CaseEvent, error) {
	c := there.Case
	if there.Sequence == 0 {
		c = received(from, a.To, now)
	}
	if c.Merged != "" {
		return earshot.CaseEvent{}, refuse(WrongState, "at %s it is part of case %s: escalate that one", a.To, c.Merged)
	}
	if a.Person != "" {
		if err := isPerson(a.Person, l.People); err != nil {
			return earshot.CaseEvent{}, err
		}
	}
	switch c.State {
	case earshot.Resolved, earshot.Expired, earshot.Muted:
		c.State, c.Resolved, c.MutedTill = awake(&c), time.Time{}, time.Time{}
	}
	call(&c, a.Person, now)
	l.Clocks.Wind(&c)
	e := eventOf(there, &c, ReceivedEvent, &a, now)
	e.To = from.Team
	return e, nil
}

// received is a case as another team gets it: the matter, and nothing of what
// people of the first team did.
func received(from *earshot.Case, team string, now time.Time) earshot.Case {
	return earshot.Case{
		ID: from.ID, Team: team, Brand: from.Brand, State: earshot.Open, Kind: from.Kind, Topic: from.Topic,
		Urgency: from.Urgency, Band: from.Band, Opened: now, Opening: from.Opening,
		Count: from.Count, Reach: from.Reach, Members: slices.Clone(from.Members), Through: from.Through,
		Story: from.Story, Customer: from.Customer, Spoke: from.Spoke, Answered: from.Answered, Pin: from.Pin,
	}
}

// Join makes one case of two of one team: from becomes part of into. It returns
// the events of both, in this order; they are stored together or not at all.
func Join(from, into *earshot.CaseEvent, a Action, now time.Time) ([]earshot.CaseEvent, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	f, t := from.Case, into.Case
	switch {
	case done(&f, a.Request), f.Merged == t.ID:
		return nil, ErrDone
	case f.ID == t.ID:
		return nil, refuse(BadRequest, "a case cannot become part of itself")
	case f.Team != t.Team || f.Brand != t.Brand:
		return nil, refuse(BadRequest, "only cases of one brand and one team can be merged: this one is of %s, the other of %s", f.Brand, t.Brand)
	case f.Merged != "":
		return nil, stands(&f, Merge)
	case t.Merged != "":
		return nil, refuse(WrongState, "case %s is itself part of case %s: merge into that one", t.ID, t.Merged)
	case !slices.Contains(alive, t.State):
		return nil, stands(&t, Merge)
	case f.State == earshot.Expired:
		return nil, stands(&f, Merge)
	case f.Owner != "" && f.Owner != a.By:
		return nil, taken(&f)
	}
	absorb(&t, &f)
	f.Merged = t.ID
	end(&f, now)
	return []earshot.CaseEvent{
		eventOf(from, &f, MergedEvent, &a, now),
		naming(eventOf(into, &t, AbsorbedEvent, &a, now), f.ID),
	}, nil
}

func naming(e earshot.CaseEvent, to string) earshot.CaseEvent {
	e.To = to
	return e
}

// absorb adds to a case what another one has. The earlier limit of the two holds.
func absorb(t, f *earshot.Case) {
	t.Absorbed = append(append(slices.Clone(t.Absorbed), f.ID), f.Absorbed...)
	t.Count += f.Count
	t.Reach += f.Reach
	t.Members = union(t.Members, f.Members)
	if severity(f.Kind) > severity(t.Kind) {
		t.Kind, t.Topic = f.Kind, f.Topic
	}
	if f.Urgency > t.Urgency {
		t.Urgency, t.Band = f.Urgency, f.Band
	}
	for _, author := range authors(f) {
		if author != t.Customer && !slices.Contains(t.Also, author) {
			t.Also = append(slices.Clone(t.Also), author)
		}
	}
	if f.Spoke.After(t.Spoke) {
		t.Spoke = f.Spoke
	}
	if !slices.Contains(unsaid, f.State) {
		return
	}
	t.RespondBy, t.NextBy, t.ResolveBy = earlier(t.RespondBy, f.RespondBy), earlier(t.NextBy, f.NextBy), earlier(t.ResolveBy, f.ResolveBy)
	if !slices.Contains(unsaid, t.State) {
		t.State, t.MutedTill = awake(t), time.Time{} // somebody waits for an answer now
	}
}

// authors are the keys of those whose matter a case is.
func authors(c *earshot.Case) []string {
	if c.Customer == "" {
		return c.Also
	}
	return append([]string{c.Customer}, c.Also...)
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Part is the reverse of Join: from is a case of its own again, as it stood before
// and with what it got since; into loses what it had of it.
func part(from, before, into, was *earshot.CaseEvent, l Limits, a Action, now time.Time) []earshot.CaseEvent {
	f, t := from.Case, into.Case
	restore(&f, &before.Case)
	if slices.Contains(unsaid, f.State) {
		l.Clocks.Wind(&f)
	}
	t.Absorbed = slices.DeleteFunc(slices.Clone(t.Absorbed), func(id string) bool { return id == f.ID || slices.Contains(f.Absorbed, id) })
	t.Also = slices.DeleteFunc(slices.Clone(t.Also), func(author string) bool { return slices.Contains(authors(&f), author) })
	t.Count = max(t.Count-f.Count, 0)
	t.Reach = max(t.Reach-f.Reach, 0)
	t.Members = slices.DeleteFunc(slices.Clone(t.Members), func(m earshot.Member) bool { return has(f.Members, m.Mention) })
	if len(t.Members) > 0 {
		t.Kind, t.Topic, t.Urgency = t.Members[0].Kind, t.Members[0].Topic, 0
	}
	for _, m := range t.Members {
		if severity(m.Kind) > severity(t.Kind) {
			t.Kind, t.Topic = m.Kind, m.Topic
		}
		t.Urgency = max(t.Urgency, m.Urgency)
	}
	t.Band = l.Bands.Of(t.Urgency)
	if was != nil {
		alone(&t, &f, &before.Case, &was.Case)
		if slices.Contains(unsaid, t.State) {
			l.Clocks.Wind(&t)
		}
	}
	return []earshot.CaseEvent{
		naming(eventOf(from, &f, UndoneEvent, &a, now), t.ID),
		naming(eventOf(into, &t, UndoneEvent, &a, now), f.ID),
	}
}

// alone has a case stand without what it had of another one that was part of it: f
// is that one now, before as it was then, and was the case itself. What the brand has
// said to the customer of the other is no answer to its own.
func alone(t, f, before, was *earshot.Case) {
	for _, limit := range []struct {
		now    *time.Time
		theirs time.Time
		mine   time.Time
	}{{&t.RespondBy, before.RespondBy, was.RespondBy}, {&t.NextBy, before.NextBy, was.NextBy}, {&t.ResolveBy, before.ResolveBy, was.ResolveBy}} {
		if limit.now.Equal(limit.theirs) {
			*limit.now = limit.mine
		}
	}
	quiet := t.Count == was.Count // its own customer has said nothing since
	if f.Answered.After(before.Answered) && t.Answered.Equal(f.Answered) {
		t.Answered = was.Answered
		if t.State == earshot.Answered {
			t.State = awake(t)
		}
	}
	if quiet && t.Answered.Equal(was.Answered) {
		t.Spoke = was.Spoke
		if was.State == earshot.Answered && slices.Contains(unsaid, t.State) {
			t.State = earshot.Answered
		}
	}
}

// maxMembers is how many mentions a case remembers one by one, as in alerts.
const maxMembers = 200

// union returns the members of both, the most urgent ones when there are too many.
func union(some, more []earshot.Member) []earshot.Member {
	all := slices.Clone(some)
	for _, m := range more {
		if !has(some, m.Mention) {
			all = append(all, m)
		}
	}
	if len(all) > maxMembers {
		slices.SortStableFunc(all, func(a, b earshot.Member) int {
			return cmp.Or(cmp.Compare(severity(b.Kind), severity(a.Kind)), cmp.Compare(b.Urgency, a.Urgency))
		})
		all = all[:maxMembers]
	}
	return all
}

func has(members []earshot.Member, mention string) bool {
	return slices.ContainsFunc(members, func(m earshot.Member) bool { return m.Mention == mention })
}

func severity(k earshot.Kind) int { return slices.Index(earshot.Kinds(), k) }
