package mutes

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/noise"
)

// View is what a mute would have held back of alerts that were raised.
type View struct {
	Matchers noise.Matchers `json:"matchers"`
	Team     string         `json:"team,omitempty"` // whose alerts; empty for all teams
	Since    time.Time      `json:"since"`
	Alerts   int            `json:"alerts"`            // raised since
	Held     int            `json:"held"`              // of them: held back by the mute
	Danger   int            `json:"danger"`            // of them: matched but never held back
	Groups   []Group        `json:"groups"`            // most urgent first
	Top      []Hidden       `json:"top"`               // most urgent first
	Partial  bool           `json:"partial,omitempty"` // there was no time for more than the newest alerts: since is when they begin

	mute  noise.Mute
	asked time.Time // since when alerts were asked for
}

// Group counts alerts of one sort.
type Group struct {
	Team    string       `json:"team"`
	Brand   string       `json:"brand"`
	Kind    earshot.Kind `json:"kind"`
	Urgency earshot.Band `json:"urgency"`
	Count   int          `json:"count"`
}

// Hidden is one alert that the mute would have held back.
type Hidden struct {
	ID      string       `json:"id"`
	Team    string       `json:"team"`
	Urgency earshot.Band `json:"urgency"`
	At      time.Time    `json:"at"`
	Summary string       `json:"summary"`
}

// MostTop is how many alerts a view shows.
const MostTop = 10

// NewView is the view of a mute on alerts that were raised since a moment.
func NewView(m noise.Mute, since, now time.Time) *View {
	m.From, m.Until = since, now
	return &View{Matchers: m.Matchers, Team: m.Team, Since: since, Groups: []Group{}, Top: []Hidden{}, mute: m, asked: since}
}

// since is a copy of the view that begins at a moment.
func (v *View) since(moment time.Time) *View {
	longer := *v
	longer.Since, longer.Groups, longer.Top = moment, slices.Clone(v.Groups), slices.Clone(v.Top)
	return &longer
}

// Add looks at an alert. What tells of mutes themselves is not counted.
func (v *View) Add(a *earshot.Alert) {
	if a.At.Before(v.asked) || a.Why == earshot.BecauseDigest || v.Team != "" && a.Team != v.Team {
		return
	}
	v.Alerts++
	subject := noise.Of(a)
	if !v.mute.Hides(&subject) {
		return
	}
	if a.Verdict != nil && a.Verdict.Danger {
		v.Danger++
		return
	}
	v.Held++
	v.count(Group{Team: a.Team, Brand: a.Brand, Kind: a.Kind, Urgency: a.Urgency})
	one := Hidden{ID: a.ID, Team: a.Team, Urgency: a.Urgency, At: a.At, Summary: a.Summary}
	at, _ := slices.BinarySearchFunc(v.Top, one, func(a, b Hidden) int {
		return cmp.Or(moreUrgent(a.Urgency, b.Urgency), b.At.Compare(a.At))
	})
	v.Top = slices.Insert(v.Top, at, one)
	v.Top = v.Top[:min(len(v.Top), MostTop)]
}

func (v *View) count(of Group) {
	i := slices.IndexFunc(v.Groups, func(g Group) bool { g.Count = 0; return g == of })
	if i < 0 {
		i = len(v.Groups)
		v.Groups = append(v.Groups, of)
	}
	v.Groups[i].Count++
	for ; i > 0 && before(v.Groups[i], v.Groups[i-1]); i-- {
		v.Groups[i], v.Groups[i-1] = v.Groups[i-1], v.Groups[i]
	}
}

func before(a, b Group) bool {
	name := func(g Group) string { return g.Team + " " + g.Brand + " " + string(g.Kind) }
	return cmp.Or(moreUrgent(a.Urgency, b.Urgency), b.Count-a.Count, strings.Compare(name(a), name(b))) < 0
}

// moreUrgent orders bands, the most urgent one first.
func moreUrgent(a, b earshot.Band) int {
	return slices.Index(earshot.BandNames(), b) - slices.Index(earshot.BandNames(), a)
}
