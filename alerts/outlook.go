package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"earshot"
	"earshot/alerts/noise"
	"earshot/alerts/story"
)

// Outlook is what would become of a mention at one team, were it heard now.
type Outlook struct {
	earshot.Route
	To     []string      `json:"to,omitempty"`     // the people of the team it is for
	Case   string        `json:"case"`             // that it opens or joins
	Opens  bool          `json:"opens,omitempty"`  // the case is new
	Event  string        `json:"event,omitempty"`  // what happens to the case; empty for nothing
	State  earshot.State `json:"state,omitempty"`  // how the case stands now, if it is there
	Owner  string        `json:"owner,omitempty"`  // who has it
	Count  int           `json:"count,omitempty"`  // mentions in it
	Alarm  earshot.Alarm `json:"alarm,omitempty"`  // of the crisis whose case it is
	Tells  bool          `json:"tells"`            // the team hears of it at once
	Why    earshot.Why   `json:"why,omitempty"`    // as the alert would say
	TellAt time.Time     `json:"tell_at,omitzero"` // when it hears of it with others
	Held   string        `json:"held,omitempty"`   // what holds the alert back
	Mute   *noise.Mute   `json:"mute,omitempty"`   // if it is a mute
	Old    bool          `json:"old,omitempty"`    // too old to be told of one by one
	Asked  bool          `json:"asked"`            // a rule or a line of routing sends it there; else its story or its thread does
	Danger bool          `json:"danger,omitempty"` // nothing holds it back
}

// ErrBusy says that the engine does not know enough yet, or waits for the log.
var ErrBusy = errors.New("alerts are not at work yet, or wait for the log: try again in a moment")

// Outlook returns what would become of a judged mention for one brand, at each team
// that would hear of it, by the cases, mutes, limits and crises as they are now. It
// changes nothing. It may be called while Run lasts, concurrently.
func (e *Engine) Outlook(ctx context.Context, s earshot.Stored) ([]Outlook, error) {
	type answer struct {
		all []Outlook
		err error
	}
	answers := make(chan answer, 1)
	ask := func() {
		all, err := e.outlook(ctx, &s)
		answers <- answer{all, err}
	}
	select {
	case e.asked <- ask:
	case <-ctx.Done():
		return nil, ErrBusy
	}
	select {
	case a := <-answers:
		return a.all, a.err
	case <-ctx.Done():
		return nil, ErrBusy
	}
}

// outlook decides as a batch would, and forgets it.
func (e *Engine) outlook(ctx context.Context, s *earshot.Stored) ([]Outlook, error) {
	switch {
	case e.ledger == nil || !e.remembered:
		return nil, ErrBusy
	case s.Verdict == nil || s.Verdict.OwnedAuthor: // nobody hears of it
		return nil, nil
	}
	set := e.settings.Load()
	e.muteGate()
	b := e.begin(set)
	s.Sequence = e.placed + 1
	if s.Mention.Heard.IsZero() {
		s.Mention.Heard = b.now
	}
	place := e.stories.Find(story.Of(s, set.owned[s.Brand]))
	homes := b.homes(s, place)
	routed, _ := set.reach(&s.Mention, s.Verdict, heard(&s.Mention, b.now))
	routes := make([]earshot.Route, 0, len(routed))
	for _, r := range routed {
		routes = append(routes, r.Route)
		homes.to[r.Team] = r.To
	}
	asked := len(routes)
	routes = b.spreading(s, homes, place, routes)
	if err := b.comments(ctx, s, homes, routes); err != nil {
		return nil, err
	}
	routes, err := b.further(ctx, s, homes, routes)
	if err != nil {
		return nil, err
	}
	known, err := b.membership(ctx, s.Brand, s.Mention.Key())
	if err != nil {
		return nil, err
	}
	all := make([]Outlook, 0, len(routes))
	for i, route := range routes {
		one, err := b.outlook(ctx, s, homes, known, routes, route)
		if err != nil {
			return nil, err
		}
		one.Asked = i < asked
		all = append(all, one)
	}
	return all, nil
}

func (b *batch) outlook(ctx context.Context, s *earshot.Stored, homes *homes, known earshot.Membership, routes []earshot.Route, route earshot.Route) (Outlook, error) {
	o := Outlook{Route: route, To: homes.to[route.Team], Danger: s.Verdict.Danger}
	seat := earshot.Seat{Team: route.Team}
	if i := slices.IndexFunc(known.Seats, func(seat earshot.Seat) bool { return seat.Team == route.Team }); i >= 0 {
		seat = known.Seats[i]
	} else {
		var err error
		if seat, err = b.home(ctx, s, homes, known, route); err != nil {
			return o, err
		}
	}
	c, err := b.open(ctx, route.Team, seat.Case)
	if err != nil {
		return o, fmt.Errorf("looking at case %s: %w", seat.Case, err)
	}
	o.Case, o.Opens = seat.Case, !c.exists
	o.State, o.Owner, o.Count, o.Alarm = c.State, c.Owner, c.Count, c.Alarm
	if b.isOld(s) && len(known.Seats) == 0 {
		o.Old = true
		return o, nil
	}
	if c.Alarm != "" { // a crisis counts its mentions by itself
		return o, nil
	}
	event, news := From(b.stepOf(s, homes, c, &seat, routes), b.settings.bands, b.now)
	if !news {
		return o, nil
	}
	o.Event, o.TellAt = event.Event, event.Case.TellAt
	if event.Alert == nil {
		return o, nil
	}
	o.Why = event.Alert.Why
	o.Held = b.gate.Pass(event.Alert, b.endangers(event.Event, event.Alert), b.now)
	o.Tells = o.Held == ""
	if !o.Tells {
		o.Mute = b.gate.Muted(noise.Of(event.Alert), b.now)
	}
	return o, nil
}
