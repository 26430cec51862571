package noise

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"earshot"
)

// desk is what is known of one team, and what is saved of it. It holds no names of
// authors and no words of theirs.
type desk struct {
	Held     int             `json:"held,omitempty"`     // alerts held back since the last digest
	From     time.Time       `json:"from,omitzero"`      // when the first of them was
	Due      time.Time       `json:"due,omitzero"`       // when the team hears of them, or that a mute is over
	Why      map[string]int  `json:"why,omitempty"`      // what held how many of them
	Mutes    map[string]bool `json:"mutes,omitempty"`    // those whose end the team hears of
	Brand    string          `json:"brand,omitempty"`    // of all of them; All for several
	Kind     earshot.Kind    `json:"kind,omitempty"`     // the most severe one
	Top      []heldCase      `json:"top,omitempty"`      // most urgent first
	Crises   []crisis        `json:"crises,omitempty"`   // that the team was told of and that are not over
	Used     time.Time       `json:"used,omitzero"`      // until when what it was told uses its limit up
	Revision int             `json:"revision,omitempty"` // of its last digest
}

type heldCase struct {
	Case string       `json:"case"`
	Band earshot.Band `json:"band"`
}

type crisis struct {
	Subject Subject   `json:"subject"`
	Seen    time.Time `json:"seen"` // when the team last heard of it
}

// Bounds of what is remembered of a team.
const (
	mostTop    = 20
	mostWhys   = 30
	mostCrises = 12
	mostWord   = 64             // bytes of a name
	mostSaved  = 16 << 10       // bytes of it all
	stale      = 26 * time.Hour // a crisis that nothing was heard of for longer is over
	otherwise  = "others"       // stands for causes that there are too many of
)

func newDesk() *desk { return &desk{Why: map[string]int{}, Mutes: map[string]bool{}} }

func (d *desk) clone() *desk {
	c := *d
	c.Why, c.Mutes = maps.Clone(d.Why), maps.Clone(d.Mutes)
	c.Top, c.Crises = slices.Clone(d.Top), slices.Clone(d.Crises)
	return &c
}

// due has the digest come at a time, if it would come later.
func (d *desk) due(at time.Time) {
	if d.Due.IsZero() || at.Before(d.Due) {
		d.Due = at
	}
}

// waits reports whether there is something that the team will hear of.
func (d *desk) waits() bool { return !d.Due.IsZero() && (d.Held > 0 || len(d.Mutes) > 0) }

// watch has the team hear when a mute is over.
func (d *desk) watch(id string) {
	if len(d.Mutes) < mostWhys {
		d.Mutes[id] = true
	}
}

// take uses up one alert of a limit; it returns false when there is none left.
func (d *desk) take(limit Limit, now time.Time) bool {
	step := limit.Per / time.Duration(max(limit.Alerts, 1))
	used := d.Used
	if used.Before(now) {
		used = now
	}
	used = earlier(used, now.Add(limit.Per)) // the clock was turned back, or the limit was another one
	if used.Add(step).After(now.Add(limit.Per)) {
		return false
	}
	d.Used = used.Add(step)
	return true
}

// hold counts an alert that is held back.
func (d *desk) hold(a *earshot.Alert, why string, due, now time.Time) {
	if d.Held == 0 {
		d.From, d.Brand, d.Kind = now, bounded(a.Brand), a.Kind
	}
	d.due(due)
	d.Held++
	if why = bounded(why); d.Why[why] == 0 && len(d.Why) >= mostWhys {
		why = otherwise
	}
	d.Why[why]++
	if d.Brand != bounded(a.Brand) {
		d.Brand = earshot.All
	}
	if slices.Index(earshot.Kinds(), a.Kind) > slices.Index(earshot.Kinds(), d.Kind) {
		d.Kind = a.Kind
	}
	d.remember(heldCase{bounded(a.Case), a.Urgency})
}

// remember keeps a case among the most urgent ones: of equals the first.
func (d *desk) remember(one heldCase) {
	rank := func(c heldCase) int { return slices.Index(earshot.BandNames(), c.Band) }
	if i := slices.IndexFunc(d.Top, func(c heldCase) bool { return c.Case == one.Case }); i >= 0 {
		if rank(one) <= rank(d.Top[i]) {
			return
		}
		d.Top = slices.Delete(d.Top, i, i+1)
	}
	at := slices.IndexFunc(d.Top, func(c heldCase) bool { return rank(c) < rank(one) })
	if at < 0 {
		at = len(d.Top)
	}
	d.Top = slices.Insert(d.Top, at, one)
	d.Top = d.Top[:min(len(d.Top), mostTop)]
}

