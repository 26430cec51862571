package alerts

import (
	"fmt"
	"time"

	"earshot"
)

// Step is what one mention does to one case of one team: it joins (Is without
// Was), is edited (both) or leaves (Was without Is).
type Step struct {
	Team     Team
	Brand    string
	Case     string           // its ID
	Story    string           // the story of the mention, kept by a case that opens
	Customer string           // key of the author whose case it is; empty when it is nobody's alone
	Before   *earshot.Case    // nil when the case is not there yet
	Cause    uint64           // sequence of the mention
	Mention  *earshot.Mention //
	Verdict  *earshot.Verdict // nil when the mention was taken back
	Was, Is  *earshot.Member  // what the mention added to the case, what it adds now
	Same     bool             // an edit that changed neither words nor verdict
	Unasked  bool             // no rule sends the mention to the team
	Quoted   bool             // the team may have been told what an earlier version said
	Watched  string           // what of the watch list the mention is on; empty if the team asks for nothing of the kind
	Group    time.Duration    // how long a team is left alone after it was told

	Comment bool // it shares something, with words of its author's own

	own, thanks bool // the customer wrote the mention; to say thank you
}

// The events of a case that earshot itself brings about.
const (
	Opened    = "opened"
	Grown     = "grown"
	Edited    = "edited"
	Withdrawn = "withdrawn" // a mention left the case
	Reopened  = "reopened"  // its customer has more to say
	Thanked   = "thanked"   // its customer has no more to say
	Replied   = "answered"  // the brand has answered
)

// From decides what becomes of the case and whether its team is told. It is pure:
// the same step at the same moment gives the same event, its alert complete. It
// returns false when nothing is worth keeping.
func From(s Step, bands earshot.Bands, now time.Time) (earshot.CaseEvent, bool) {
	if s.Before == nil {
		s.Was, s.Same = nil, false // the log has forgotten the case since
	}
	if s.Same || (s.Was == nil && s.Is == nil) {
		return earshot.CaseEvent{}, false
	}
	s.speaks()
	after := s.after(bands, now)
	event := earshot.CaseEvent{Event: s.event(), By: earshot.Daemon, At: now, Cause: s.Cause, Mention: s.Mention.ID}
	why := s.why(&after)
	if at, tells := s.when(&after, why, now); !tells {
		after.Untold++
		after.TellAt = at
		event.Case = after
		return event, true
	}
	alert := tell(&after, why, now)
	if b := s.Before; b != nil && b.Alert != "" && (b.Kind != after.Kind || b.Band != after.Band) {
		alert.Replaces = b.Alert
	}
	if s.Is != nil {
		alert.Mention, alert.Verdict = bounded(s.Mention, s.Verdict)
		alert.Watched = s.Watched
	}
	alert.Summary = Summary(alert)
	event.Case, event.Alert = after, alert
	return event, true
}

// speaks finds out whether the customer speaks, and to say thank you.
func (s *Step) speaks() {
	author := s.Mention.AuthorKey()
	s.own = author != "" && (s.Mention.RepostOf == "" || s.Comment) && (author == s.Customer || s.Before != nil && isOf(s.Before, author))
	s.thanks = s.own && s.joins() && !s.Before.Answered.IsZero() && isThanks(s.Mention, s.Verdict)
}

// when says whether the team hears of a change now, or at what time; zero is
// never.
func (s Step) when(c *earshot.Case, why earshot.Why, now time.Time) (time.Time, bool) {
	b := s.Before
	switch {
	case c.State == earshot.Muted:
		return time.Time{}, s.Is != nil && s.Verdict.Danger
	case why != earshot.BecauseChanged, b.Kind != c.Kind, b.Band != c.Band:
		return time.Time{}, true
	case s.thanks:
		return c.TellAt, false
	case s.Watched != "" && s.Was == nil && s.Is != nil:
		return time.Time{}, true
	case s.own && s.Is != nil && (!s.Unasked || s.revives()):
		return time.Time{}, true
	case s.Was != nil && s.Quoted:
		return time.Time{}, true
	case closed(c.State):
		return time.Time{}, false
	case !c.TellAt.IsZero():
		return c.TellAt, false
	}
	at := c.ToldAt.Add(s.Group)
	return at, !at.After(now)
}

// joins reports whether the mention is a further one of the case.
func (s Step) joins() bool { return s.Was == nil && s.Is != nil && !s.opens() }

// revives reports whether the mention brings a case back that waited for its
// customer, or was done with.
func (s Step) revives() bool {
	return s.own && s.joins() && !s.thanks && (s.Before.State == earshot.Answered || s.Before.State == earshot.Resolved)
}

// closed reports whether nobody works on the case.
func closed(state earshot.State) bool {
	return state == earshot.Resolved || state == earshot.Expired
}

