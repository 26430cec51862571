package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/routing"
)

// waybill explains which way mentions take.
type waybill struct {
	explainer
	config *Config
	table  *routing.Table
	at     string // as the call says it; empty for now
	now    time.Time
	asJSON bool
	asks   *prospects // nil where only the configuration counts
}

// way is which way one mention takes.
type way struct {
	Mention string     `json:"mention"`
	Brands  []brandWay `json:"brands"`
}

type brandWay struct {
	Brand   string         `json:"brand"`
	Score   earshot.Score  `json:"score"` // urgency
	Urgency earshot.Band   `json:"urgency"`
	Topics  []string       `json:"topics"`
	Danger  bool           `json:"danger,omitempty"`
	Owned   bool           `json:"owned_author,omitempty"` // the brand itself wrote it
	Rules   []string       `json:"rules"`                  // that apply
	Steps   []routing.Step `json:"steps,omitempty"`        // what lines of routing did
	Routes  []routeWay     `json:"routes"`

	Now []alerts.Outlook `json:"now,omitempty"` // what would become of it at the teams that hear of it
}

type routeWay struct {
	earshot.Route
	Rules     []string  `json:"rules"`        // that send it there
	To        []string  `json:"to,omitempty"` // the people of the team it is for
	Reaches   bool      `json:"reaches"`
	Because   string    `json:"because,omitempty"` // why it does not
	AtWork    bool      `json:"at_work"`
	RespondBy time.Time `json:"respond_by,omitzero"`
	Called    []string  `json:"called,omitempty"`
}

func (w waybill) line(number int, line []byte, out *bytes.Buffer) error {
	judged, ok, err := w.read(number, line)
	if err != nil || !ok {
		return err
	}
	of := way{Mention: judged.ID, Brands: []brandWay{}}
	for i := range judged.Verdicts {
		of.Brands = append(of.Brands, w.brand(&judged.Mention, &judged.Verdicts[i]))
	}
	if w.asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(of)
	}
	w.print(out, &judged.Mention, of)
	return nil
}

func (w waybill) brand(m *earshot.Mention, v *earshot.Verdict) brandWay {
	applied := w.book.Applied(m, v.Brand)
	b := brandWay{
		Brand: v.Brand, Score: v.Urgency, Urgency: w.config.Bands.Of(v.Urgency), Topics: v.Topics, Danger: v.Danger, Owned: v.OwnedAuthor,
		Rules: append([]string{}, applied...), Routes: []routeWay{},
	}
	routed, steps := w.table.ApplyAt(m, v, v.Routes, w.moment)
	b.Steps = steps
	for _, route := range routed {
		way := w.route(b.Urgency, route.Route, w.senders(route.Route, applied))
		way.To = route.To
		b.Routes = append(b.Routes, way)
	}
	for i := range b.Routes {
		if other := moreSevere(b.Routes, i); other >= 0 {
			b.Routes[i].Reaches = false
			b.Routes[i].Because = fmt.Sprintf("%s hears of it as %s, which is more severe", b.Routes[i].Team, b.Routes[other].Kind)
		}
	}
	b.Now = w.asks.of(m, v)
	return b
}

// moment is when it is for a team: as the call says, in the time zone of the team.
func (w waybill) moment(team string) time.Time {
	zone := time.UTC
	if i := slices.IndexFunc(w.config.Teams, func(t alerts.Team) bool { return t.Name == team }); i >= 0 {
		zone = w.config.Teams[i].Roster().Zone()
	}
	at, err := dutyCall{at: w.at}.moment(w.now, zone)
	if err != nil {
		return w.now // it was read before
	}
	return at
}

// moreSevere finds a route to the same team that counts instead, -1 for none.
func moreSevere(routes []routeWay, of int) int {
	rank := func(r routeWay) int { return slices.Index(earshot.Kinds(), r.Kind) }
	return slices.IndexFunc(routes, func(r routeWay) bool {
		return routes[of].Reaches && r.Reaches && r.Team == routes[of].Team && rank(r) > rank(routes[of])
	})
}

// senders are the rules that apply and send to a team as what the route says.
func (w waybill) senders(route earshot.Route, applied []string) []string {
	names := []string{}
	for _, rule := range w.config.Rules.Rules {
		sends := route.Kind == earshot.KindCustomer && slices.Contains(rule.Send, route.Team)
		for _, r := range rule.Routes {
			kind := earshot.Kind(r.Kind)
			if kind == "" {
				kind = earshot.KindCustomer
			}
			sends = sends || r.Team == route.Team && kind == route.Kind && (r.Topic == "" || r.Topic == route.Topic)
		}
		if sends && slices.Contains(applied, rule.Name) {
			names = append(names, rule.Name)
		}
	}
	return names
}

