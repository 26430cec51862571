package query

import (
	"fmt"
	"strconv"

	"earshot"
	"earshot/rules/text"
)

// advise warns of what costs much or changes nothing.
func (p *parser) advise(n *earshot.QueryNode) {
	switch n.Op {
	case earshot.QueryOr:
		p.adviseRepeated(n, "found twice: OR joins it with itself")
		p.adviseCovered(n)
	case earshot.QueryAnd:
		p.adviseRepeated(n, "asked for twice: AND joins it with itself")
		p.adviseImpossible(n)
	case earshot.QueryNetwork:
		p.warn(n.Span, "this asks for every post of "+n.Text+" where it stands by itself", "join it to a word by AND unless you mean that")
		return
	}
	bound := n.Op == earshot.QueryAnd
	for i := range n.Nodes {
		if c := &n.Nodes[i]; c.Op == earshot.QueryNot || bound && c.Op == earshot.QueryNetwork {
			if len(c.Nodes) > 0 {
				p.adviseInside(&c.Nodes[0])
			}
			continue
		}
		p.advise(&n.Nodes[i])
	}
}

// adviseInside looks at what is left out, where a network by itself costs nothing.
func (p *parser) adviseInside(n *earshot.QueryNode) {
	if n.Op != earshot.QueryNetwork {
		p.advise(n)
	}
}

// adviseRepeated warns of operands that stand there twice.
func (p *parser) adviseRepeated(n *earshot.QueryNode, what string) {
	seen := make(map[string]bool, len(n.Nodes))
	for i := range n.Nodes {
		form := written(&n.Nodes[i])
		if seen[form] {
			p.warn(n.Nodes[i].Span, form+" is "+what, "take one of them away")
		}
		seen[form] = true
	}
}

// adviseCovered warns of phrases one of whose words is looked for anyway.
func (p *parser) adviseCovered(n *earshot.QueryNode) {
	words := map[string]bool{}
	for i := range n.Nodes {
		if c := &n.Nodes[i]; c.Op == earshot.QueryWord && isPlain(c) {
			if elements := text.Wild(c.Text); len(elements) == 1 && !elements[0].Prefix && elements[0].Holes == 0 && elements[0].Exact == "" {
				words[elements[0].Key] = true
			}
		}
	}
	if len(words) == 0 {
		return
	}
	for i := range n.Nodes {
		c := &n.Nodes[i]
		if c.Op != earshot.QueryPhrase || !isPlain(c) {
			continue
		}
		for _, e := range text.Wild(c.Text) {
			if words[e.Key] && !e.Prefix {
				p.warn(c.Span, fmt.Sprintf("whatever has this is found by %s already", e.Key), "take it away, or take "+strconv.Quote(e.Key)+" away if the phrase is meant")
				break
			}
		}
	}
}

// adviseImpossible warns of an AND that leaves out what it asks for.
func (p *parser) adviseImpossible(n *earshot.QueryNode) {
	asked := make(map[string]bool, len(n.Nodes))
	for i := range n.Nodes {
		asked[written(&n.Nodes[i])] = true
	}
	for i := range n.Nodes {
		c := &n.Nodes[i]
		if c.Op == earshot.QueryNot && asked[written(&c.Nodes[0])] {
			p.warn(c.Span, "this can never match: "+written(&c.Nodes[0])+" is asked for and left out", "take one of them away")
		}
	}
}

// isPlain reports whether a leaf is looked for everywhere, as it is.
func isPlain(n *earshot.QueryNode) bool {
	return !n.Exact && !n.Title && !n.Evade && !n.Camel && !n.Compound
}

func written(n *earshot.QueryNode) string { return (&earshot.Query{Root: *n}).String() }
