package query

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"earshot"
	"earshot/rules/guess"
)

// Link puts into every query what it names with query:. A query is known by the
// name of its brand, or by brand/topic; a topic may name another one of its brand
// without the brand. Queries that did not parse are nil, and so are those that
// cannot be linked; what is wrong with them is told by their names.
func Link(all map[string]*earshot.Query) (linked map[string]*earshot.Query, problems map[string]earshot.Problems) {
	l := linker{all: all, done: map[string]*earshot.Query{}, problems: map[string]earshot.Problems{}}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		l.link(name)
	}
	return l.done, l.problems
}

type linker struct {
	all, done map[string]*earshot.Query
	path      []string // queries that wait for the one that is being linked
	nodes     int      // of it
	problems  map[string]earshot.Problems
}

// link returns the query of that name, nil if something is wrong with it.
func (l *linker) link(name string) *earshot.Query {
	if q, ok := l.done[name]; ok {
		return q
	}
	q := l.all[name]
	if q == nil || !names(&q.Root) {
		l.done[name] = q
		return q
	}
	l.path = append(l.path, name)
	saved := l.nodes
	l.nodes = 0
	root, ok := l.expand(name, q.Root)
	l.nodes = saved
	l.path = l.path[:len(l.path)-1]
	if !ok {
		l.done[name] = nil
		return nil
	}
	l.done[name] = &earshot.Query{Text: q.Text, Root: root}
	return l.done[name]
}

// names reports whether the node names another query.
func names(n *earshot.QueryNode) bool {
	return n.Op == earshot.QueryNamed || slices.ContainsFunc(n.Nodes, func(c earshot.QueryNode) bool { return names(&c) })
}

func (l *linker) fail(in string, span earshot.Span, what, hint string) {
	l.problems[in] = append(l.problems[in], earshot.Problem{Offset: span[0], Length: span[1] - span[0], What: what, Hint: hint})
}

// expand returns the node with all that it names.
func (l *linker) expand(in string, n earshot.QueryNode) (earshot.QueryNode, bool) {
	if l.nodes++; l.nodes > MaxNodes {
		l.fail(in, n.Span, fmt.Sprintf("with the queries it names it has more than %d terms", MaxNodes), "name smaller ones")
		return n, false
	}
	if n.Op == earshot.QueryNamed {
		return l.named(in, n)
	}
	nodes := make([]earshot.QueryNode, len(n.Nodes))
	for i := range n.Nodes {
		var ok bool
		if nodes[i], ok = l.expand(in, n.Nodes[i]); !ok {
			return n, false
		}
		if n.Op == earshot.QueryNear && !isWords(&nodes[i]) {
			l.fail(in, n.Nodes[i].Span, "NEAR can only join words, phrases and OR-groups, and the query named here is none", "move this out of the NEAR")
			return n, false
		}
	}
	switch {
	case len(nodes) == 0:
		return n, true
	case n.Op == earshot.QueryAnd || n.Op == earshot.QueryOr:
		joined := join(n.Op, nodes)
		joined.Span = n.Span
		return joined, true
	}
	n.Nodes = nodes
	return n, true
}

func (l *linker) named(in string, n earshot.QueryNode) (earshot.QueryNode, bool) {
	name := n.Text
	if brand, _, _ := strings.Cut(in, "/"); in != "" {
		if _, own := l.all[brand+"/"+name]; own {
			name = brand + "/" + name
		}
	}
	switch _, known := l.all[name]; {
	case !known:
		l.fail(in, n.Span, "there is no query "+strconv.Quote(n.Text), l.suggest(n.Text))
		return n, false
	case slices.Contains(l.path, name):
		l.fail(in, n.Span, "the query names itself: "+strings.Join(append(l.path[slices.Index(l.path, name):], name), " → "), "take one of the names away")
		return n, false
	}
	q := l.link(name)
	if q == nil {
		return n, false
	}
	root, ok := l.moved(in, q.Root, n.Span)
	return root, ok
}

// moved returns a copy that stands where it is named.
func (l *linker) moved(in string, n earshot.QueryNode, span earshot.Span) (earshot.QueryNode, bool) {
	if l.nodes++; l.nodes > MaxNodes {
		l.fail(in, span, fmt.Sprintf("with the queries it names it has more than %d terms", MaxNodes), "name smaller ones")
		return n, false
	}
	n.Span = span
	nodes := make([]earshot.QueryNode, len(n.Nodes))
	for i := range n.Nodes {
		var ok bool
		if nodes[i], ok = l.moved(in, n.Nodes[i], span); !ok {
			return n, false
		}
	}
	if len(nodes) > 0 {
		n.Nodes = nodes
	}
	return n, true
}

func (l *linker) suggest(name string) string {
	known := slices.DeleteFunc(slices.Sorted(maps.Keys(l.all)), func(name string) bool { return name == "" }) // a query alone has none
	const few = 12
	if hint := guess.Hint(name, known); hint != "" {
		return hint
	}
	if len(known) > few || len(known) == 0 {
		return "name a brand, or a topic as brand/topic"
	}
	return "there is " + strings.Join(known, ", ")
}
