package alerts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/noise"
)

// What a batch gathers before it is written. One more mention may add an alert
// for each of a hundred teams; the log takes 900 alerts and memberships.
const (
	fullMessages = 600
	fullBrands   = 80
)

// batch is one attempt at some mentions: everything is decided before anything
// is written, and then it is written whole.
type batch struct {
	engine      *Engine
	settings    *settings
	now         time.Time
	cases       map[caseKey]*open
	events      []earshot.CaseEvent
	memberships []earshot.Membership
	moved       map[seatKey]int // index in memberships
	alerts      []earshot.Alert
	brands      []*brand
	old         int
	gate        *noise.Gate
	alarmed     []*watch // that had something to tell
	stories     int      // that may have changed
	bytes       int      // of the events, roughly
}

func (e *Engine) begin(set *settings) *batch {
	return &batch{engine: e, settings: set, now: e.now(), cases: map[caseKey]*open{}, moved: map[seatKey]int{}, gate: e.gate.Clone()}
}

func (b *batch) full() bool {
	return len(b.alerts)+len(b.memberships)+b.stories >= fullMessages || len(b.brands) >= fullBrands || b.bytes >= fullBytes
}

// take decides what becomes of one mention.
func (b *batch) take(ctx context.Context, s *earshot.Stored) error {
	in, err := b.engine.brand(ctx, s.Brand)
	if err != nil {
		return err
	}
	if s.Sequence <= in.progress.Sequence {
		b.engine.known(b.settings, s)
		return nil
	}
	in.progress.Sequence = s.Sequence
	b.touch(in)
	if b.engine.ledger.pass(s.Brand, s.Sequence) {
		b.engine.known(b.settings, s)
		return nil
	}
	if s.Verdict != nil && s.Verdict.OwnedAuthor {
		if err := b.answer(ctx, s); err != nil {
			return err
		}
	}
	if err := b.alarm(ctx, b.engine.lookBy(heard(&s.Mention, b.now))); err != nil {
		return err
	}
	place := b.engine.place(s, b.settings.owned[s.Brand])
	b.stories++
	if err := b.alarm(ctx, b.engine.hear(b.settings, s, place)); err != nil {
		return err
	}
	homes := b.homes(s, place)
	routes, again := b.reach(s, homes), isAgain(s)
	if !again {
		routes = b.spreading(s, homes, place, routes)
	}
	if err := b.comments(ctx, s, homes, routes); err != nil {
		return err
	}
	if routes, err = b.further(ctx, s, homes, routes); err != nil {
		return err
	}
	if len(routes) == 0 && !again {
		return nil
	}
	known := earshot.Membership{Brand: s.Brand, Mention: s.Mention.Key()}
	if again {
		if known, err = b.membership(ctx, s.Brand, known.Mention); err != nil {
			return err
		}
		known.Seats = slices.Clone(known.Seats)
		homes.quoted = len(known.Quoted) > 0
		in.revise(s, routes)
		if err := b.erase(ctx, in, s, &known); err != nil {
			return err
		}
	}
	if b.isOld(s) && len(known.Seats) == 0 {
		if !again {
			b.old += len(routes)
			in.remember(s, routes, b.now)
		}
		return nil
	}
	return b.seat(ctx, s, homes, known, routes)
}

// reach is what of the verdict reaches a team. Mentions judged with an older book
// may name teams that are gone.
func (b *batch) reach(s *earshot.Stored, homes *homes) []earshot.Route {
	routed, strangers := b.settings.reach(&s.Mention, s.Verdict, heard(&s.Mention, b.now))
	for _, team := range strangers {
		b.engine.metrics.strangers.Inc()
		if !b.engine.unknown[team] {
			b.engine.unknown[team] = true
			b.engine.logger.Warn("a rule sends to a team that does not exist", zap.String("team", team))
		}
	}
	var routes []earshot.Route
	for _, r := range routed {
		routes = append(routes, r.Route)
		if len(r.To) > 0 {
			homes.to[r.Team] = r.To
		}
	}
	return routes
}

// isOld reports whether a mention is old news. What endangers people is not.
func (b *batch) isOld(s *earshot.Stored) bool {
	return s.Verdict != nil && !s.Verdict.Danger && s.Mention.Age() > b.settings.maxAge
}

