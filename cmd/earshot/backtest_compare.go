package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/listeners"
)

// comparison judges mentions again and keeps what differs. It grows with the cases
// that the mentions open, not with the mentions.
type comparison struct {
	*backtest
	replays  [2]*alerts.Replay // old, new
	bands    [2]earshot.Bands
	brands   map[string]*brandDiff
	shown    []postDiff // the most changed, the most changed first
	mentions int
	sequence uint64
	raised   map[sameAlert]uint8 // by whom
	daemon   *toldDiff           // nil until all has been read
}

func newComparison(b *backtest) *comparison {
	c := &comparison{backtest: b, brands: map[string]*brandDiff{}, raised: map[sameAlert]uint8{}, bands: [2]earshot.Bands{b.after.Bands, b.after.Bands}}
	if b.before != nil {
		c.bands[0] = b.before.Bands
	}
	return c
}

// brandDiff is what changes for a brand.
type brandDiff struct {
	Brand         string       `json:"brand"`
	Mentions      int          `json:"mentions"` // that concern it by the old book, the new one or both
	Gained        int          `json:"gained"`
	Lost          int          `json:"lost"`
	MoreUrgent    int          `json:"more_urgent"` // in a higher band
	LessUrgent    int          `json:"less_urgent"`
	RoutesAdded   int          `json:"routes_added"`
	RoutesRemoved int          `json:"routes_removed"`
	Changed       int          `json:"changed"` // mentions of which any of this is true
	Alerts        []alertsDiff `json:"alerts"`
}

// alertsDiff is how often a team hears of a kind of matter.
type alertsDiff struct {
	Team string       `json:"team"`
	Kind earshot.Kind `json:"kind"`
	Old  int          `json:"old"`
	New  int          `json:"new"`
}

// postDiff is how the verdict on a mention for a brand changes.
type postDiff struct {
	Brand         string         `json:"brand"`
	Mention       string         `json:"mention"`
	Heard         time.Time      `json:"heard"`
	Text          string         `json:"text"` // its beginning
	Old           *verdictShort  `json:"old"`  // null when it did not concern the brand
	New           *verdictShort  `json:"new"`
	RoutesAdded   []string       `json:"routes_added,omitempty"`
	RoutesRemoved []string       `json:"routes_removed,omitempty"`
	Because       []urgencyShift `json:"because"` // what the urgency changes by, the weightiest first
	weight        float64
}

type verdictShort struct {
	Relevance earshot.Score `json:"relevance"`
	Sentiment earshot.Score `json:"sentiment"`
	Urgency   earshot.Score `json:"urgency"`
	Band      earshot.Band  `json:"band"`
}

// urgencyShift is what a rule or model adds to the urgency now and did not before.
type urgencyShift struct {
	Rule   string        `json:"rule"`
	Weight earshot.Score `json:"weight"`
}

func (c *comparison) brandOf(name string) *brandDiff {
	d := c.brands[name]
	if d == nil {
		d = &brandDiff{Brand: name, Alerts: []alertsDiff{}}
		c.brands[name] = d
	}
	return d
}

// told counts an alert of the old replay, 0, or the new one, 1.
func (c *comparison) told(replay int, a *earshot.Alert) {
	d := c.brandOf(a.Brand)
	i := slices.IndexFunc(d.Alerts, func(o alertsDiff) bool { return o.Team == a.Team && o.Kind == a.Kind })
	if i < 0 {
		i = len(d.Alerts)
		d.Alerts = append(d.Alerts, alertsDiff{Team: a.Team, Kind: a.Kind})
	}
	if replay == 0 {
		d.Alerts[i].Old++
		c.raised[sameAs(a)] |= byOld
	} else {
		d.Alerts[i].New++
		c.raised[sameAs(a)] |= byNew
	}
}

