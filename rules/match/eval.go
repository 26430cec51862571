package match

import (
	"cmp"
	"slices"
	"sort"

	"earshot"
)

// interval is a run of places, both ends included, and the tokens it begins and
// ends with.
type interval struct {
	from, to    int32
	first, last int32
}

// eval reports whether a node matches the post.
func (p *Post) eval(n *node) bool {
	switch n.op {
	case earshot.QueryAnd:
		for i := range n.nodes {
			if !p.eval(&n.nodes[i]) {
				return false
			}
		}
		return true
	case earshot.QueryOr:
		for i := range n.nodes {
			if p.eval(&n.nodes[i]) {
				return true
			}
		}
		return false
	case earshot.QueryNot:
		return !p.eval(&n.nodes[0])
	case earshot.QueryNear:
		return p.near(n, nil)
	}
	if len(n.pattern) == 1 {
		return p.stamp[n.pattern[0].term] == p.now
	}
	return p.patternAt(n.pattern, nil)
}

// patternAt reports whether the elements stand in a row somewhere. With found, it
// goes on and calls it with every place.
func (p *Post) patternAt(pattern []element, found func(interval)) bool {
	rarest := 0
	for i := range pattern {
		if p.stamp[pattern[i].term] != p.now {
			return false
		}
		if p.count[pattern[i].term] < p.count[pattern[rarest].term] {
			rarest = i
		}
	}
	list, matches := p.Tokens.List, false
	for _, tok := range p.occurrences(pattern[rarest].term) {
		base := list[tok].Pos - pattern[rarest].offset
		first, last, ok := tok, tok, true
		for i := range pattern {
			at, here := tok, i == rarest
			if here {
				ok = !pattern[i].joined || list[tok].Joined
			} else {
				at, ok = p.tokenAt(pattern[i], base)
			}
			if !ok {
				break
			}
			first, last = min(first, at), max(last, at)
		}
		if !ok {
			continue
		}
		if matches = true; found == nil {
			return true
		}
		found(interval{from: list[first].Pos, to: list[last].Pos, first: first, last: last})
	}
	return matches
}

// tokenAt finds the element of a pattern that begins at place base.
func (p *Post) tokenAt(e element, base int32) (token int32, ok bool) {
	where, want := p.occurrences(e.term), base+e.offset
	list := p.Tokens.List
	i := sort.Search(len(where), func(i int) bool { return list[where[i]].Pos >= want })
	for ; i < len(where) && list[where[i]].Pos == want; i++ {
		if !e.joined || list[where[i]].Joined {
			return where[i], true
		}
	}
	return 0, false
}

// near reports whether the operands stand close to each other, in either order.
// With found, it calls it with every place of an operand that has a partner.
func (p *Post) near(n *node, found func(interval)) bool {
	p.left = p.intervals(p.left[:0], &n.nodes[0])
	p.right = p.intervals(p.right[:0], &n.nodes[1])
	matches := false
	for _, side := range [2][2][]interval{{p.left, p.right}, {p.right, p.left}} {
		for _, it := range side[0] {
			if !hasPartner(it, side[1], n.distance) {
				continue
			}
			if matches = true; found == nil {
				return true
			}
			found(it)
		}
	}
	return matches
}

// hasPartner reports whether one of the others, sorted by from, begins or ends
// within distance of it. Overlapping words are no partners.
func hasPartner(it interval, others []interval, distance int32) bool {
	after := sort.Search(len(others), func(i int) bool { return others[i].from > it.to })
	if after < len(others) && others[after].from-it.to <= distance {
		return true
	}
	for i := after - 1; i >= 0 && others[i].from >= it.from-distance-maxPattern; i-- {
		if gap := it.from - others[i].to; gap >= 1 && gap <= distance {
			return true
		}
	}
	return false
}

// maxPattern is at least the length of every phrase, in places.
const maxPattern = 128

// intervals appends the places of a word, a phrase or an OR of them, sorted.
func (p *Post) intervals(dst []interval, n *node) []interval {
	if n.op == earshot.QueryOr {
		for i := range n.nodes {
			dst = p.intervals(dst, &n.nodes[i])
		}
		slices.SortFunc(dst, func(a, b interval) int {
			return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
		})
		return slices.Compact(dst)
	}
	if len(n.pattern) > 1 {
		p.patternAt(n.pattern, func(it interval) { dst = append(dst, it) })
		return dst
	}
	for _, tok := range p.occurrences(n.pattern[0].term) {
		at := p.Tokens.List[tok].Pos
		dst = append(dst, interval{from: at, to: at, first: tok, last: tok})
	}
	return dst
}