// seat moves a mention in and out of cases: those it is or was in, and one for
// each other team that hears of it.
func (b *batch) seat(ctx context.Context, s *earshot.Stored, homes *homes, known earshot.Membership, routes []earshot.Route) error {
	said := digest(s)
	for _, route := range routes {
		if slices.ContainsFunc(known.Seats, func(seat earshot.Seat) bool { return seat.Team == route.Team }) {
			continue
		}
		seat, err := b.home(ctx, s, homes, known, route)
		if err != nil {
			return err
		}
		known.Seats = append(known.Seats, seat)
	}
	routes, err := b.handed(ctx, s, homes, &known, routes)
	if err != nil {
		return err
	}
	moved := false
	for i := range known.Seats {
		done, err := b.step(ctx, s, homes, &known.Seats[i], routes, said)
		if err != nil {
			return err
		}
		moved = moved || done
	}
	if moved {
		b.move(known)
	}
	return nil
}

// step does to one case what the mention asks for, and notes it in the seat. It
// returns false when nothing had to be done.
func (b *batch) step(ctx context.Context, s *earshot.Stored, homes *homes, seat *earshot.Seat, routes []earshot.Route, said string) (bool, error) {
	first, err := b.open(ctx, seat.Team, seat.Case)
	if err != nil {
		return false, err
	}
	c, id, err := b.whole(ctx, first, seat.Case)
	if err != nil {
		return false, err
	}
	step := b.stepOf(s, homes, c, seat, routes)
	step.Case = id
	if c.Alarm != "" { // a crisis counts its mentions by itself
		if same := (seat.Member == nil) == (step.Is == nil); same {
			return false, nil
		}
		seat.Member, seat.Said = step.Is, said
		return true, b.parts(ctx, first, step, *seat)
	}
	step.Same = step.Was != nil && step.Is != nil && seat.Said == said &&
		b.settings.bands.Of(step.Was.Urgency) == b.settings.bands.Of(step.Is.Urgency)
	event, news := From(step, b.settings.bands, b.now)
	if !news {
		return false, nil
	}
	seat.Member, seat.Said = step.Is, said
	if step.Is == nil {
		seat.Said = ""
	}
	// An earlier attempt may have stored what the team was not to hear of at once,
	// and not where the mention is since.
	if event.Alert != nil {
		event.Alert.To = homes.to[seat.Team]
	}
	if err := b.parts(ctx, first, step, *seat); err != nil {
		return false, err
	}
	if !c.exists || c.Through < s.Sequence {
		now := *seat
		event.Seat = &now
		if b.add(c, event); event.Event == Opened {
			b.pin(c)
		}
	}
	if step.Is != nil && first.Customer != "" && first.Customer == homes.author {
		return true, b.settle(ctx, s.Brand, homes.author, *seat)
	}
	return true, nil
}

func (b *batch) stepOf(s *earshot.Stored, homes *homes, c *open, seat *earshot.Seat, routes []earshot.Route) Step {
	step := Step{
		Team: b.settings.team(seat.Team), Brand: s.Brand, Case: seat.Case, Story: homes.story, Cause: s.Sequence, Mention: &s.Mention, Verdict: s.Verdict,
		Was: seat.Member, Group: b.settings.group, Quoted: homes.quoted, Comment: homes.comment,
		Unasked: slices.ContainsFunc(homes.unasked, func(r earshot.Route) bool { return r.Team == seat.Team }),
	}
	if slices.Contains(b.settings.tellers, seat.Team) {
		step.Watched = homes.watched
	}
	if seat.Case == homes.customer {
		step.Customer = homes.author
	}
	if c.exists {
		step.Before, step.Customer = &c.Case, c.Customer
		if seat.Member == nil && seat.Said == "" {
			step.Was = find(c.Members, s.Mention.Key()) // heard again after the log had forgotten it
		}
	}
	if i := slices.IndexFunc(routes, func(r earshot.Route) bool { return r.Team == seat.Team }); i >= 0 {
		step.Is = member(s, routes[i])
		if seat.Old = seat.Old && !s.Verdict.Danger; seat.Old {
			step.Is.Urgency = 0
		}
	}
	return step
}