// compare judges one mention, as stored for each brand that it concerned.
func (c *comparison) compare(ctx context.Context, group []earshot.Stored) error {
	if len(group) == 0 || group[0].Mention.Listener == listeners.Operation || group[0].Mention.Heard.After(c.until) {
		return nil
	}
	m := group[0].Mention
	m.Change = earshot.New // this version is all there is
	var old []earshot.Verdict
	if c.before != nil {
		old = c.before.Book.Judge(&m)
	} else {
		for i := range group {
			if group[i].Verdict != nil {
				old = append(old, *group[i].Verdict)
			}
		}
	}
	fresh := c.after.Book.Judge(&m)
	c.mentions++
	for i := range old {
		was := &old[i]
		at := slices.IndexFunc(fresh, func(v earshot.Verdict) bool { return v.Brand == was.Brand })
		if at < 0 {
			c.pair(&m, was.Brand, was, nil)
		} else {
			c.pair(&m, was.Brand, was, &fresh[at])
		}
	}
	for i := range fresh {
		is := &fresh[i]
		if !slices.ContainsFunc(old, func(v earshot.Verdict) bool { return v.Brand == is.Brand }) {
			c.pair(&m, is.Brand, nil, is)
		}
	}
	for i, verdicts := range [][]earshot.Verdict{old, fresh} {
		if err := c.hear(ctx, c.replays[i], &m, verdicts); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) wanted(brand string) bool { return c.brand == "" || c.brand == brand }

// hear has a replay deal with what a book makes of a mention.
func (c *comparison) hear(ctx context.Context, replay *alerts.Replay, m *earshot.Mention, verdicts []earshot.Verdict) error {
	var stored []earshot.Stored
	for i := range verdicts {
		if c.wanted(verdicts[i].Brand) {
			c.sequence++
			stored = append(stored, earshot.Stored{Sequence: c.sequence, Brand: verdicts[i].Brand, Mention: *m, Verdict: &verdicts[i]})
		}
	}
	if len(stored) == 0 {
		return nil
	}
	return replay.Hear(ctx, m.Heard, stored...)
}

// settle lets both replays tell of what is due by the end.
func (c *comparison) settle(ctx context.Context) error {
	for _, replay := range c.replays {
		if err := replay.Hear(ctx, c.until); err != nil {
			return err
		}
	}
	return nil
}

// pair counts what differs between two verdicts, of which one may be nil.
func (c *comparison) pair(m *earshot.Mention, brand string, was, is *earshot.Verdict) {
	if !c.wanted(brand) {
		return
	}
	d := c.brandOf(brand)
	d.Mentions++
	p := postDiff{Brand: brand, Mention: m.ID, Heard: m.Heard, Old: short(was, c.bands[0]), New: short(is, c.bands[1])}
	oldRoutes, newRoutes := routesOf(was), routesOf(is)
	p.RoutesAdded, p.RoutesRemoved = minus(newRoutes, oldRoutes), minus(oldRoutes, newRoutes)
	d.RoutesAdded += len(p.RoutesAdded)
	d.RoutesRemoved += len(p.RoutesRemoved)
	up := rank(p.New) - rank(p.Old)
	switch {
	case was == nil:
		d.Gained++
	case is == nil:
		d.Lost++
	case up > 0:
		d.MoreUrgent++
	case up < 0:
		d.LessUrgent++
	}
	if up == 0 && len(p.RoutesAdded)+len(p.RoutesRemoved) == 0 {
		return
	}
	d.Changed++
	p.weight = float64(max(up, -up)) + float64(len(p.RoutesAdded)+len(p.RoutesRemoved)) + urgencyOf(p.New, p.Old)/100
	c.show(p, m, was, is)
}

// show keeps a post if it is among those that change most.
func (c *comparison) show(p postDiff, m *earshot.Mention, was, is *earshot.Verdict) {
	at, _ := slices.BinarySearchFunc(c.shown, p, func(a, b postDiff) int {
		if a.weight >= b.weight { // of equals the first heard comes first
			return -1
		}
		return 1
	})
	if at >= c.limit {
		return
	}
	p.Text = shortened(cmp.Or(m.Title, m.Text), maxShownText)
	p.Because = changes(was, is)
	c.shown = slices.Insert(c.shown, at, p)
	c.shown = c.shown[:min(len(c.shown), c.limit)]
}

// maxShownText is how many characters of a post are shown.
const maxShownText = 200

func short(v *earshot.Verdict, bands earshot.Bands) *verdictShort {
	if v == nil {
		return nil
	}
	return &verdictShort{v.Relevance, v.Sentiment, v.Urgency, bands.Of(v.Urgency)}
}

// rank is 0 for no verdict, else that of its band.
func rank(v *verdictShort) int {
	if v == nil {
		return 0
	}
	return slices.Index(earshot.BandNames(), v.Band) + 1
}

// urgencyOf is by how many points an urgency changes.
func urgencyOf(a, b *verdictShort) float64 {
	points := earshot.Score(0)
	if a != nil {
		points += a.Urgency
	}
	if b != nil {
		points -= b.Urgency
	}
	return max(points, -points).Float()
}

func routesOf(v *earshot.Verdict) []string {
	if v == nil {
		return nil
	}
	names := make([]string, len(v.Routes))
	for i, r := range v.Routes {
		names[i] = r.Team + "/" + string(r.Kind)
		if r.Topic != "" {
			names[i] += "/" + r.Topic
		}
	}
	return names
}

// minus are those of a that are not in b.
func minus(a, b []string) []string {
	var rest []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

// changes are what the urgency changes by, added up by rule, the weightiest first.
func changes(was, is *earshot.Verdict) []urgencyShift {
	by := []urgencyShift{}
	add := func(v *earshot.Verdict, sign earshot.Score) {
		if v == nil {
			return
		}
		for _, r := range v.Reasons {
			if r.Of != earshot.OfUrgency {
				continue
			}
			i := slices.IndexFunc(by, func(c urgencyShift) bool { return c.Rule == r.Rule })
			if i < 0 {
				i = len(by)
				by = append(by, urgencyShift{Rule: r.Rule})
			}
			by[i].Weight += sign * r.Weight
		}
	}
	add(is, 1)
	add(was, -1)
	by = slices.DeleteFunc(by, func(c urgencyShift) bool { return c.Weight == 0 })
	slices.SortStableFunc(by, func(a, b urgencyShift) int {
		return cmp.Compare(max(b.Weight, -b.Weight), max(a.Weight, -a.Weight))
	})
	return by
}