// tell makes the alert that says how a case stands, and notes it in the case.
func tell(c *earshot.Case, why earshot.Why, now time.Time) *earshot.Alert {
	c.Told++
	c.ToldAt, c.TellAt, c.Untold = now, time.Time{}, 0
	c.Alert = fmt.Sprintf("%s.%s.%d", c.ID, c.Team, c.Told)
	return &earshot.Alert{
		ID:        c.Alert,
		Case:      c.ID,
		Revision:  c.Told,
		Team:      c.Team,
		Brand:     c.Brand,
		Kind:      c.Kind,
		Topic:     c.Topic,
		Urgency:   c.Band,
		Why:       why,
		At:        now,
		Count:     c.Count,
		Reach:     c.Reach,
		Owner:     c.Owner,
		RespondBy: respondBy(c),
	}
}

// respondBy is when the next answer is due.
func respondBy(c *earshot.Case) time.Time {
	if c.Answered.IsZero() {
		return c.RespondBy
	}
	return c.NextBy
}

// opens reports whether the case begins with this mention, for the first time or
// again after all its mentions had been taken back.
func (s Step) opens() bool { return s.Is != nil && (s.Before == nil || s.Before.Count < 1) }

func (s Step) event() string {
	switch {
	case s.opens():
		return Opened
	case s.Is == nil:
		return Withdrawn
	case s.revives():
		return Reopened
	case s.thanks:
		return Thanked
	case s.Was == nil:
		return Grown
	}
	return Edited
}

func (s Step) why(after *earshot.Case) earshot.Why {
	switch {
	case s.opens():
		return earshot.BecauseNew
	case after.Count < 1:
		return earshot.BecauseWithdrawn
	case bandRank[after.Band] > bandRank[s.Before.Band], kindRank[after.Kind] > kindRank[s.Before.Kind]:
		return earshot.BecauseEscalated
	}
	return earshot.BecauseChanged
}

// after is the case as the step leaves it. A case whose last known member left
// keeps its kind and urgency, so that whoever is told can tell what it was.
func (s Step) after(bands earshot.Bands, now time.Time) earshot.Case {
	c := earshot.Case{ID: s.Case, Team: s.Team.Name, Brand: s.Brand}
	if s.Before != nil {
		c = *s.Before
	}
	if s.opens() {
		c = s.fresh(&c, now)
	}
	s.count(&c, bands)
	if c.Count < 1 {
		c.State = earshot.Expired
		c.RespondBy, c.NextBy, c.ResolveBy, c.TellAt, c.PageAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}, time.Time{}
		return c
	}
	s.speak(&c, now)
	return c
}

// count has a case hold the mention as it is now.
func (s Step) count(c *earshot.Case, bands earshot.Bands) {
	c.Through = max(c.Through, s.Cause)
	c.Members = without(c.Members, s.Mention.Key())
	if s.Was != nil {
		c.Count--
		c.Reach -= s.Was.Reach
	}
	if s.Is != nil {
		c.Count++
		c.Reach += s.Is.Reach
		c.Members = with(c.Members, *s.Is)
	}
	if len(c.Members) > 0 {
		lead := c.Members[leader(c.Members)]
		c.Kind, c.Topic = lead.Kind, lead.Topic
		c.Urgency = mostUrgent(c.Members)
		c.Band = bands.Of(c.Urgency)
	}
}

// fresh is a case at its beginning. What it was told of before stays known.
func (s Step) fresh(was *earshot.Case, now time.Time) earshot.Case {
	return earshot.Case{
		ID: s.Case, Team: s.Team.Name, Brand: s.Brand, Story: s.Story, Customer: s.Customer, State: earshot.Open,
		Opening: s.Mention.ID, Opened: heard(s.Mention, now), Spoke: heard(s.Mention, now),
		Told: was.Told, Alert: was.Alert, ToldAt: was.ToldAt, Through: was.Through,
		Kind: was.Kind, Topic: was.Topic, Band: was.Band, Pin: was.Pin, LegalHold: was.LegalHold,
		Absorbed: was.Absorbed, Also: was.Also, Handed: was.Handed,
	}
}

// speak sets the clocks of a case by what its customer has said.
func (s Step) speak(c *earshot.Case, now time.Time) {
	clocks := s.Team.Clocks()
	if s.revives() {
		since := c.Resolved
		if c.Answered.After(c.Spoke) {
			since = c.Answered
		}
		clocks.Resume(c, since, now)
		if c.Answered.IsZero() { // it ended without a word to the customer
			c.Reopened, c.RespondBy = heard(s.Mention, now), time.Time{}
		}
		c.State, c.Resolved, c.Paged, c.PageAt = earshot.Open, time.Time{}, nil, time.Time{}
		if c.Owner != "" {
			c.State = earshot.Claimed
		}
	}
	if s.own && s.joins() && !s.thanks {
		c.Spoke = heard(s.Mention, now)
	}
	if closed(c.State) {
		return
	}
	s.Team.begin(c, now)
}

// begin has the clocks of a case run, and calls people when it is critical.
func (t Team) begin(c *earshot.Case, now time.Time) {
	t.Clocks().Wind(c)
	if c.Band == earshot.Critical && c.PageAt.IsZero() && len(c.Paged) == 0 && pages(c) && t.hasRota() {
		c.PageAt = now.Add(pageAfter)
	}
}

func heard(m *earshot.Mention, now time.Time) time.Time {
	if m.Heard.IsZero() {
		return now
	}
	return m.Heard
}