func (w waybill) route(band earshot.Band, route earshot.Route, senders []string) routeWay {
	r := routeWay{Route: route, Rules: senders}
	i := slices.IndexFunc(w.config.Teams, func(t alerts.Team) bool { return t.Name == route.Team })
	if i < 0 {
		r.Because = "there is no such team"
		return r
	}
	team := w.config.Teams[i]
	if len(team.Kinds) > 0 && !slices.Contains(team.Kinds, route.Kind) {
		kinds := make([]string, len(team.Kinds))
		for i, kind := range team.Kinds {
			kinds[i] = string(kind)
		}
		r.Because = fmt.Sprintf("the kinds of %s are %s", team.Name, strings.Join(kinds, ", "))
		return r
	}
	roster, clocks := team.Roster(), team.Clocks()
	at := w.moment(team.Name)
	r.Reaches, r.AtWork = true, clocks.Calendar.Open(at)
	of := earshot.Case{Band: band, State: earshot.Open, Opened: at}
	clocks.Wind(&of)
	if !of.RespondBy.IsZero() {
		r.RespondBy = of.RespondBy.In(roster.Zone())
	}
	if band != earshot.Critical || len(team.Rota.Shifts)+len(team.Rota.Overrides) == 0 {
		return r
	}
	for _, person := range roster.OnDuty(at) {
		r.Called = append(r.Called, person.Name)
	}
	if fallback, ok := roster.Next(at, r.Called); ok && fallback.Because != "" {
		r.Called = append(r.Called, fallback.Name())
	}
	return r
}

func (w waybill) print(out *bytes.Buffer, m *earshot.Mention, of way) {
	fmt.Fprintf(out, "%s\n", printable(of.Mention))
	if below := w.below(out, m); len(of.Brands) == 0 && !below {
		out.WriteString("  concerns no brand\n")
	}
	for i := range of.Brands {
		b := &of.Brands[i]
		fmt.Fprintf(out, "  brand %s, urgency %s (%s)", w.in(bold, b.Brand), b.Score, w.in(bandTone(b.Urgency), string(b.Urgency)))
		if len(b.Topics) > 0 {
			out.WriteString(", topics " + strings.Join(b.Topics, ", "))
		}
		if b.Danger {
			out.WriteString(", " + w.in(against, "danger"))
		}
		out.WriteByte('\n')
		switch {
		case b.Owned:
			out.WriteString("    written by the brand itself: nobody is told\n")
		case len(b.Rules) == 0:
			out.WriteString("    no rule applies: nobody is told\n")
		case len(b.Routes) == 0:
			fmt.Fprintf(out, "    no rule that applies sends it anywhere (%s)\n", printable(strings.Join(b.Rules, ", ")))
		}
		for _, step := range b.Steps {
			fmt.Fprintf(out, "    routing line %s: %s\n", printable(step.Line), printable(step.Did))
		}
		for j := range b.Routes {
			w.printRoute(out, &b.Routes[j])
			if o := outlookOf(b, &b.Routes[j]); o != nil {
				w.writeOutlook(out, o)
			}
		}
		w.printFurther(out, b)
	}
	out.WriteByte('\n')
}

// outlookOf is what would become of a mention at the team of a route that reaches
// it, nil if that is not known.
func outlookOf(b *brandWay, r *routeWay) *alerts.Outlook {
	i := slices.IndexFunc(b.Now, func(o alerts.Outlook) bool { return r.Reaches && o.Team == r.Team })
	if i < 0 {
		return nil
	}
	return &b.Now[i]
}

// printFurther writes which teams would hear of a mention though the configuration
// that was read sends it nowhere near them.
func (w waybill) printFurther(out *bytes.Buffer, b *brandWay) {
	for i := range b.Now {
		o := &b.Now[i]
		if slices.ContainsFunc(b.Routes, func(r routeWay) bool { return r.Reaches && r.Team == o.Team }) {
			continue
		}
		because := "its story or its thread is there"
		if o.Asked {
			because = "by the configuration of the running daemon"
		}
		fmt.Fprintf(out, "    to %s as %s, %s\n", w.in(bold, o.Team), o.Kind, because)
		w.writeOutlook(out, o)
	}
}

func (w waybill) printRoute(out *bytes.Buffer, r *routeWay) {
	as := string(r.Kind)
	if r.Topic != "" {
		as += "/" + r.Topic
	}
	by := "by a line of routing"
	if len(r.Rules) > 0 {
		by = "by rule " + printable(strings.Join(r.Rules, ", "))
	}
	fmt.Fprintf(out, "    to %s as %s, %s\n", w.in(bold, r.Team), as, by)
	if len(r.To) > 0 {
		fmt.Fprintf(out, "      for %s\n", strings.Join(r.To, ", "))
	}
	if !r.Reaches {
		fmt.Fprintf(out, "      %s: %s\n", w.in(against, "is not told"), r.Because)
		return
	}
	state := "at work"
	if !r.AtWork {
		state = "not at work"
	}
	if !r.RespondBy.IsZero() {
		state += ", answers by " + r.RespondBy.Format("Mon 2006-01-02 15:04 MST")
	}
	fmt.Fprintf(out, "      is told; %s\n", state)
	if len(r.Called) > 0 {
		fmt.Fprintf(out, "      unless somebody claims it, called: %s\n", strings.Join(r.Called, ", then "))
	}
}
