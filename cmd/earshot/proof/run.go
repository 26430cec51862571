package proof

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/rules"
)

// Case is a story of mentions, in the order and at the times heard, and what
// should come of it.
type Case struct {
	Name   string
	At     At
	Posts  []Post
	Alerts List[Alert]
}

// Post is one mention of a case, new, edited or deleted.
type Post struct {
	At      At
	Mention earshot.Mention // complete: with ID, network and when it was heard
	Expect  List[Verdict]
}

// Book is what a case is run against.
type Book struct {
	Rules  *rules.Book
	Alerts alerts.Config
	Bands  earshot.Bands
}

// Failure is one thing that came otherwise than expected.
type Failure struct {
	At   At
	What string   // in one line
	Why  []string // what it is because of, or what came instead
}

// Result is what came of a case.
type Result struct {
	Failures []Failure
	Log      []string // everything that came, in order
}

// settled is how long after the last mention alerts are waited for.
const settled = time.Minute

// Run runs a case. Its error is of the run, not of the case.
func Run(ctx context.Context, book Book, c *Case) (Result, error) {
	r := run{book: book, holders: map[string][]string{}}
	start := time.Time{}
	if len(c.Posts) > 0 {
		start = c.Posts[0].Mention.Heard
	}
	replay, problems := alerts.NewReplay(book.Alerts, start, r.told)
	if problems.Fatal() {
		return r.Result, problems
	}
	end := start
	for i := range c.Posts {
		p := &c.Posts[i]
		r.cause, end = p.Mention.ID, p.Mention.Heard
		if err := replay.Hear(ctx, end, r.judge(p)...); err != nil {
			return r.Result, fmt.Errorf("running %s: %w", c.Name, err)
		}
	}
	if err := replay.Hear(ctx, end.Add(settled)); err != nil {
		return r.Result, fmt.Errorf("running %s: %w", c.Name, err)
	}
	r.checkAlerts(&c.Alerts)
	return r.Result, nil
}

// run is a case under way.
type run struct {
	Result
	book     Book
	holders  map[string][]string // by ID: the brands that the log would hold the mention for
	sequence uint64
	cause    string // ID of the mention heard last
	raised   []raised
}

type raised struct {
	earshot.Alert
	cause string
}

func (r *run) told(a earshot.Alert) {
	cause := r.cause
	if a.Mention != nil {
		cause = a.Mention.ID
	}
	r.raised = append(r.raised, raised{a, cause})
	r.note(a.At, "alert "+describe(&a, cause))
}

func (r *run) note(at time.Time, what string) {
	r.Log = append(r.Log, at.UTC().Format("2006-01-02 15:04:05")+" "+what)
}

// judge checks what the book says of a mention and returns what the log would
// hold of it.
func (r *run) judge(p *Post) []earshot.Stored {
	m := p.Mention
	known := r.holders[m.ID]
	if len(m.About) == 0 {
		m.About = r.about(&m)
	}
	verdicts := r.book.Rules.Judge(&m)
	r.noteVerdicts(&m, verdicts)
	if p.Expect.Given {
		r.checkVerdicts(&p.Expect, &m, verdicts)
	}
	change := m.Change == earshot.Edited || m.Change == earshot.Deleted
	if known != nil && !change {
		return nil // heard again: stored once
	}
	var stored []earshot.Stored
	var brands []string
	for i := range verdicts {
		brands = append(brands, verdicts[i].Brand)
		stored = append(stored, r.store(verdicts[i].Brand, m, &verdicts[i]))
	}
	for _, brand := range known {
		if !slices.Contains(brands, brand) {
			stored = append(stored, r.store(brand, earshot.Mention{ID: m.ID, Network: m.Network, Change: earshot.Deleted, Heard: m.Heard}, nil))
		}
	}
	if brands == nil {
		delete(r.holders, m.ID)
	} else {
		r.holders[m.ID] = brands
	}
	return stored
}

func (r *run) store(brand string, m earshot.Mention, v *earshot.Verdict) earshot.Stored {
	r.sequence++
	return earshot.Stored{Sequence: r.sequence, Brand: brand, Mention: m, Verdict: v}
}

