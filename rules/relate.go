package rules

import (
	"fmt"
	"iter"
	"slices"

	"earshot"
	"earshot/rules/adapt"
	"earshot/rules/match"
	"earshot/rules/relevance"
	"earshot/rules/text"
)

// mostContext is how many context terms a brand may have on each side.
const mostContext = 200

// contextTerm is a compiled term of a brand's context.
type contextTerm struct {
	rule  string
	query int // in the index
}

// context compiles the terms of one side, as queries of the brand's own.
func (c *compiler) context(path string, terms []string) []*earshot.Query {
	if len(terms) > mostContext {
		c.fail(path, fmt.Sprintf("%d terms are more than %d", len(terms), mostContext), "join those that mean the same by OR")
		return nil
	}
	var queries []*earshot.Query
	for i, t := range terms {
		queries = append(queries, c.query(fmt.Sprintf("%s[%d]", path, i), t))
	}
	return queries
}

// contextKey is how a context term is called while queries are linked, which no
// query can name, and where it is in the configuration.
type contextKey struct{ name, path string }

// eachContext yields the context terms of a brand, to be changed.
func (c *compiler) eachContext(brand int) iter.Seq2[contextKey, **earshot.Query] {
	return func(yield func(contextKey, **earshot.Query) bool) {
		for side, name := range [...]string{"for", "against"} {
			terms := c.contextQueries[brand][side]
			for j := range terms {
				key := contextKey{
					name: fmt.Sprintf("%s//%s/%d", c.config.Brands[brand].Name, name, j),
					path: fmt.Sprintf("brands[%d].context.%s[%d]", brand, name, j),
				}
				if !yield(key, &terms[j]) {
					return
				}
			}
		}
	}
}

// contexts tells every brand where its context terms are in the index, after the
// queries that are there already.
func (c *compiler) contexts(queries []*earshot.Query) []*earshot.Query {
	place := func(terms []string, parsed []*earshot.Query) (placed []contextTerm) {
		for i, q := range parsed {
			placed = append(placed, contextTerm{rule: relevance.ContextRule(terms[i]), query: len(c.brandQueries) + len(queries)})
			queries = append(queries, q)
		}
		return placed
	}
	for i := range c.brands {
		sides := c.contextQueries[i]
		config := &c.config.Brands[i].Context
		c.brands[i].speaksFor = place(config.For, sides[0])
		c.brands[i].against = place(config.Against, sides[1])
	}
	return queries
}

// threshold is the relevance that a mention must have.
func (c *compiler) threshold(path string, config *Brand) earshot.Score {
	switch t := config.Threshold; {
	case t < 0 || t > 1 || t != t:
		c.fail(path, "the threshold must be from 0 to 1", "relevance is; leave it out for the usual one")
	case t > 0:
		return earshot.ScoreOf(t)
	case config.Context.isSet():
		return relevance.Base
	}
	return 0
}

// relate says why the mention concerns the brand, and whether it does enough. What
// has no context is its name's alone, unless only its conversation belongs there.
func (w *worker) relate(b *Book, m *earshot.Mention, v *draft, n int) bool {
	brand := &b.brands[n]
	joined := slices.Contains(w.joined, int32(n))
	w.parts = w.parts[:0]
	switch {
	case brand.weighed:
		e := w.evidence(b, m, n)
		e.Joined = joined
		w.parts = relevance.Weigh(w.parts, e)
	case joined:
		w.parts = append(w.parts, relevance.Part{Rule: reasonConversation, Weight: relevance.Base})
	default:
		w.parts = relevance.Spread(w.parts, brand.reason, w.words, earshot.Unit)
	}
	w.parts, v.Relevance = relevance.Sum(w.parts, 0, earshot.Unit)
	w.parts, v.Relevance = brand.layer.Adjust(w.parts, adapt.Relevance, &w.post.Tokens, v.Relevance, 0, earshot.Unit)
	v.Reasons = relevance.Reasons(v.Reasons, earshot.OfRelevance, w.parts)
	return v.Relevance >= brand.threshold
}

// evidence gathers what speaks for an ambiguous name and against it.
func (w *worker) evidence(b *Book, m *earshot.Mention, n int) *relevance.Evidence {
	brand := &b.brands[n]
	e := &relevance.Evidence{
		Rule: brand.reason, Query: b.queries[brand.name].Text, Words: w.words,
		Conversation: slices.Contains(m.About, brand.name),
		For:          w.signs(b, brand.speaksFor), Against: w.signs(b, brand.against),
		Handle: brand.owned.handle(&w.post.Tokens), Addressed: brand.owned.isAmong(m.To),
		Linked: brand.owned.linked(m, &w.post.Tokens), Wrote: brand.owned.wrote(m),
		Brands: w.brands, Tokens: &w.post.Tokens, Fields: w.fields, Lang: w.lang,
	}
	if len(w.words) > 0 {
		e.Finds = b.index.Finds(&w.post, n)
	}
	return e
}

// signs are the context terms that are in the post.
func (w *worker) signs(b *Book, terms []contextTerm) (found []relevance.Sign) {
	for _, t := range terms {
		if b.index.Matches(&w.post, t.query) {
			found = append(found, relevance.Sign{Rule: t.rule, Words: b.index.Words(&w.post, t.query, nil)})
		}
	}
	return found
}

// handle is where one of the brand's handles is in the text, nil if nowhere.
func (o *owned) handle(tokens *text.Tokens) *match.Words {
	for i := range tokens.List {
		t := &tokens.List[i]
		if t.Kind == text.Handle && o.handles[string(tokens.Key(i))] {
			return &match.Words{Field: t.Field, Span: earshot.Span{int(t.From), int(t.To)}}
		}
	}
	return nil
}

// isAmong reports whether one of the handles is the brand's.
func (o *owned) isAmong(handles []string) bool {
	return slices.ContainsFunc(handles, func(h string) bool { return o.handles[handleKey(h)] })
}

// linked reports whether the mention links to one of the brand's domains.
func (o *owned) linked(m *earshot.Mention, tokens *text.Tokens) bool {
	if len(o.domains) == 0 {
		return false
	}
	for _, link := range m.Links[:min(len(m.Links), mostLinks)] {
		if o.has(text.Host(link)) {
			return true
		}
	}
	return slices.ContainsFunc(tokens.Hosts[:min(len(tokens.Hosts), mostLinks)], o.has)
}
