package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/cmd/earshot/proof"
	"earshot/cmd/earshot/strict"
)

// What mentions of tests have that say nothing of it.
const (
	testGap     = time.Second // after the mention before
	testNetwork = "test"
)

// testStart is when tests begin that do not say when.
func testStart() time.Time { return time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC) }

// build makes cases of the tests and reports what cannot be meant.
func (f *testFile) build(d *strict.Document, path string) []*proof.Case {
	start := f.Start
	if start.IsZero() {
		start = testStart()
	}
	if len(f.Tests) == 0 {
		d.Report(d.Root(), "there are no tests", "add tests: with a list of mentions each")
	}
	var cases []*proof.Case
	for i := range f.Tests {
		t := &f.Tests[i]
		c := &proof.Case{Name: cmp.Or(t.Name, fmt.Sprintf("test %d", i+1)), At: proof.At{File: path, Line: t.node.Line()}, Alerts: t.Alerts}
		if slices.ContainsFunc(cases, func(o *proof.Case) bool { return o.Name == c.Name }) {
			d.Report(t.node, fmt.Sprintf("two tests are named %q", c.Name), "give each its own name")
		}
		if len(t.Mentions) == 0 {
			d.Report(t.node, "a test without mentions", "add mentions: with a list of texts")
		}
		clock := testClock{start: start, next: start}
		for j := range t.Mentions {
			p := &t.Mentions[j]
			if err := p.timed(&clock); err != nil {
				d.Report(cmp.Or(p.node.Get("at"), p.node), err.Error(), "write at: 5m after the start, or a time such as 2026-11-21T08:15:00Z")
			}
			named(&p.Mention, j+1)
			c.Posts = append(c.Posts, proof.Post{At: proof.At{File: path, Line: p.node.Line()}, Mention: p.Mention, Expect: p.Expect})
		}
		qualify(c)
		cases = append(cases, c)
	}
	return cases
}

// testClock is how far the time of a test has come.
type testClock struct{ start, next time.Time }

// read returns the moment that at means.
func (c *testClock) read(at string) (time.Time, error) {
	moment := c.next
	if at != "" {
		after, err := strict.ParseDuration(at)
		moment = c.start.Add(after)
		if err != nil {
			if moment, err = time.Parse(time.RFC3339, at); err != nil {
				return c.next, fmt.Errorf("at: %q is no time", at)
			}
		}
	}
	c.next = moment.Add(testGap)
	return moment.UTC(), nil
}

// timed says when the mention is heard and, unless it does so itself, was posted.
func (p *testPost) timed(clock *testClock) error {
	if p.At == "" && !p.Heard.IsZero() {
		p.At = p.Heard.Format(time.RFC3339Nano)
	}
	at, err := clock.read(p.At)
	p.Heard = at
	if p.Posted.IsZero() {
		p.Posted = at.Add(-p.Age)
	}
	return err
}

// named gives a mention an ID and a network, as far as it has none.
func named(m *earshot.Mention, number int) {
	if m.ID == "" {
		m.ID = fmt.Sprint(number)
	}
	m.ID = qualified(m.ID)
	if m.Network == "" {
		m.Network, _, _ = strings.Cut(m.ID, ":")
	}
}

// qualified puts the network of tests before an ID that has none.
func qualified(id string) string {
	if id == "" || strings.Contains(id, ":") {
		return id
	}
	return testNetwork + ":" + id
}

// qualify does so wherever a case names a mention.
func qualify(c *proof.Case) {
	for i := range c.Posts {
		m := &c.Posts[i].Mention
		for _, id := range []*string{&m.ReplyTo, &m.Conversation, &m.RepostOf, &m.QuoteOf} {
			*id = qualified(*id)
		}
	}
	for i := range c.Alerts.Items {
		a := &c.Alerts.Items[i].Is
		a.Mention = qualified(a.Mention)
	}
}

// check looks for expectations that no book could meet, such as of a brand that
// is none of the book's.
func (g *provingGround) check() error {
	invalid := &ConfigError{File: g.file}
	word := func(at proof.At, what, got string, known []string) {
		if got != "" && !slices.Contains(known, got) {
			invalid.Findings = append(invalid.Findings, strict.Finding{
				File: at.File, Line: at.Line, Col: 1, What: fmt.Sprintf("there is no %s %q", what, got), Hint: strict.Suggest(got, known),
			})
		}
	}
	for _, c := range g.cases {
		for _, p := range c.Posts {
			for _, w := range p.Expect.Items {
				g.checkVerdict(w.At, &w.Is, word)
			}
		}
		for _, w := range c.Alerts.Items {
			word(w.At, "team", w.Is.Team, g.teams())
			word(w.At, "brand", w.Is.Brand, g.brands)
			word(w.At, "kind", string(w.Is.Kind), texts(earshot.Kinds()))
			word(w.At, "urgency", string(w.Is.Urgency), texts(earshot.BandNames()))
			word(w.At, "why", string(w.Is.Why), texts([]earshot.Why{earshot.BecauseNew, earshot.BecauseChanged, earshot.BecauseEscalated, earshot.BecauseWithdrawn}))
		}
	}
	if len(invalid.Findings) > 0 {
		return invalid
	}
	return nil
}

func (g *provingGround) checkVerdict(at proof.At, w *proof.Verdict, word func(at proof.At, what, got string, known []string)) {
	word(at, "brand", cmp.Or(w.Brand, "none"), g.brands)
	for _, r := range w.Routes {
		team, rest, _ := strings.Cut(r, "/")
		kind, _, _ := strings.Cut(rest, "/")
		word(at, "team", team, g.teams())
		word(at, "kind", kind, texts(earshot.Kinds()))
	}
	for _, r := range []struct {
		of    earshot.Quality
		given *proof.Range
	}{{earshot.OfRelevance, w.Relevance}, {earshot.OfSentiment, w.Sentiment}, {earshot.OfUrgency, w.Urgency}} {
		if r.given != nil && !r.given.Fits(r.of) {
			word(at, string(r.of), r.given.String(), nil)
		}
	}
}

func (g *provingGround) teams() []string {
	names := make([]string, len(g.book.Alerts.Teams))
	for i, t := range g.book.Alerts.Teams {
		names[i] = t.Name
	}
	return names
}

func texts[T ~string](words []T) []string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return all
}
