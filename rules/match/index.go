// Package match runs many stored queries over one post at once. The post is cut
// into tokens once; each query is looked at only when the rarest thing it cannot
// do without is there. It does not read queries (rules/query) and does not judge.
package match

import (
	"cmp"
	"math"
	"slices"

	"earshot"
	"earshot/rules/text"
)

// Index holds compiled queries. It is immutable and safe for concurrent use,
// each user with a Post of its own.
type Index struct {
	dict     text.Dict
	sites    map[string]int32 // host to term
	queries  []node
	postings [][]int32 // by term: the searched queries that need it
}

// New compiles queries, which are known by their place in the slice. Search
// looks for the first searched of them; the others are only asked for by number.
func New(queries []*earshot.Query, searched int) *Index {
	x := &Index{sites: map[string]int32{}, queries: make([]node, len(queries))}
	for i, q := range queries {
		x.queries[i] = x.compile(&q.Root)
	}
	x.dict.Freeze()
	uses := make([]int, x.dict.Len())
	for i := range x.queries[:searched] {
		x.queries[i].visit(func(term int32) { uses[term]++ })
	}
	common := x.commonWords()
	x.postings = make([][]int32, x.dict.Len())
	for i := range x.queries[:searched] {
		terms, _ := x.queries[i].keys(func(term int32) float64 { return common[term] + math.Log1p(float64(uses[term])) })
		slices.Sort(terms)
		for _, term := range slices.Compact(terms) {
			x.postings[term] = append(x.postings[term], int32(i))
		}
	}
	return x
}

// node is a compiled operator or leaf. A leaf is a pattern of terms.
type node struct {
	op       earshot.QueryOp
	nodes    []node
	pattern  []element
	distance int32
}

type element struct {
	term   int32
	offset int32
	joined bool
	prefix bool
	length int // of its key
}

func (x *Index) compile(q *earshot.QueryNode) node {
	n := node{op: q.Op, distance: int32(q.Distance)}
	switch q.Op {
	case earshot.QueryAnd, earshot.QueryOr, earshot.QueryNot, earshot.QueryNear:
		n.nodes = make([]node, len(q.Nodes))
		for i := range q.Nodes {
			n.nodes[i] = x.compile(&q.Nodes[i])
		}
	case earshot.QuerySite:
		term := x.dict.Word("site:" + q.Text)
		x.sites[q.Text] = term
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
		term := x.dict.Word
		if e.Prefix {
			term = x.dict.Prefix
		}
		pattern[i] = element{term: term(e.Key), offset: e.Offset, joined: e.Joined, prefix: e.Prefix, length: e.Letters()}
	}
	return pattern
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

// commonWords weighs terms that most posts contain, so that no query waits for
// them if it has anything else.
func (x *Index) commonWords() []float64 {
	weights := make([]float64, x.dict.Len())
	var ids []int32
	for _, w := range everyday {
		ids = x.dict.Lookup(ids[:0], []byte(w))
		for _, id := range ids {
			weights[id] += 20
		}
	}
	return weights
}

// everyday are frequent words of the languages people listen to most.
var everyday = []string{
	"a", "the", "and", "to", "of", "i", "in", "is", "it", "you", "for", "on", "that", "my", "with", "this", "be", "was", "at",
	"have", "not", "are", "so", "me", "just", "but", "your", "all", "new", "from", "we", "up", "out", "what", "get", "by", "an", "has",
	"order", "service", "product", "app", "phone", "customer", "http", "https", "www", "com", "rt", "s", "t",
	"der", "die", "das", "und", "ist", "ich", "nicht", "ein", "eine", "zu", "den", "mit", "es", "auf", "fur", "von", "im", "sie",
	"de", "la", "le", "les", "et", "en", "un", "une", "que", "est", "des", "pas", "je", "du", "pour",
	"el", "los", "y", "no", "por", "con", "se", "una", "para", "lo", "las", "es", "mi", "como",
	"di", "e", "che", "il", "non", "per", "sono", "da", "o", "os", "do", "um", "uma", "com", "nao", "em",
	"het", "een", "van", "ik", "dat", "niet", "op", "te", "的", "是", "了", "不", "の", "に", "は", "て",
}
