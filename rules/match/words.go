package match

import (
	"cmp"
	"slices"

	"earshot"
	"earshot/rules/text"
)

// Words are where a query found what it looks for.
type Words struct {
	Field text.Field
	Span  earshot.Span
}

// Words appends to dst where the query matched the post, in order and without
// overlaps: the words and phrases that it asks for and are there. It is empty
// when only a site matched.
func (x *Index) Words(p *Post, query int, dst []Words) []Words {
	if !p.placed {
		p.place()
	}
	p.collect(&x.queries[query], func(it interval) {
		first, last := &p.Tokens.List[it.first], &p.Tokens.List[it.last]
		dst = append(dst, Words{Field: first.Field, Span: earshot.Span{int(first.From), int(last.To)}})
	})
	slices.SortFunc(dst, func(a, b Words) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Span[0], b.Span[0]), cmp.Compare(b.Span[1], a.Span[1]))
	})
	kept := dst[:0]
	for _, w := range dst {
		if n := len(kept); n > 0 && kept[n-1].Field == w.Field && w.Span[0] < kept[n-1].Span[1] {
			continue
		}
		kept = append(kept, w)
	}
	return kept
}

// collect finds the places of the leaves that made a node match.
func (p *Post) collect(n *node, found func(interval)) {
	switch n.op {
	case earshot.QueryNot, earshot.QuerySite:
		return
	case earshot.QueryAnd:
		for i := range n.nodes {
			p.collect(&n.nodes[i], found)
		}
	case earshot.QueryOr:
		for i := range n.nodes {
			if p.eval(&n.nodes[i]) {
				p.collect(&n.nodes[i], found)
			}
		}
	case earshot.QueryNear:
		p.near(n, found)
	default:
		if len(n.pattern) > 1 {
			p.patternAt(n.pattern, found)
			return
		}
		for _, tok := range p.occurrences(n.pattern[0].term) {
			found(interval{first: tok, last: tok})
		}
	}
}
