package alerts

import (
	"fmt"
	"time"

	"earshot"
)

// Step is what one mention does to one case of one team: it joins (Is without
// Was), is edited (both) or leaves (Was without Is).
type Step struct {
	Team    Team
	Brand   string
	Case    string           // its ID
	Before  *earshot.Case    // nil when the case is not there yet
	Cause   uint64           // sequence of the mention
	Mention *earshot.Mention //
	Verdict *earshot.Verdict // nil when the mention was taken back
	Was, Is *earshot.Member  // what the mention added to the case, what it adds now
	Same    bool             // an edit that changed neither words nor verdict
}

// The events of a case that earshot itself brings about.
const (
	Opened    = "opened"
	Grown     = "grown"
	Edited    = "edited"
	Withdrawn = "withdrawn" // a mention left the case
)

// From decides what becomes of the case and what its team is told. It is pure:
// the same step at the same moment gives the same event, its alert complete. It
// returns false when nothing is worth keeping.
func From(s Step, bands earshot.Bands, now time.Time) (earshot.CaseEvent, bool) {
	if s.Before == nil {
		s.Was, s.Same = nil, false // the log has forgotten the case since
	}
	if s.Same || (s.Was == nil && s.Is == nil) {
		return earshot.CaseEvent{}, false
	}
	after := s.after(bands, now)
	why := s.why(&after)
	after.Told++
	alert := tell(&after, why, now)
	if b := s.Before; b != nil && b.Alert != "" && (b.Kind != after.Kind || b.Band != after.Band) {
		alert.Replaces = b.Alert
	}
	if s.Is != nil {
		alert.Mention, alert.Verdict = bounded(s.Mention, s.Verdict)
	}
	alert.Summary = Summary(alert)
	return earshot.CaseEvent{Event: s.event(), By: earshot.Daemon, At: now, Cause: s.Cause, Mention: s.Mention.ID, Case: after, Alert: alert}, true
}

// tell makes the alert that says how a case stands, and notes it in the case.
func tell(c *earshot.Case, why earshot.Why, now time.Time) *earshot.Alert {
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
		RespondBy: c.RespondBy,
	}
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
		c.State, c.Owner, c.RespondBy = earshot.Open, "", time.Time{}
		c.Opening, c.Opened = s.Mention.ID, s.Mention.Heard
		if c.Opened.IsZero() {
			c.Opened = now
		}
		c.Members, c.Reach, c.Count = nil, 0, 0
	}
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
	if c.Count < 1 {
		c.State, c.RespondBy = earshot.Expired, time.Time{}
		return c
	}
	c.RespondBy = s.Team.respondBy(&c)
	return c
}
