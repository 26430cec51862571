// Package rules judges: it says which brands a mention concerns, how its author
// feels, how urgent it is, who should hear of it, and why. It is pure: the same
// mention and the same book give the same verdict, with no clock, no I/O and no
// log. Queries are in query and match, feelings in sentiment, the urgency of
// words in urgency; what teams are then told is decided in alerts.
package rules

import (
	"maps"
	"sync"
	"sync/atomic"

	"earshot"
	"earshot/rules/adapt"
	"earshot/rules/match"
	"earshot/rules/urgency"
)

// Book is a compiled configuration. It is immutable and safe for concurrent use.
type Book struct {
	brands  []brand
	rules   []rule
	index   *match.Index
	queries map[string]*earshot.Query
	uses    attributes // that the rules read
	workers sync.Pool
	errors  atomic.Uint64
}

// brand is a compiled Brand.
type brand struct {
	name   string
	reason string // of its relevance
	owned  owned
	topics []topic
	model  *model // that is asked; nil for none
	// excluded is the query of what keeps out a mention of its conversation; 0 for
	// nothing.
	excluded int
	// weighed says that the name alone does not tell whether the brand is meant.
	weighed            bool
	speaksFor, against []contextTerm
	threshold          earshot.Score
	layer              *adapt.Layer // nil for none
	weights            Weights      // of its urgency
	points             [urgency.HeadCount]float64
}

// topic is a compiled Topic.
type topic struct {
	name   string
	query  int // in the index
	danger bool
}

// New compiles a book and finds everything that is wrong with the configuration.
// The book is nil if a problem is fatal; a book may come with warnings.
func New(config Config) (*Book, earshot.Problems) {
	c := compiler{config: config, queries: map[string]*earshot.Query{}}
	weights := c.weights()
	for i := range config.Brands {
		c.brand(i, &config.Brands[i], &weights)
	}
	c.link()
	topics := c.contexts(c.exclusions(c.place()))
	for i := range config.Rules {
		c.rule(i, &config.Rules[i])
	}
	for i := range config.Models {
		c.model(i, &config.Models[i])
	}
	if c.problems.Fatal() {
		return nil, c.problems
	}
	b := &Book{
		brands: c.brands, rules: c.rules, queries: c.queries, uses: c.uses,
		index: match.New(append(c.brandQueries, topics...), len(c.brandQueries)),
	}
	for i := range config.Brands {
		if at, ok := b.index.Everyday(i); ok {
			c.warnEveryday(i, at)
		}
	}
	return b, c.problems
}

// Queries returns the parsed query of every brand, for drivers whose network can
// search for itself.
func (b *Book) Queries() map[string]*earshot.Query {
	return maps.Clone(b.queries)
}

// RuleErrors counts how often a rule failed on a mention since the book was made,
// such as by an index out of range. A rule that fails does not apply.
func (b *Book) RuleErrors() uint64 { return b.errors.Load() }

// Judge returns a verdict for every brand that the mention concerns, in the order
// of the book, and nil if there is none. A deleted mention concerns nobody.
func (b *Book) Judge(m *earshot.Mention) []earshot.Verdict { return b.verdicts(m, true) }

// Below returns a verdict for every brand that a mention would concern if it were
// not below the brand's threshold: its relevance alone, and why.
func (b *Book) Below(m *earshot.Mention) []earshot.Verdict { return b.verdicts(m, false) }

// verdicts are those of the brands that the mention is enough about, or of those
// that it is too little about.
func (b *Book) verdicts(m *earshot.Mention, enough bool) []earshot.Verdict {
	if m.Change == earshot.Deleted {
		return nil
	}
	w := b.worker()
	defer b.workers.Put(w)
	matched := w.join(b, m, b.index.Search(&w.post, m))
	if len(matched) == 0 {
		return nil
	}
	verdicts := make([]earshot.Verdict, 0, len(matched))
	w.measure(m)
	for _, n := range matched {
		if v, ok := w.judge(b, m, int(n)); ok == enough {
			verdicts = append(verdicts, v)
		}
	}
	w.forget()
	w.post.Forget()
	if len(verdicts) == 0 {
		return nil
	}
	return verdicts
}

// Applied returns the rules that apply to a mention for a brand, in book order:
// reasons name only those that make it more or less urgent.
func (b *Book) Applied(m *earshot.Mention, brand string) []string {
	w := newWorker()
	for _, n := range w.join(b, m, b.index.Search(&w.post, m)) {
		if b.brands[n].name == brand && m.Change != earshot.Deleted {
			w.measure(m)
			w.judge(b, m, int(n))
			return w.applied
		}
	}
	return nil
}

// worker takes one that is free, or makes one.
func (b *Book) worker() *worker {
	if w, ok := b.workers.Get().(*worker); ok {
		return w
	}
	return newWorker()
}