// about is whose conversation a mention belongs to, by the mentions before it.
func (r *run) about(m *earshot.Mention) []string {
	var brands []string
	for _, id := range []string{m.ReplyTo, m.Conversation, m.RepostOf, m.QuoteOf} {
		if id != m.ID {
			brands = append(brands, r.holders[id]...)
		}
	}
	slices.Sort(brands)
	return slices.Compact(brands)
}

func (r *run) noteVerdicts(m *earshot.Mention, verdicts []earshot.Verdict) {
	for i := range verdicts {
		v := &verdicts[i]
		routes := make([]string, len(v.Routes))
		for j, route := range v.Routes {
			routes[j] = routeName(route)
		}
		r.note(m.Heard, fmt.Sprintf("%s for %s: sentiment %s, urgency %s (%s), topics %s, goes to %s",
			m.ID, v.Brand, v.Sentiment, v.Urgency, r.book.Bands.Of(v.Urgency), listed(v.Topics), listed(routes)))
	}
	if len(verdicts) == 0 {
		r.note(m.Heard, m.ID+" concerns no brand")
	}
}

func (r *run) checkVerdicts(want *List[Verdict], m *earshot.Mention, got []earshot.Verdict) {
	for i := range want.Items {
		w := &want.Items[i]
		at := slices.IndexFunc(got, func(v earshot.Verdict) bool { return v.Brand == w.Is.Brand })
		if at < 0 {
			r.fail(w.At, fmt.Sprintf("%s does not concern %s", m.ID, w.Is.Brand), concerns(got)...)
			continue
		}
		v := &got[at]
		for _, d := range w.Is.differences(v, r.book.Rules.Applied(m, v.Brand), r.book.Bands) {
			r.fail(w.At, fmt.Sprintf("%s of %s for %s is %s, want %s", d.what, m.ID, v.Brand, d.got, d.want), because(d.of, m, v)...)
		}
	}
	for i := range got {
		v := &got[i]
		if !slices.ContainsFunc(want.Items, func(w Placed[Verdict]) bool { return w.Is.Brand == v.Brand }) {
			r.fail(want.At, fmt.Sprintf("%s concerns %s, which is not expected", m.ID, v.Brand), because(earshot.OfRelevance, m, v)...)
		}
	}
}

func concerns(got []earshot.Verdict) []string {
	if len(got) == 0 {
		return []string{"it concerns no brand"}
	}
	brands := make([]string, len(got))
	for i := range got {
		brands[i] = got[i].Brand
	}
	return []string{"it concerns " + strings.Join(brands, ", ")}
}

func (r *run) checkAlerts(want *List[Alert]) {
	if !want.Given {
		return
	}
	p := matched(len(want.Items), len(r.raised), func(i, j int) bool { return want.Items[i].Is.is(&r.raised[j].Alert, r.raised[j].cause) })
	var others []string
	for j, i := range p.gots {
		if a := &r.raised[j]; i < 0 {
			others = append(others, "came: "+describe(&a.Alert, a.cause))
		}
	}
	if others == nil {
		others = []string{"no alert came that is not expected elsewhere"}
	}
	for i, j := range p.wants {
		if w := &want.Items[i]; j < 0 {
			r.fail(w.At, "no such alert: "+w.Is.String(), others...)
		}
	}
	for j, i := range p.gots {
		if a := &r.raised[j]; i < 0 {
			var why []string
			if a.Verdict != nil {
				why = because(earshot.OfUrgency, a.Mention, a.Verdict)
			}
			r.fail(want.At, "an alert that is not expected: "+describe(&a.Alert, a.cause), why...)
		}
	}
}

func describe(a *earshot.Alert, cause string) string {
	w := Alert{Mention: cause, Team: a.Team, Brand: a.Brand, Kind: a.Kind, Topic: a.Topic, Urgency: a.Urgency, Why: a.Why, Count: a.Count}
	return w.String()
}

func (r *run) fail(at At, what string, why ...string) {
	r.Failures = append(r.Failures, Failure{At: at, What: what, Why: why})
}
