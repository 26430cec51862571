package match

import (
	"cmp"
	"slices"
	"sort"
)

// near reports whether one of the operands stands somewhere and all others begin
// within the distance after it. With found, it calls it with every place of an
// operand that has all its partners, and with theirs, until it has enough.
func (p *Post) near(x *Index, n *node, found func(interval) bool) bool {
	for i := n.from; i < n.to; i++ {
		if !p.eval(x, i) {
			return false
		}
	}
	operands := int(n.to - n.from)
	for len(p.sides) < operands {
		p.sides = append(p.sides, nil)
	}
	sides := p.sides[:operands]
	for i := range sides {
		if sides[i] = p.intervals(x, sides[i][:0], n.from+int32(i)); len(sides[i]) == 0 {
			return false
		}
	}
	firsts := operands
	if n.ordered {
		firsts = 1
	} else {
		// Who misses a partner misses a rare one.
		slices.SortFunc(sides, func(a, b []interval) int { return cmp.Compare(len(a), len(b)) })
	}
	matches := false
	for first := range firsts {
		if found != nil {
			p.told = append(p.told[:0], make([]told, operands)...)
		}
		for _, it := range sides[first] {
			if !hasPartners(sides, first, it, int32(n.distance)) {
				continue
			}
			if matches = true; found == nil {
				return true
			}
			if !found(it) {
				return true
			}
			for i := range sides {
				if i != first {
					p.told[i].partners(sides[i], it, int32(n.distance), found)
				}
			}
		}
	}
	return matches
}

// hasPartners reports whether all others begin within the distance after it.
func hasPartners(sides [][]interval, first int, it interval, distance int32) bool {
	for i, others := range sides {
		if i == first {
			continue
		}
		after := sort.Search(len(others), func(i int) bool { return others[i].from > it.to })
		if after == len(others) || others[after].from-it.to > distance {
			return false
		}
	}
	return true
}

// told are the partners that were found last, so that in a text of nothing but
// partners each is found once and not by all of its neighbours.
type told struct{ from, to int }

// partners calls found with those that begin within the distance after it.
func (t *told) partners(others []interval, it interval, distance int32, found func(interval) bool) {
	from := sort.Search(len(others), func(i int) bool { return others[i].from > it.to })
	to := from
	for to < len(others) && others[to].from-it.to <= distance {
		if t.from <= to && to < t.to {
			to = t.to
			continue
		}
		found(others[to])
		to++
	}
	if from <= t.to && t.from <= to {
		from, to = min(from, t.from), max(to, t.to)
	}
	t.from, t.to = from, to
}

// intervals appends the places of a word, a phrase or an OR of them, sorted.
func (p *Post) intervals(x *Index, dst []interval, at int32) []interval {
	n := &x.nodes[at]
	add := func(it interval) bool {
		dst = append(dst, it)
		return true
	}
	switch n.op {
	case opOr:
		for i := n.from; i < n.to; i++ {
			dst = p.intervals(x, dst, i)
		}
		slices.SortFunc(dst, func(a, b interval) int {
			return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
		})
		return slices.Compact(dst)
	case opTerm:
		for _, tok := range p.occurrences(n.from) {
			if tok >= 0 {
				pos := p.all.List[tok].Pos
				dst = append(dst, interval{from: pos, to: pos, first: tok, last: tok})
			}
		}
		return dst
	case opExact:
		p.exactAt(x, n, add)
	default:
		p.patternAt(x.elements[n.from:n.to], add)
	}
	slices.SortFunc(dst, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	return dst
}
