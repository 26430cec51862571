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

// Words appends to dst where the query matched the post that was searched last, in
// order and without overlaps: the words and phrases of title and text that it asks
// for and are there. It is empty when only fields matched. Of a post that is full
// of them not all are told, at most some ten thousand.
func (x *Index) Words(p *Post, query int, dst []Words) []Words {
	from := len(dst)
	p.room = from + mostWords
	dst = p.collect(x, x.roots[query], dst)
	return sorted(dst, from)
}

// Merged puts words in order and drops those that overlap with one before.
func Merged(words []Words) []Words { return sorted(words, 0) }

// What several parts of a query find is dropped once it is many, and who finds
// the most finds no more.
const (
	manyWords = 1 << 12
	mostWords = 4 * manyWords
)

// once puts words in order and drops what is there twice.
func once(dst []Words, from int) []Words {
	order(dst[from:])
	return dst[:from+len(slices.Compact(dst[from:]))]
}

func order(words []Words) {
	slices.SortFunc(words, func(a, b Words) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Span[0], b.Span[0]), cmp.Compare(b.Span[1], a.Span[1]))
	})
}

// sorted puts words in order and drops what overlaps.
func sorted(dst []Words, from int) []Words {
	order(dst[from:])
	kept := dst[:from]
	for _, w := range dst[from:] {
		if n := len(kept); n > from && kept[n-1].Field == w.Field && w.Span[0] < kept[n-1].Span[1] {
			continue
		}
		kept = append(kept, w)
	}
	return kept
}

// collect appends the places of the leaves that made a node match.
func (p *Post) collect(x *Index, at int32, dst []Words) []Words {
	if len(dst) >= p.room {
		return dst
	}
	n := &x.nodes[at]
	add := func(it interval) bool {
		first, last := &p.all.List[it.first], &p.all.List[it.last]
		if first.Field <= text.Body {
			dst = append(dst, Words{Field: first.Field, Span: earshot.Span{int(first.From), int(max(first.To, last.To))}})
		}
		return len(dst) < p.room
	}
	switch n.op {
	case opNot, opBetween:
	case opAnd:
		for i := n.from; i < n.to; i++ {
			dst = p.collect(x, i, dst)
		}
	case opOr:
		from, most := len(dst), manyWords
		for i := n.from; i < n.to; i++ {
			if p.eval(x, i) {
				dst = p.collect(x, i, dst)
			}
			if len(dst)-from > most {
				dst = once(dst, from)
				most = 2*(len(dst)-from) + manyWords
			}
		}
	case opNear:
		p.near(x, n, add)
	case opExact:
		p.exactAt(x, n, add)
	case opRegex:
		p.regexAt(x, n, func(field text.Field, span earshot.Span) { dst = append(dst, Words{field, span}) })
	case opTerm:
		for _, tok := range p.occurrences(n.from) {
			if tok >= 0 && !add(interval{first: tok, last: tok}) {
				break
			}
		}
	default:
		p.patternAt(x.elements[n.from:n.to], add)
	}
	return dst
}

// Find is a term of a query that is in a post, and where in title and text; fields
// are found nowhere there.
type Find struct {
	Span  earshot.Span // in the query's text
	Words []Words
}

// Finds lists the terms of a query that are in the post that was searched last,
// whether it matches or not, but for those that it leaves out, in the query's order.
func (x *Index) Finds(p *Post, query int) []Find {
	finds := p.finds(x, x.roots[query], nil)
	slices.SortStableFunc(finds, func(a, b Find) int { return cmp.Compare(a.Span[0], b.Span[0]) })
	return finds
}

func (p *Post) finds(x *Index, at int32, dst []Find) []Find {
	n := &x.nodes[at]
	switch whole := x.isWhole(at); {
	case n.op == opNot, n.op == opNear && !p.eval(x, at):
		return dst
	case (n.op == opAnd || n.op == opOr) && !whole:
		for i := n.from; i < n.to; i++ {
			dst = p.finds(x, i, dst)
		}
		return dst
	}
	if p.eval(x, at) {
		p.room = mostWords
		dst = append(dst, Find{Span: x.span(at), Words: sorted(p.collect(x, at, nil), 0)})
	}
	return dst
}

// isWhole reports whether the operands of a node are no parts of the query's text:
// they are of another query, or of one term.
func (x *Index) isWhole(at int32) bool {
	n := &x.nodes[at]
	return (n.op == opAnd || n.op == opOr) && x.spans[at] == x.spans[n.from] && x.spans[at] == x.spans[n.to-1]
}

// Gap is a part of a query that keeps it from matching a post.
type Gap struct {
	Span    earshot.Span // in the query's text
	Present bool         // it is there and must not be; else it is missing
}

// Gaps tells why a query does not match the post that was searched last: the least
// parts of it that would have to be otherwise, in its order; none if it matches.
func (x *Index) Gaps(p *Post, query int) []Gap {
	gaps := p.gaps(x, x.roots[query], nil)
	slices.SortStableFunc(gaps, func(a, b Gap) int { return cmp.Compare(a.Span[0], b.Span[0]) })
	return gaps
}

func (p *Post) gaps(x *Index, at int32, dst []Gap) []Gap {
	if p.eval(x, at) {
		return dst
	}
	n := &x.nodes[at]
	switch n.op {
	case opAnd:
		if x.isWhole(at) {
			break
		}
		for i := n.from; i < n.to; i++ {
			dst = p.gaps(x, i, dst)
		}
		return dst
	case opNot:
		return append(dst, Gap{Span: x.span(n.from), Present: true})
	}
	return append(dst, Gap{Span: x.span(at)})
}
