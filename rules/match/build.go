package match

import (
	"regexp"
	"slices"
	"strings"

	"earshot"
	"earshot/rules/text"
)

// builder makes an Index. Term 0 is no term.
type builder struct {
	x       *Index
	refined map[refined]int32
	times   []float32 // by term: how many times as often as others it is; 0 for 1
}

// say notes how often a term is.
func (b *builder) say(term int32, times float64) {
	for int(term) >= len(b.times) {
		b.times = append(b.times, 0)
	}
	b.times[term] = float32(times)
}

// usual is how often a word is by its length.
func usual(e *text.Element) float64 {
	times := usualLetters / float64(e.Letters())
	if e.Prefix {
		times *= timesPrefix
	}
	return times
}

// refined is a word that more is asked of.
type refined struct {
	word   int32
	places places
	exact  string
	loose  uint8
}

// The ways in which a word may also be there.
const (
	disguised = 1 << iota
	inside
	inTags
)

func newBuilder() *builder {
	b := &builder{x: &Index{checks: map[int32][]check{}}, refined: map[refined]int32{}}
	b.x.words.Number() // 0
	return b
}

func (b *builder) add(q *earshot.Query) {
	b.x.roots = append(b.x.roots, b.block(1))
	b.compile(b.x.roots[len(b.x.roots)-1], &q.Root)
}

// block makes room for nodes that stand next to each other.
func (b *builder) block(n int) int32 {
	at := len(b.x.nodes)
	b.x.nodes = append(b.x.nodes, make([]node, n)...)
	b.x.spans = append(b.x.spans, make([][2]int32, n)...)
	return int32(at)
}

// ops are the operators of queries.
var ops = map[earshot.QueryOp]op{
	earshot.QueryAnd: opAnd, earshot.QueryOr: opOr, earshot.QueryNot: opNot, earshot.QueryNear: opNear,
}

// compile fills node at.
func (b *builder) compile(at int32, q *earshot.QueryNode) {
	b.x.spans[at] = [2]int32{int32(q.Span[0]), int32(q.Span[1])}
	if len(q.Nodes) == 0 {
		b.leaf(at, q)
		return
	}
	n := node{op: ops[q.Op], distance: int16(q.Distance), ordered: q.Ordered}
	n.from = b.block(len(q.Nodes))
	n.to = n.from + int32(len(q.Nodes))
	for i := range q.Nodes {
		b.compile(n.from+int32(i), &q.Nodes[i])
	}
	if len(q.Nodes) > 2 {
		n.to = b.distinct(n)
	}
	b.x.nodes[at] = n
}

// distinct drops operands that are there already, which would cost time for
// nothing. Of a near, two of a kind mean something.
func (b *builder) distinct(n node) (to int32) {
	seen := make(map[node]int, n.to-n.from)
	most := 1
	if n.op == opNear {
		most = 2
	}
	to = n.from
	for i := n.from; i < n.to; i++ {
		operand := b.x.nodes[i]
		if operand.op == opPattern {
			operand = b.sameElements(operand)
		}
		if seen[operand]++; seen[operand] > most {
			continue
		}
		b.x.nodes[to], b.x.spans[to] = b.x.nodes[i], b.x.spans[i]
		to++
	}
	return to
}

// sameElements returns a node that is equal for equal patterns of few words.
func (b *builder) sameElements(n node) node {
	const words = 3
	elements := b.x.elements[n.from:n.to]
	if len(elements) > words {
		return n
	}
	key := node{op: opPattern, distance: int16(len(elements))}
	for i, e := range elements {
		switch i {
		case 0:
			key.from = e.term
		case 1:
			key.to = e.term
			key.ordered = e.joined
		default:
			return n
		}
	}
	return key
}

func (b *builder) leaf(at int32, q *earshot.QueryNode) {
	x := b.x
	switch q.Op {
	case earshot.QueryRegex:
		b.regex(at, q)
	case earshot.QueryBetween:
		x.nodes[at] = node{op: opBetween, from: int32(len(x.ranges))}
		x.ranges = append(x.ranges, between{number: slices.Index(numberNames[:], q.Text), of: q.Range})
	case earshot.QueryURL:
		x.wants |= wantAddress | wantLinks
		x.nodes[at] = b.pattern(text.Literal(q.Text), inAddress|inLink|inTextLink, 0)
	case earshot.QueryLinks:
		x.wants |= wantLinks
		x.nodes[at] = b.pattern(text.Literal(q.Text), inLink|inTextLink, 0)
	case earshot.QueryWord, earshot.QueryPhrase, earshot.QueryHashtag, earshot.QueryHandle, earshot.QueryCashtag:
		b.said(at, q)
	default:
		x.nodes[at] = node{op: opTerm, from: b.virtual(q)}
	}
}

// said compiles what is compared with title and text.
func (b *builder) said(at int32, q *earshot.QueryNode) {
	s := map[earshot.QueryOp]string{earshot.QueryHashtag: "#", earshot.QueryHandle: "@", earshot.QueryCashtag: "$"}[q.Op] + q.Text
	where := anywhere
	if q.Title {
		where = inTitle
	}
	loose := uint8(0)
	if q.Evade {
		loose |= disguised
	}
	if q.Compound {
		loose |= inside
	}
	var elements []text.Element
	var plain node
	if q.Exact {
		elements = text.Literal(s)
		plain = b.exact(s, elements, where)
	} else {
		elements = text.Wild(s)
		plain = b.pattern(elements, where, loose)
	}
	if !q.Camel {
		b.x.nodes[at] = plain
		return
	}
	from := b.block(2)
	b.x.spans[from], b.x.spans[from+1] = b.x.spans[at], b.x.spans[at]
	b.x.nodes[from], b.x.nodes[from+1] = plain, b.camel(elements, where, q.Exact, s)
	b.x.nodes[at] = node{op: opOr, from: from, to: from + 2}
}

