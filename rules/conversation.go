package rules

import (
	"slices"

	"earshot"
	"earshot/rules/relevance"
)

// A mention may concern a brand that it does not name, since it answers, repeats
// or comments on one that does. The relevance of such a mention is half of that of
// one whose words say so, for the reason of this name.
const reasonConversation = relevance.RuleConversation

// exclusions adds to the queries those that keep a mention out of a brand though
// its conversation belongs there, and tells each brand where its own is.
func (c *compiler) exclusions(queries []*earshot.Query) []*earshot.Query {
	for i := range c.brands {
		q := c.brandQueries[i]
		if q == nil {
			continue
		}
		if root := exclusion(&q.Root); root != nil {
			c.brands[i].excluded = len(c.brandQueries) + len(queries)
			queries = append(queries, &earshot.Query{Text: q.Text, Root: *root})
		}
	}
	return queries
}

// exclusion is what a query rules out whatever else is said: what stands behind
// its NOTs. What only one side of an OR rules out the other may let in. It is nil
// when nothing is ruled out.
func exclusion(n *earshot.QueryNode) *earshot.QueryNode {
	switch n.Op {
	case earshot.QueryNot:
		return &n.Nodes[0]
	case earshot.QueryAnd:
		var one []earshot.QueryNode
		for i := range n.Nodes {
			if e := exclusion(&n.Nodes[i]); e != nil {
				one = append(one, *e)
			}
		}
		return over(one, earshot.QueryOr, n.Span)
	case earshot.QueryOr:
		var all []earshot.QueryNode
		for i := range n.Nodes {
			e := exclusion(&n.Nodes[i])
			if e == nil {
				return nil
			}
			all = append(all, *e)
		}
		return over(all, earshot.QueryAnd, n.Span)
	}
	return nil
}

// over puts an operator over nodes, in normal form.
func over(nodes []earshot.QueryNode, op earshot.QueryOp, span earshot.Span) *earshot.QueryNode {
	var flat []earshot.QueryNode
	for _, n := range nodes {
		if n.Op == op {
			flat = append(flat, n.Nodes...)
		} else {
			flat = append(flat, n)
		}
	}
	switch len(flat) {
	case 0:
		return nil
	case 1:
		return &flat[0]
	}
	return &earshot.QueryNode{Op: op, Nodes: flat, Span: span}
}

// join adds to the brands that a mention names those whose conversation it belongs
// to, but for those whose queries rule it out.
func (w *worker) join(b *Book, m *earshot.Mention, named []int32) []int32 {
	w.named, w.joined, w.brands = named, w.joined[:0], len(named)
	if len(m.About) == 0 {
		return named
	}
	all := slices.Clone(named)
	for i := range b.brands {
		brand, n := &b.brands[i], int32(i)
		if !slices.Contains(m.About, brand.name) || slices.Contains(named, n) || brand.excluded > 0 && b.index.Matches(&w.post, brand.excluded) {
			continue
		}
		w.joined, all = append(w.joined, n), append(all, n)
	}
	w.brands = len(all)
	slices.Sort(all)
	return all
}

// read finds the words that name the brand, none in a mention that only belongs to
// its conversation.
func (w *worker) read(b *Book, n int) {
	w.words = w.words[:0]
	if !slices.Contains(w.joined, int32(n)) {
		w.words = b.index.Words(&w.post, n, w.words)
	}
}
