package noise

import (
	"maps"
	"slices"
	"strings"
	"time"

	"earshot"
)

// Gate says which alerts are held back, and remembers which. Its state belongs to
// the batch that the alerts are written with: decide with a Clone, save what it
// says of the teams with the batch, and keep the clone once that is stored. It is
// not for concurrent use.
type Gate struct {
	config  Config
	inhibit []inhibition
	mutes   []Mute
	desks   map[string]*desk // by team
}

// New makes a gate of what Check finds nothing wrong with. What is wrong is left
// out of it.
func New(c Config) *Gate {
	g := &Gate{config: c.with(), desks: map[string]*desk{}}
	for _, one := range g.config.Inhibit {
		if compiled, problems := one.compile(""); len(problems) == 0 {
			g.inhibit = append(g.inhibit, compiled)
		}
	}
	return g
}

// Clone is a gate that goes its own way from here.
func (g *Gate) Clone() *Gate {
	c := *g
	c.desks = make(map[string]*desk, len(g.desks))
	for team, d := range g.desks {
		c.desks[team] = d.clone()
	}
	return &c
}

// With is a clone with another configuration.
func (g *Gate) With(c Config) *Gate {
	next := New(c)
	next.mutes, next.desks = g.mutes, g.Clone().desks
	return next
}

// Mute has these mutes hold, and no others. That those that are gone are over, and
// what they held back, is in the next digest; of the others when they end. The team
// of a mute hears that it is over also when it held nothing back.
func (g *Gate) Mute(mutes []Mute, now time.Time) {
	g.mutes = slices.Clone(mutes)
	for i := range g.mutes {
		if m := &g.mutes[i]; m.Team != "" && m.Active(now) {
			g.desk(m.Team).watch(m.ID)
		}
	}
	for _, d := range g.desks {
		for id := range d.Mutes {
			if m := g.active(id, now); m != nil {
				d.due(m.Until)
			} else {
				d.due(now)
			}
		}
	}
}

// active is a mute that holds, nil if it does not or is not there.
func (g *Gate) active(id string, now time.Time) *Mute {
	for i := range g.mutes {
		if m := &g.mutes[i]; m.ID == id && m.Active(now) {
			return m
		}
	}
	return nil
}

// Pass decides about an alert: it returns what holds it back, or nothing if the
// team is to be told now. Nothing holds back what endangers people, nor digests;
// only mutes hold back crises and those on the watch list, and limits nothing that is critical. An alert that
// is held back is counted, and its case is remembered.
func (g *Gate) Pass(a *earshot.Alert, danger bool, now time.Time) (held string) {
	subject := Of(a)
	d := g.desk(a.Team)
	if a.Kind == earshot.KindCrisis && a.Evidence != nil {
		d.crisis(&subject, a.Evidence.Topic, now)
	}
	if danger || a.Why == earshot.BecauseDigest {
		return ""
	}
	if m := g.mutedBy(&subject, now); m != nil {
		held = byMute + m.ID
	} else if a.Kind != earshot.KindCrisis && a.Watched == "" && g.inhibited(&subject, now) {
		held = "crisis of " + a.Brand
	} else if limit, limited := g.limits(a); limited && !d.take(limit, now) {
		held = "limit"
	}
	if held != "" {
		g.hold(d, a, held, now)
	}
	return held
}

// byMute begins what Pass returns of a mute.
const byMute = "mute "

// limits is the limit that holds for an alert.
func (g *Gate) limits(a *earshot.Alert) (Limit, bool) {
	limit, limited := g.config.Limits[a.Team]
	return limit, limited && a.Kind != earshot.KindCrisis && a.Watched == "" && a.Urgency != earshot.Critical
}

func (g *Gate) hold(d *desk, a *earshot.Alert, held string, now time.Time) {
	id, muted := strings.CutPrefix(held, byMute)
	if !muted {
		d.hold(a, held, now.Add(g.config.Digest), now)
		return
	}
	due := now.Add(daily)
	if m := g.active(id, now); m != nil {
		due = earlier(m.Until, due)
	}
	d.hold(a, held, due, now)
	d.watch(id)
}

// Recall has the gate know of an alert that was decided about at a moment, and of
// which nobody lived to save what the gate then knew: held is what Pass returned.
func (g *Gate) Recall(a *earshot.Alert, held string, danger bool, at time.Time) {
	d := g.desk(a.Team)
	if a.Kind == earshot.KindCrisis && a.Evidence != nil {
		subject := Of(a)
		d.crisis(&subject, a.Evidence.Topic, at)
	}
	if held != "" {
		g.hold(d, a, held, at)
	} else if limit, limited := g.limits(a); limited && !danger && a.Why != earshot.BecauseDigest {
		d.take(limit, at)
	}
}

// daily is how long what a mute holds back is not told of at most.
const daily = 24 * time.Hour

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Muted returns the mute that would hold a subject back, nil for none. What
// endangers people is not to be asked about.
func (g *Gate) Muted(s Subject, now time.Time) *Mute { return g.mutedBy(&s, now) }

func (g *Gate) mutedBy(s *Subject, now time.Time) *Mute {
	for i := range g.mutes {
		if m := &g.mutes[i]; m.Active(now) && m.Hides(s) {
			return m
		}
	}
	return nil
}

// inhibited reports whether a crisis runs that holds the alert back, whichever
// team was told of the crisis.
func (g *Gate) inhibited(alert *Subject, now time.Time) bool {
	for _, d := range g.desks {
		for _, c := range d.Crises {
			if now.Sub(c.Seen) > stale {
				continue
			}
			if slices.ContainsFunc(g.inhibit, func(i inhibition) bool { return i.hidden(&c.Subject, alert) }) {
				return true
			}
		}
	}
	return false
}

func (g *Gate) desk(team string) *desk {
	d := g.desks[team]
	if d == nil {
		d = newDesk()
		g.desks[team] = d
	}
	return d
}

// Due is when the next digest is, zero for never.
func (g *Gate) Due() time.Time {
	var due time.Time
	for _, d := range g.desks {
		if d.waits() && (due.IsZero() || d.Due.Before(due)) {
			due = d.Due
		}
	}
	return due
}

// Digests are the alerts that say what was held back and which mutes are over, for
// each team whose digest is due; the gate forgets what they say.
func (g *Gate) Digests(now time.Time) []*earshot.Alert {
	var digests []*earshot.Alert
	for _, team := range slices.Sorted(maps.Keys(g.desks)) {
		d := g.desks[team]
		if !d.waits() || d.Due.After(now) {
			continue
		}
		over := g.over(d, now)
		if d.Held > 0 || len(over) > 0 {
			digests = append(digests, d.digest(team, over, now))
		}
		d.Due = time.Time{}
		for id := range d.Mutes {
			d.due(g.active(id, now).Until)
		}
	}
	return digests
}

// over are the mutes of a desk that have ended, in words; the desk forgets them.
func (g *Gate) over(d *desk, now time.Time) []string {
	var over []string
	for _, id := range slices.Sorted(maps.Keys(d.Mutes)) {
		if g.active(id, now) != nil {
			continue
		}
		delete(d.Mutes, id)
		said := byMute + id + " is over"
		if i := slices.IndexFunc(g.mutes, func(m Mute) bool { return m.ID == id }); i >= 0 {
			said += " (" + bounded(g.mutes[i].Matchers.String()) + ", by " + bounded(g.mutes[i].By) + ")"
		}
		over = append(over, said)
	}
	return over
}

// Teams are those of which there is something to save.
func (g *Gate) Teams() []string { return slices.Sorted(maps.Keys(g.desks)) }