// add has an event written. One that the team does not hear of at once takes the
// place of the one before it in the batch: a story that spreads does not write a
// line for each repost.
func (b *batch) add(c *open, event earshot.CaseEvent) {
	b.hold(c, &event)
	if c.changed && quiet(&event) && quiet(&b.events[c.last]) && len(b.events[c.last].More) < maxMore {
		last := &b.events[c.last]
		event.Sequence = last.Sequence
		event.More = append(last.More, earshot.Joined{Cause: last.Cause, Mention: last.Mention, Seat: *last.Seat})
		b.events[c.last] = event
		b.bytes += heavy
		c.Case = event.Case
		return
	}
	if !c.changed {
		event.Sequence = c.sequence
	}
	c.Case, c.exists, c.changed, c.last = event.Case, true, true, len(b.events)
	b.bytes += heavy * len(event.Case.Members)
	if event.Alert == nil {
		b.events = append(b.events, event)
		return
	}
	if event.Alert.Story = b.engine.stories.Story(event.Case.Story); event.Alert.Story != nil {
		event.Alert.Summary = Summary(event.Alert)
	}
	b.events = append(b.events, reference(event))
	b.tell(*event.Alert)
}

// maxMore bounds an event.
const maxMore = 500

// quiet reports whether a mention has joined without the team hearing of it at once.
func quiet(event *earshot.CaseEvent) bool {
	return event.Alert == nil && event.Held == "" && event.Event == Grown && event.Seat != nil
}

func (b *batch) tell(a earshot.Alert) {
	b.alerts = append(b.alerts, a)
	b.bytes += weight(&a)
}

// touch has the progress of a brand written with the batch.
func (b *batch) touch(in *brand) {
	if !slices.Contains(b.brands, in) {
		b.brands = append(b.brands, in)
	}
}

func (b *batch) move(m earshot.Membership) {
	key := seatKey{m.Brand, m.Mention}
	if i, ok := b.moved[key]; ok {
		b.memberships[i] = m
		return
	}
	b.moved[key] = len(b.memberships)
	b.memberships = append(b.memberships, m)
}

// commit writes the batch: first the cases, each with what its alert is, then
// the alerts with the progress. Between the two, and only there, a crash leaves
// alerts for wake to find.
func (b *batch) commit(ctx context.Context) error {
	var sequences []uint64
	if len(b.events) > 0 {
		var err error
		if sequences, err = b.engine.log.Append(ctx, b.events); err != nil {
			return fmt.Errorf("storing cases: %w", err)
		}
		if err := b.engine.stored(ctx, sequences); err != nil {
			return err
		}
	}
	if len(b.brands) > 0 {
		if err := b.publish(ctx); err != nil {
			return err
		}
	}
	for _, w := range b.alarmed {
		w.unspoken = nil
	}
	for i, event := range b.events {
		b.cases[caseKey{event.Case.Team, event.Case.ID}].sequence = sequences[i]
	}
	for key, c := range b.cases {
		if c.changed {
			b.engine.cases.Add(key, c.durable)
			b.engine.timers.set(key, b.settings.team(key.team).dueAt(&c.Case))
		}
	}
	b.engine.metrics.old.Add(float64(b.old))
	b.engine.metrics.took(b.alerts, b.engine.now())
	return nil
}

// saver is a progress to be written with alerts.
type saver interface {
	save(e *Engine) (earshot.Progress, error)
	saved(e *Engine, revision uint64)
}

// publish writes the alerts with the places of their mentions and how far the
// brands have come. A stop of the daemon does not come between the cases and
// their alerts.
func (b *batch) publish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishing)
	defer cancel()
	e := b.engine
	if err := e.changedStories(); err != nil {
		return err
	}
	if err := b.saveGate(); err != nil {
		return err
	}
	if err := e.findSources(ctx, b.alerts); err != nil {
		return err
	}
	savers := make([]saver, 0, len(b.brands)+1)
	for _, in := range b.brands {
		savers = append(savers, in)
	}
	if e.ledger.changed {
		savers = append(savers, e.ledger)
	}
	progress := make([]earshot.Progress, len(savers))
	for i, s := range savers {
		var err error
		if progress[i], err = s.save(e); err != nil {
			return err
		}
	}
	revisions, err := e.log.Publish(ctx, b.alerts, b.memberships, progress)
	if err != nil {
		return fmt.Errorf("telling teams: %w", err)
	}
	for i, s := range savers {
		s.saved(e, revisions[i])
	}
	for _, m := range b.memberships {
		e.seats.Add(seatKey{m.Brand, m.Mention}, m)
	}
	e.gate = b.gate
	e.metrics.published(b.alerts)
	return nil
}
