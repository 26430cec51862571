// Package match runs many stored queries over one post at once. The post is cut
// into tokens once; each query is looked at only when the rarest thing it cannot
// do without is there. It does not read queries (rules/query) and does not judge.
package match

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"earshot"
	"earshot/rules/text"
)

// Index holds compiled queries. It is immutable and safe for concurrent use,
// each user with a Post of its own.
type Index struct {
	dict          text.Dict
	sites         map[string]int32   // host to term
	international bool               // a site has letters beyond ASCII
	accents       map[int32][]accent // by term: what its spellings with accents are
	queries       []node
	postings      [][]int32      // by term: the searched queries that need it
	everyday      []earshot.Span // by searched query: see Everyday
}

// New compiles queries, which are known by their place in the slice. Search
// looks for the first searched of them; the others are only asked for by number.
func New(queries []*earshot.Query, searched int) *Index {
	x := &Index{
		sites: map[string]int32{}, accents: map[int32][]accent{},
		queries: make([]node, len(queries)), everyday: make([]earshot.Span, searched),
	}
	for i, q := range queries {
		x.queries[i] = x.compile(&q.Root)
	}
	x.dict.Freeze()
	costs := x.costs(searched)
	x.postings = make([][]int32, x.dict.Len())
	for i := range x.queries[:searched] {
		terms, _ := x.queries[i].keys(func(term int32) float64 { return costs[term] })
		slices.Sort(terms)
		for _, term := range slices.Compact(terms) {
			x.postings[term] = append(x.postings[term], int32(i))
			if costs[term] >= costEveryday {
				x.everyday[i] = x.queries[i].find(term)
			}
		}
	}
	return x
}

// Everyday tells where a searched query rests on a word that nearly every post
// has, so that it is evaluated for nearly every post.
func (x *Index) Everyday(query int) (at earshot.Span, ok bool) {
	at = x.everyday[query]
	return at, at != earshot.Span{}
}

// node is a compiled operator or leaf. A leaf is a pattern of terms.
type node struct {
	op       earshot.QueryOp
	nodes    []node
	pattern  []element
	distance int32
	span     earshot.Span // of a leaf, in the query's text
}

type element struct {
	term   int32
	offset int32
	joined bool
	prefix bool
	length int // of its key
}

func (x *Index) compile(q *earshot.QueryNode) node {
	n := node{op: q.Op, distance: int32(q.Distance), span: q.Span}
	switch q.Op {
	case earshot.QueryAnd, earshot.QueryOr, earshot.QueryNot, earshot.QueryNear:
		n.nodes = make([]node, len(q.Nodes))
		for i := range q.Nodes {
			n.nodes[i] = x.compile(&q.Nodes[i])
		}
	case earshot.QuerySite:
		term := x.dict.Word("site:" + q.Text)
		x.sites[q.Text] = term
		x.international = x.international || strings.Contains(q.Text, "xn--")
		n.pattern = []element{{term: term, length: len(q.Text)}}
	case earshot.QueryHashtag:
		n.pattern = x.pattern("#" + q.Text)
	case earshot.QueryHandle:
		n.pattern = x.pattern("@" + q.Text)
	default:
		n.pattern = x.pattern(q.Text)
	}
	return n
}

func (x *Index) pattern(s string) []element {
	found := text.Pattern(s)
	pattern := make([]element, len(found))
	for i, e := range found {
		pattern[i] = element{term: x.term(e), offset: e.Offset, joined: e.Joined, prefix: e.Prefix, length: e.Letters()}
	}
	return pattern
}

// term numbers what an element asks for.
func (x *Index) term(e text.Element) int32 {
	number := x.dict.Word
	if e.Prefix {
		number = x.dict.Prefix
	}
	plain := number(e.Key)
	if e.Exact == "" {
		return plain
	}
	for _, a := range x.accents[plain] {
		if a.exact == e.Exact {
			return a.term
		}
	}
	mark := "=" // no key begins with it
	if e.Prefix {
		mark = "=*"
	}
	term := x.dict.Word(mark + e.Exact)
	x.accents[plain] = append(x.accents[plain], accent{exact: e.Exact, prefix: e.Prefix, term: term})
	return term
}

// find returns where the query asks for the term as a word by itself.
func (n *node) find(term int32) earshot.Span {
	if len(n.pattern) == 1 && n.pattern[0].term == term {
		return n.span
	}
	for i := range n.nodes {
		if at := n.nodes[i].find(term); at != (earshot.Span{}) {
			return at
		}
	}
	return earshot.Span{}
}

// visit calls f with every term of the query.
func (n *node) visit(f func(term int32)) {
	for i := range n.pattern {
		f(n.pattern[i].term)
	}
	for i := range n.nodes {
		n.nodes[i].visit(f)
	}
}

// keys returns terms of which at least one is in every post that matches, and
// how often that may be. cost tells how common a term is.
func (n *node) keys(cost func(int32) float64) (terms []int32, total float64) {
	switch n.op {
	case earshot.QueryNot:
		return nil, math.Inf(1)
	case earshot.QueryAnd, earshot.QueryNear:
		total = math.Inf(1)
		for i := range n.nodes {
			if t, c := n.nodes[i].keys(cost); c < total {
				terms, total = t, c
			}
		}
	case earshot.QueryOr:
		for i := range n.nodes {
			t, c := n.nodes[i].keys(cost)
			terms, total = append(terms, t...), total+c
		}
	default:
		rarest := slices.MinFunc(n.pattern, func(a, b element) int { return cmp.Compare(a.cost(cost), b.cost(cost)) })
		return []int32{rarest.term}, rarest.cost(cost)
	}
	return terms, total
}

// cost guesses how often the element occurs: short words and prefixes often.
func (e *element) cost(of func(int32) float64) float64 {
	c := of(e.term) + 8/float64(e.length)
	if e.prefix {
		c += 2
	}
	return c
}
