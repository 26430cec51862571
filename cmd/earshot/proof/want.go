// Package proof runs labelled mentions through a rule book and an alerts engine in
// virtual time and says what came otherwise than it should. It reads no files and
// prints nothing: that is in cmd/earshot.
package proof

import (
	"fmt"
	"slices"
	"strings"

	"earshot"
)

// Verdict is what is expected of one verdict. What is nil is not looked at; lists
// are complete, in any order.
type Verdict struct {
	Brand     string   `json:"brand"`
	Relevance *Range   `json:"relevance"`
	Sentiment *Range   `json:"sentiment"`
	Urgency   *Range   `json:"urgency"`
	Delight   *Range   `json:"delight"`
	Topics    []string `json:"topics"`
	Labels    []string `json:"labels"`
	Routes    []string `json:"routes"` // team, team/kind or team/kind/topic
	Rules     []string `json:"rules"`  // those that apply
}

// Alert is what is expected of one alert. What is empty is not looked at.
type Alert struct {
	Mention string       `json:"mention"` // that brings it about
	Team    string       `json:"team"`
	Brand   string       `json:"brand"`
	Kind    earshot.Kind `json:"kind"`
	Topic   string       `json:"topic"`
	Urgency earshot.Band `json:"urgency"`
	Why     earshot.Why  `json:"why"`
	Count   int          `json:"count"` // mentions in the case
}

// At is a place in a file.
type At struct {
	File string
	Line int
}

// Placed is an expectation and where it is written.
type Placed[T any] struct {
	At At
	Is T
}

// List is a list of expectations; when it is Given, nothing else may come.
type List[T any] struct {
	At    At
	Given bool
	Items []Placed[T]
}

// differences says in what a verdict is not as expected. applied are the rules
// that applied; bands are those of the book.
func (w *Verdict) differences(v *earshot.Verdict, applied []string, bands earshot.Bands) []difference {
	var found []difference
	number := func(of earshot.Quality, want *Range, got earshot.Score) {
		if want != nil && !want.holds(of, got, bands) {
			shown := got.String()
			if of == earshot.OfUrgency {
				shown += " (" + string(bands.Of(got)) + ")"
			}
			found = append(found, difference{string(of), want.String(), shown, of})
		}
	}
	number(earshot.OfRelevance, w.Relevance, v.Relevance)
	number(earshot.OfSentiment, w.Sentiment, v.Sentiment)
	number(earshot.OfUrgency, w.Urgency, v.Urgency)
	number(earshot.OfDelight, w.Delight, v.Delight)
	list := func(what string, want, got []string) {
		if want != nil && !sameSet(want, got) {
			found = append(found, difference{what: what, want: listed(want), got: listed(got)})
		}
	}
	list("topics", w.Topics, v.Topics)
	list("labels", w.Labels, v.Labels)
	list("rules", w.Rules, applied)
	if w.Routes != nil && !matched(len(w.Routes), len(v.Routes), func(i, j int) bool { return routeIs(w.Routes[i], v.Routes[j]) }).whole() {
		got := make([]string, len(v.Routes))
		for i, r := range v.Routes {
			got[i] = routeName(r)
		}
		found = append(found, difference{what: "routes", want: listed(w.Routes), got: listed(got)})
	}
	return found
}

// difference is one thing that came otherwise.
type difference struct {
	what, want, got string
	of              earshot.Quality // whose reasons tell why; empty for none
}

func routeIs(want string, r earshot.Route) bool {
	name := routeName(r)
	return name == want || strings.HasPrefix(name, want+"/")
}

func routeName(r earshot.Route) string {
	name := r.Team + "/" + string(r.Kind)
	if r.Topic != "" {
		name += "/" + r.Topic
	}
	return name
}

func listed(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

func sameSet(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) }) &&
		!slices.ContainsFunc(b, func(s string) bool { return !slices.Contains(a, s) })
}

// is reports whether an alert, brought about by a mention, is the one expected.
func (w *Alert) is(a *earshot.Alert, cause string) bool {
	return (w.Mention == "" || w.Mention == cause) &&
		(w.Team == "" || w.Team == a.Team) &&
		(w.Brand == "" || w.Brand == a.Brand) &&
		(w.Kind == "" || w.Kind == a.Kind) &&
		(w.Topic == "" || w.Topic == a.Topic) &&
		(w.Urgency == "" || w.Urgency == a.Urgency) &&
		(w.Why == "" || w.Why == a.Why) &&
		(w.Count == 0 || w.Count == a.Count)
}

// String writes the expectation for people.
func (w *Alert) String() string {
	var parts []string
	for _, part := range []string{string(w.Why), w.Team, w.Brand, string(w.Kind), w.Topic, string(w.Urgency)} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if w.Count > 0 {
		parts = append(parts, fmt.Sprintf("count %d", w.Count))
	}
	if w.Mention != "" {
		parts = append(parts, "because of "+w.Mention)
	}
	if parts == nil {
		return "any"
	}
	return strings.Join(parts, " · ")
}

// pairing says which expectation goes with which thing, -1 for none.
type pairing struct{ wants, gots []int }

// whole reports whether nothing is left over.
func (p pairing) whole() bool { return !slices.Contains(p.wants, -1) && !slices.Contains(p.gots, -1) }

// matched pairs as many expectations as it can, each with one thing that it fits:
// one that fits several leaves the others what fits only them.
func matched(wants, gots int, fits func(want, got int) bool) pairing {
	p := pairing{slices.Repeat([]int{-1}, wants), slices.Repeat([]int{-1}, gots)}
	for w := range wants {
		p.pair(w, make([]bool, gots), fits)
	}
	return p
}

func (p *pairing) pair(w int, tried []bool, fits func(want, got int) bool) bool {
	for g := range p.gots {
		if tried[g] || !fits(w, g) {
			continue
		}
		tried[g] = true
		if p.gots[g] < 0 || p.pair(p.gots[g], tried, fits) {
			p.wants[w], p.gots[g] = g, w
			return true
		}
	}
	return false
}