// camel compiles a word or the words of a phrase as part of a tag.
func (b *builder) camel(elements []text.Element, where places, isExact bool, s string) node {
	var key strings.Builder
	last := elements[len(elements)-1]
	for _, e := range elements {
		key.WriteString(e.Key)
	}
	e := text.Element{Key: key.String(), Prefix: last.Prefix, Holes: last.Holes}
	if len(elements) == 1 {
		e.Exact = last.Exact
	}
	term := b.derived(&b.x.camels, &e, where, inTags)
	if !isExact {
		return node{op: opTerm, from: term}
	}
	n := b.row([]element{{term: term}})
	n.op, n.distance = opExact, 0
	return b.spelled(n, exact{body: text.AppendExact(nil, s)})
}

// derived returns the term of an element in a layer of its own.
func (b *builder) derived(l *layer, e *text.Element, where places, loose uint8) int32 {
	id := intern(&l.dict, e)
	key := refined{word: -1 - id, places: where, exact: e.Exact, loose: loose}
	if term, ok := b.refined[key]; ok {
		return term
	}
	term := b.x.words.Number()
	b.refined[key] = term
	l.add(id, check{term: term, places: where, exact: e.Exact, prefix: e.Prefix})
	return term
}

// row makes a node of elements.
func (b *builder) row(elements []element) node {
	from := int32(len(b.x.elements))
	b.x.elements = append(b.x.elements, elements...)
	return node{op: opPattern, from: from, to: int32(len(b.x.elements))}
}

func (b *builder) pattern(found []text.Element, where places, loose uint8) node {
	if len(found) == 1 {
		return node{op: opTerm, from: b.term(&found[0], where, loose)}
	}
	elements := make([]element, len(found))
	for i := range found {
		e := &found[i]
		elements[i] = element{term: b.term(e, where, loose), offset: int16(e.Offset), joined: e.Joined}
	}
	return b.row(elements)
}

// exact compiles what has to be spelled as s. The spelling is compared last.
func (b *builder) exact(s string, found []text.Element, where places) node {
	elements := make([]element, len(found))
	for i := range found {
		e := found[i]
		e.Exact = ""
		elements[i] = element{term: b.term(&e, where, 0), offset: int16(e.Offset), joined: e.Joined}
	}
	n := b.row(elements)
	from, to := found[0].From, found[len(found)-1].To
	return b.spelled(n, exact{lead: s[:from], tail: s[to:], body: text.AppendExact(nil, s[from:to])})
}

func (b *builder) spelled(n node, e exact) node {
	e.elements = [2]int32{n.from, n.to}
	b.x.exacts = append(b.x.exacts, e)
	return node{op: opExact, from: int32(len(b.x.exacts) - 1)}
}

// term numbers what an element asks for: a word by itself, or one of which more is
// asked, which has a term of its own.
func (b *builder) term(e *text.Element, where places, loose uint8) int32 {
	x := b.x
	word := intern(&x.words, e)
	b.say(word, usual(e))
	if len([]rune(e.Key)) < text.MinDisguised {
		loose &^= disguised
	}
	if where == anywhere && e.Exact == "" && loose == 0 {
		return word
	}
	key := refined{word: word, places: where, exact: e.Exact, loose: loose}
	if term, ok := b.refined[key]; ok {
		return term
	}
	term := x.words.Number()
	b.refined[key] = term
	b.say(term, usual(e))
	c := check{term: term, places: where, exact: e.Exact, prefix: e.Prefix}
	x.checks[word] = append(x.checks[word], c)
	c.exact = ""
	if loose&disguised != 0 {
		skeleton := *e
		skeleton.Key = string(text.AppendSkeleton(nil, e.Key))
		x.skeletons.add(intern(&x.skeletons.dict, &skeleton), c)
	}
	if loose&inside != 0 {
		x.insides.add(x.insides.dict.Prefix(e.Key), c)
	}
	return term
}

// intern numbers the key of an element.
func intern(d *text.Dict, e *text.Element) int32 {
	switch {
	case e.Holes > 0:
		return d.Holed(e.Key, e.Prefix)
	case e.Prefix:
		return d.Prefix(e.Key)
	}
	return d.Word(e.Key)
}

// regex compiles a regular expression to an AND of its literals and itself.
func (b *builder) regex(at int32, q *earshot.QueryNode) {
	x := b.x
	// The parser has compiled it: these cannot fail.
	regex := regexp.MustCompile("(?i:" + q.Text + ")")
	literals := requiredBy(q.Text)
	from := b.block(2)
	x.spans[from], x.spans[from+1] = x.spans[at], x.spans[at]
	b.x.nodes[at] = node{op: opAnd, from: from, to: from + 2}
	x.nodes[from+1] = node{op: opRegex, from: int32(len(x.regexes))}
	x.regexes = append(x.regexes, expression{regex: regex, title: q.Title})
	either := b.block(len(literals))
	for i, literal := range literals {
		id := x.literals.dict.Prefix(literal)
		key := refined{word: id, exact: "/" + literal}
		term, ok := b.refined[key]
		if !ok {
			term = x.words.Number()
			b.refined[key] = term
			b.say(term, timesLiteral)
			x.literals.add(id, check{term: term})
		}
		x.nodes[either+int32(i)] = node{op: opTerm, from: term}
	}
	x.nodes[from] = node{op: opOr, from: either, to: either + int32(len(literals))}
}
