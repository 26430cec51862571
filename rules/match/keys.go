package match

import (
	"cmp"
	"math"
	"slices"

	"earshot"
)

// How often a term may be expected in a post, if it is one of the lists, and if it
// is not: then the shorter, the more, and what several queries ask for is more
// than a name.
const (
	oftenEveryday = 0.3
	oftenFrequent = 0.03
	oftenOther    = 0.001

	// And how many times as often as oftenOther the rest is.
	timesPrefix   = 4
	timesProperty = 200 // of a language, a network, a kind
	timesLiteral  = 5
	usualLetters  = 6 // of a word; longer ones are rarer
)

// ranks are guesses of how often each term is in a post.
type ranks []float64

// rank guesses how common the terms of the searched queries are.
func (b *builder) rank(searched int) ranks {
	x := b.x
	uses := make([]int32, x.words.Len())
	for _, root := range x.roots[:searched] {
		x.visit(root, func(term int32) { uses[term]++ })
	}
	r := make(ranks, x.words.Len())
	for term := range r {
		r[term] = oftenOther * (1 + math.Log1p(float64(uses[term])))
		if term < len(b.times) && b.times[term] > 0 {
			r[term] *= float64(b.times[term])
		}
	}
	x.charge(r, frequent, oftenFrequent)
	x.charge(r, everyday, oftenEveryday)
	return r
}

// charge says how often words of a list are, by themselves and with accents.
func (x *Index) charge(r ranks, words []string, often float64) {
	var ids []int32
	for _, w := range words {
		ids = x.words.Lookup(ids[:0], []byte(w))
		for _, id := range ids {
			r[id] += often
			for _, c := range x.checks[id] {
				r[c.term] += often
			}
		}
	}
}

// visit calls f with every term of a node.
func (x *Index) visit(at int32, f func(term int32)) {
	n := &x.nodes[at]
	switch n.op {
	case opTerm:
		f(n.from)
	case opPattern:
		for i := range x.elements[n.from:n.to] {
			f(x.elements[n.from+int32(i)].term)
		}
	case opExact:
		e := x.exacts[n.from].elements
		for i := e[0]; i < e[1]; i++ {
			f(x.elements[i].term)
		}
	case opAnd, opOr, opNot, opNear:
		for i := n.from; i < n.to; i++ {
			x.visit(i, f)
		}
	}
}

// key is a term that a query may wait for, and others of which one must be there
// too.
type key struct {
	term  int32
	guard guard
}

// keys returns terms of which at least one is in every post that the node matches,
// and how often that may be.
func (x *Index) keys(at int32, r ranks, dst []key) (keys []key, often float64) {
	n := &x.nodes[at]
	switch n.op {
	case opTerm:
		return append(dst, key{term: n.from}), r[n.from]
	case opPattern:
		return x.rarest(n.from, n.to, r, dst)
	case opExact:
		e := x.exacts[n.from].elements
		return x.rarest(e[0], e[1], r, dst)
	case opOr:
		for i := n.from; i < n.to; i++ {
			var o float64
			dst, o = x.keys(i, r, dst)
			often += o
		}
		return dst, often
	case opAnd, opNear:
		return x.keysOfAll(n, r, dst)
	}
	return dst, math.Inf(1)
}

// keysOfAll takes the operand that is least often there, and guards it with the
// rarest word of another one.
func (x *Index) keysOfAll(n *node, r ranks, dst []key) (keys []key, often float64) {
	from, best := len(dst), int32(-1)
	often = math.Inf(1)
	for i := n.from; i < n.to; i++ {
		var o float64
		if dst, o = x.keys(i, r, dst[:from]); o < often {
			often, best = o, i
		}
	}
	if best < 0 {
		return dst[:from], often
	}
	dst, _ = x.keys(best, r, dst[:from])
	found, rarest := x.guardOf(n, best, r)
	for i := range dst[from:] {
		k := &dst[from+i]
		if found != (guard{}) && found[0] != k.term && (k.guard == guard{} || rarest < r.ofGuard(k.guard)) {
			k.guard = found
		}
	}
	return dst, often
}

// guardOf finds what is least often there of what the operands but one require: a
// word, or one of a few words.
func (x *Index) guardOf(n *node, except int32, r ranks) (found guard, rarest float64) {
	rarest = math.Inf(1)
	for i := n.from; i < n.to; i++ {
		if i == except {
			continue
		}
		x.required(i, func(g guard) {
			if often := r.ofGuard(g); often < rarest {
				found, rarest = g, often
			}
		})
	}
	return found, rarest
}

