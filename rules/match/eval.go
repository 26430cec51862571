package match

import (
	"sort"
	"strings"

	"earshot"
	"earshot/rules/text"
)

// interval is a run of places, both ends included, and the tokens it begins and
// ends with.
type interval struct {
	from, to    int32
	first, last int32
}

// eval reports whether a node matches the post.
func (p *Post) eval(x *Index, at int32) bool {
	n := &x.nodes[at]
	switch n.op {
	case opTerm:
		return p.has(n.from)
	case opAnd:
		for i := n.from; i < n.to; i++ {
			if !p.eval(x, i) {
				return false
			}
		}
		return true
	case opOr:
		for i := n.from; i < n.to; i++ {
			if p.eval(x, i) {
				return true
			}
		}
		return false
	case opNot:
		return !p.eval(x, n.from)
	case opBetween:
		r := &x.ranges[n.from]
		v := p.numbers[r.number]
		return v != unknown && r.of.Contains(v)
	case opNear:
		return p.near(x, n, nil)
	case opExact:
		return p.exactAt(x, n, nil)
	case opRegex:
		return p.regexAt(x, n, nil)
	}
	return p.patternAt(x.elements[n.from:n.to], nil)
}

// patternAt reports whether the elements stand in a row somewhere. With found, it
// goes on as long as found returns true, and says whether there was any.
func (p *Post) patternAt(pattern []element, found func(interval) bool) bool {
	rarest := 0
	for i := range pattern {
		if !p.has(pattern[i].term) {
			return false
		}
		if p.count(pattern[i].term) < p.count(pattern[rarest].term) {
			rarest = i
		}
	}
	list, matches := p.all.List, false
	for _, tok := range p.occurrences(pattern[rarest].term) {
		if tok < 0 {
			continue
		}
		base := list[tok].Pos - int32(pattern[rarest].offset)
		first, last, ok := tok, tok, true
		for i := range pattern {
			at := tok
			if i == rarest {
				ok = !pattern[i].joined || list[tok].Joined
			} else {
				at, ok = p.tokenAt(&pattern[i], base)
			}
			if !ok {
				break
			}
			if before(&list[at], &list[first]) {
				first = at
			}
			if before(&list[last], &list[at]) {
				last = at
			}
		}
		if !ok {
			continue
		}
		if found == nil {
			return true
		}
		matches = true
		if !found(interval{from: list[first].Pos, to: list[last].Pos, first: first, last: last}) {
			return true
		}
	}
	return matches
}

// before reports whether a token of a field begins before another one.
func before(a, b *text.Token) bool {
	return a.Pos < b.Pos || a.Pos == b.Pos && a.From < b.From
}

func (p *Post) count(term int32) int32 {
	if !p.placed {
		p.place()
	}
	return p.seen[p.terms[term].at].count
}

// tokenAt finds the element of a pattern that begins at place base.
func (p *Post) tokenAt(e *element, base int32) (token int32, ok bool) {
	where, want := p.occurrences(e.term), base+int32(e.offset)
	list := p.all.List
	i := sort.Search(len(where), func(i int) bool { return list[where[i]].Pos >= want })
	for ; i < len(where) && list[where[i]].Pos == want; i++ {
		if !e.joined || list[where[i]].Joined {
			return where[i], true
		}
	}
	return 0, false
}

// exactAt reports whether the pattern stands somewhere spelled as it must be. With
// found, it goes on and calls it with every place.
func (p *Post) exactAt(x *Index, n *node, found func(interval) bool) bool {
	e := &x.exacts[n.from]
	matches := false
	p.patternAt(x.elements[e.elements[0]:e.elements[1]], func(it interval) bool {
		if !p.isExact(e, it) {
			return true
		}
		matches = true
		return found != nil && found(it)
	})
	return matches
}

func (p *Post) isExact(e *exact, it interval) bool {
	first, last := &p.all.List[it.first], &p.all.List[it.last]
	if first.Field > text.Body || last.To < first.From {
		return false
	}
	s := p.fields[first.Field]
	to := max(first.To, last.To)
	p.spelled = text.AppendExact(p.spelled[:0], s[first.From:to])
	return string(p.spelled) == string(e.body) && strings.HasSuffix(s[:first.From], e.lead) && strings.HasPrefix(s[to:], e.tail)
}

// regexAt reports whether the expression matches the title or the text. With found,
// it calls it with the first places.
func (p *Post) regexAt(x *Index, n *node, found func(field text.Field, span earshot.Span)) bool {
	e := &x.regexes[n.from]
	matches := false
	for field, s := range p.fields {
		if field > 0 && e.title {
			break
		}
		s = s[:min(len(s), maxSearched)]
		if found == nil {
			matches = matches || s != "" && e.regex.MatchString(s)
			continue
		}
		for _, at := range e.regex.FindAllStringIndex(s, maxFound) {
			if matches = true; at[0] < at[1] {
				found(text.Field(field), earshot.Span{at[0], at[1]})
			}
		}
	}
	return matches
}

// Limits of what regular expressions are tried on, so that none takes long.
const (
	maxSearched = 64 << 10 // bytes of title and of text
	maxFound    = 16       // places that are told
)
