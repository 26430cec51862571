package match_test

import (
	"bytes"
	"strings"

	"earshot"
	"earshot/rules/text"
)

// naive evaluates a query in the most obvious way: no index, every pair of words
// compared. It is what the matcher must agree with.
type naive struct {
	tokens text.Tokens
	hosts  []string
	fields [2]string
}

func newNaive(m *earshot.Mention) *naive {
	n := &naive{fields: [2]string{m.Title, m.Text}}
	if m.Title != "" {
		n.tokens.Add(text.Title, m.Title)
	}
	n.tokens.Add(text.Body, m.Text)
	n.hosts = append(n.hosts, text.Host(m.URL))
	for _, link := range m.Links {
		n.hosts = append(n.hosts, text.Host(link))
	}
	n.hosts = append(n.hosts, n.tokens.Hosts...)
	return n
}

func (n *naive) eval(q *earshot.QueryNode) bool {
	switch q.Op {
	case earshot.QueryAnd:
		for i := range q.Nodes {
			if !n.eval(&q.Nodes[i]) {
				return false
			}
		}
		return true
	case earshot.QueryOr:
		for i := range q.Nodes {
			if n.eval(&q.Nodes[i]) {
				return true
			}
		}
		return false
	case earshot.QueryNot:
		return !n.eval(&q.Nodes[0])
	case earshot.QueryNear:
		for _, a := range n.places(&q.Nodes[0]) {
			for _, b := range n.places(&q.Nodes[1]) {
				if near(a, b, q.Distance) || near(b, a, q.Distance) {
					return true
				}
			}
		}
		return false
	case earshot.QuerySite:
		for _, host := range n.hosts {
			if host == q.Text || strings.HasSuffix(host, "."+q.Text) {
				return true
			}
		}
		return false
	}
	return len(n.places(q)) > 0
}

func near(a, b [2]int32, distance int) bool {
	gap := int(b[0] - a[1])
	return gap >= 1 && gap <= distance
}

// places returns the first and last place of everything the leaf, or the OR of
// leaves, finds.
func (n *naive) places(q *earshot.QueryNode) (all [][2]int32) {
	s := q.Text
	switch q.Op {
	case earshot.QueryOr:
		for i := range q.Nodes {
			all = append(all, n.places(&q.Nodes[i])...)
		}
		return all
	case earshot.QueryHashtag:
		s = "#" + s
	case earshot.QueryHandle:
		s = "@" + s
	}
	pattern := text.Pattern(s)
	for i := range n.tokens.List {
		base := n.tokens.List[i].Pos
		if n.isAt(i, pattern[0]) && n.follows(pattern[1:], base) {
			all = append(all, [2]int32{base, base + pattern[len(pattern)-1].Offset})
		}
	}
	return all
}

func (n *naive) follows(pattern []text.Element, base int32) bool {
	for _, e := range pattern {
		found := false
		for i := range n.tokens.List {
			found = found || n.tokens.List[i].Pos == base+e.Offset && n.isAt(i, e)
		}
		if !found {
			return false
		}
	}
	return true
}

func (n *naive) isAt(i int, e text.Element) bool {
	if e.Joined && !n.tokens.List[i].Joined {
		return false
	}
	key, want := n.tokens.Key(i), e.Key
	if e.Exact != "" {
		tok := &n.tokens.List[i]
		key, _ = text.AppendSpelled(nil, n.fields[tok.Field][tok.From:tok.To])
		want = e.Exact
	}
	if e.Prefix {
		return bytes.HasPrefix(key, []byte(want))
	}
	return string(key) == want
}