func (r ranks) ofGuard(g guard) (often float64) {
	for _, term := range g {
		if term != 0 {
			often += r[term]
		}
	}
	return often
}

// required calls f with terms of which one must be there for the node to match.
func (x *Index) required(at int32, f func(guard)) {
	switch n := &x.nodes[at]; n.op {
	case opTerm, opPattern, opExact:
		x.visit(at, func(term int32) { f(guard{term}) })
	case opAnd, opNear:
		for i := n.from; i < n.to; i++ {
			x.required(i, f)
		}
	case opOr:
		var g guard
		if int(n.to-n.from) > len(g) {
			return
		}
		for i := n.from; i < n.to; i++ {
			if x.nodes[i].op != opTerm {
				return
			}
			g[i-n.from] = x.nodes[i].from
		}
		f(g)
	}
}

// order puts what is rarely there first among the operands of an AND, so that the
// first one that is looked at says no, and what is often there among those of an
// OR. It returns how often the node may match.
func (x *Index) order(at int32, r ranks) (often float64) {
	n := &x.nodes[at]
	if n.op == opNot || n.op == opNear {
		for i := n.from; i < n.to; i++ {
			x.order(i, r)
		}
	}
	switch n.op {
	case opTerm:
		return r[n.from]
	case opAnd, opOr:
	default:
		_, often = x.keys(at, r, nil)
		return often
	}
	type operand struct {
		node  node
		span  [2]int32
		often float64
	}
	operands := make([]operand, 0, n.to-n.from)
	least, sum := math.Inf(1), 0.0
	for i := n.from; i < n.to; i++ {
		o := x.order(i, r)
		least, sum = min(least, o), sum+o
		operands = append(operands, operand{x.nodes[i], x.spans[i], o})
	}
	slices.SortStableFunc(operands, func(a, b operand) int {
		if n.op == opOr {
			return cmp.Compare(b.often, a.often)
		}
		return cmp.Or(cmp.Compare(a.node.op.effort(), b.node.op.effort()), cmp.Compare(a.often, b.often))
	})
	for i, o := range operands {
		x.nodes[n.from+int32(i)], x.spans[n.from+int32(i)] = o.node, o.span
	}
	if n.op == opOr {
		return sum
	}
	return least
}

// effort is how much an operator costs, roughly.
func (o op) effort() int {
	switch o {
	case opTerm, opBetween:
		return 0
	case opAnd, opOr, opNot:
		return 1
	case opRegex:
		return 3
	}
	return 2
}

// rarest takes the rarest element of a pattern, guarded by the next.
func (x *Index) rarest(from, to int32, r ranks, dst []key) (keys []key, often float64) {
	k, second := key{}, math.Inf(1)
	often = math.Inf(1)
	for _, e := range x.elements[from:to] {
		switch o := r[e.term]; {
		case o < often:
			k.guard[0], second = k.term, often
			k.term, often = e.term, o
		case o < second && e.term != k.term:
			k.guard[0], second = e.term, o
		}
	}
	return append(dst, k), often
}

// post makes the postings of the searched queries.
func (b *builder) post(searched int) {
	x, r := b.x, b.rank(searched)
	x.everyday = make([]earshot.Span, searched)
	type entry struct {
		term int32
		posting
	}
	var entries []entry
	var keys []key
	for _, root := range x.roots {
		x.order(root, r)
	}
	for q, root := range x.roots[:searched] {
		keys, _ = x.keys(root, r, keys[:0])
		slices.SortFunc(keys, func(a, b key) int { return int(a.term) - int(b.term) })
		keys = slices.Compact(keys)
		known := int32(q)
		if len(keys) == 1 {
			known = ^known
		}
		for _, k := range keys {
			entries = append(entries, entry{k.term, posting{known, k.guard}})
			if r[k.term] >= oftenEveryday {
				x.everyday[q] = x.find(root, k.term)
			}
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return int(a.term) - int(b.term) })
	x.heads = make([]int32, x.words.Len()+1)
	x.postings = make([]posting, len(entries))
	for i, e := range entries {
		x.postings[i] = e.posting
		x.heads[e.term+1]++
	}
	for term := range x.words.Len() {
		x.heads[term+1] += x.heads[term]
	}
}

// find returns where the node asks for the term as a word by itself.
func (x *Index) find(at, term int32) earshot.Span {
	n := &x.nodes[at]
	switch n.op {
	case opTerm:
		if n.from == term {
			return x.span(at)
		}
	case opAnd, opOr, opNot, opNear:
		for i := n.from; i < n.to; i++ {
			if found := x.find(i, term); found != (earshot.Span{}) {
				return found
			}
		}
	}
	return earshot.Span{}
}