// crisis notes how a crisis stands that the team is told of.
func (d *desk) crisis(s *Subject, topic string, now time.Time) {
	c := crisis{Seen: now, Subject: Subject{Brand: bounded(s.Brand), Team: s.Team, Kind: s.Kind, Urgency: s.Urgency, State: s.State}}
	if topic != "" {
		c.Subject.Topics = []string{bounded(topic)}
	}
	d.Crises = slices.DeleteFunc(d.Crises, func(k crisis) bool {
		return k.Subject.Brand == c.Subject.Brand && slices.Equal(k.Subject.Topics, c.Subject.Topics) || now.Sub(k.Seen) > stale
	})
	if s.State == earshot.Calm {
		return
	}
	if len(d.Crises) >= mostCrises {
		d.Crises = slices.Delete(d.Crises, 0, 1)
	}
	d.Crises = append(d.Crises, c)
}

// digest is the alert that says what was held back, which is then forgotten. Over
// says which mutes have ended.
func (d *desk) digest(team string, over []string, now time.Time) *earshot.Alert {
	d.Revision++
	held := &earshot.Held{From: d.From, To: now, Alerts: d.Held}
	if d.Held == 0 {
		held.From, d.Brand, d.Kind = now, earshot.All, earshot.KindCustomer
	}
	for name, count := range d.Why {
		held.Why = append(held.Why, earshot.Tally{Name: name, Count: count})
	}
	slices.SortFunc(held.Why, func(a, b earshot.Tally) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Name, b.Name)
	})
	urgency := earshot.Low
	for i, c := range d.Top {
		held.Cases = append(held.Cases, c.Case)
		if i == 0 {
			urgency = c.Band
		}
	}
	if urgency == earshot.Critical {
		urgency = earshot.High // a digest calls nobody out of bed
	}
	matter := earshot.Key("held\x00" + team)
	a := &earshot.Alert{
		ID: fmt.Sprintf("%s.%s.%d", matter, team, d.Revision), Case: matter, Revision: d.Revision, Team: team, Brand: d.Brand, Kind: d.Kind,
		Urgency: urgency, Why: earshot.BecauseDigest, At: now, Count: d.Held, Held: held, Summary: summary(held, over),
	}
	d.Held, d.From, d.Brand, d.Kind, d.Top, d.Why = 0, time.Time{}, "", "", nil, map[string]int{}
	return a
}

func summary(held *earshot.Held, over []string) string {
	var parts []string
	for _, why := range held.Why {
		parts = append(parts, fmt.Sprintf("%d by %s", why.Count, why.Name))
	}
	said := strings.Join(over, "; ")
	switch {
	case held.Alerts == 0:
		return said + ": nothing more was held back"
	case said != "":
		said = "; " + said
	}
	return fmt.Sprintf("%d held back since %s: %s%s", held.Alerts, held.From.UTC().Format("Mon 15:04 UTC"), strings.Join(parts, ", "), said)
}

func bounded(name string) string {
	if len(name) <= mostWord {
		return name
	}
	return strings.ToValidUTF8(name[:mostWord], "")
}

// Save is what the gate knows of a team, to be given to Load after a restart.
func (g *Gate) Save(team string) ([]byte, error) {
	d := g.desks[team]
	if d == nil {
		d = newDesk()
	}
	data, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("saving what was held back from %s: %w", team, err)
	}
	return data, nil
}

// Load has the gate know of a team what Save said.
func (g *Gate) Load(team string, data []byte) error {
	d := newDesk()
	if len(data) > mostSaved {
		return fmt.Errorf("reading what was held back from %s: %d bytes are more than it can be", team, len(data))
	}
	if err := json.Unmarshal(data, d); err != nil {
		return fmt.Errorf("reading what was held back from %s: %w", team, err)
	}
	if d.Why == nil {
		d.Why = map[string]int{}
	}
	if d.Mutes == nil {
		d.Mutes = map[string]bool{}
	}
	g.desks[team] = d
	return nil
}
