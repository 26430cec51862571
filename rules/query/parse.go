// Package query reads the language in which people say what to listen for and
// turns it into earshot.Query. It finds what is wrong, where, and what to write
// instead. It does not match: that is in rules/match. The language is described
// in docs/query.md.
package query

import (
	"fmt"

	"earshot"
)

// Limits of a query. They keep hostile input cheap.
const (
	MaxBytes = 64 << 10
	MaxDepth = 100    // parentheses and NOTs within each other
	MaxNodes = 10_000 // terms and operators
)

// Parse reads a query. The query is nil when the problems are fatal; offsets
// are bytes of s. A query that names others is to be linked before it can match.
func Parse(s string) (*earshot.Query, earshot.Problems) {
	p := &parser{lexer: lexer{s: s}}
	if len(s) > MaxBytes {
		p.fail(earshot.Span{MaxBytes, len(s)}, fmt.Sprintf("the query is longer than %d KiB", MaxBytes>>10), "split it into several topics or brands")
		return nil, p.problems
	}
	root, ok := p.whole()
	if !ok || !p.checkBound(&root) {
		return nil, p.problems
	}
	p.advise(&root)
	return &earshot.Query{Text: s, Root: root}, p.problems
}

// parser is a recursive descent over the items. Every method that returns false
// has noted the problem.
type parser struct {
	lexer
	item   item  // not yet consumed
	inside scope // the fields around it

	depth int
	nodes int
}

func (p *parser) advance() bool {
	var ok bool

	p.item, ok = p.next()
	return ok
}

func (p *parser) whole() (root earshot.QueryNode, ok bool) {
	if !p.advance() {
		return root, false
	}
	if p.item.kind == end {
		p.fail(earshot.Span{0, len(p.s)}, "the query is empty", "write at least one word to look for")
		return root, false
	}
	if root, ok = p.any(); !ok {
		return root, false
	}
	if p.item.kind != end {
		p.fail(p.item.span, "there is no open parenthesis to close here", "take it away, or add a ( before")
		return root, false
	}
	return root, true
}

// any reads operands joined by OR.
func (p *parser) any() (earshot.QueryNode, bool) {
	first, joined, ok := p.all()
	if !ok {
		return first, false
	}
	nodes := []earshot.QueryNode{first}
	mixed := joined
	for p.item.kind == or {
		if !p.advance() {
			return first, false
		}
		n, joined, ok := p.all()
		if !ok {
			return n, false
		}
		nodes, mixed = append(nodes, n), mixed || joined
	}
	if mixed && len(nodes) > 1 {
		i := 0
		for nodes[i].Op != earshot.QueryAnd {
			i++
		}
		p.warn(nodes[i].Span, "AND, NOT and a space bind tighter than OR", "put parentheses around what belongs together")
	}
	return join(earshot.QueryOr, nodes), true
}

// all reads operands joined by AND or by nothing; joined says that there were
// several.
func (p *parser) all() (node earshot.QueryNode, joined, ok bool) {
	var nodes []earshot.QueryNode
	for {
		n, ok := p.negation()
		if !ok {
			return n, false, false
		}
		nodes = append(nodes, n)
		if p.item.kind == and {
			if !p.advance() {
				return n, false, false
			}
			continue
		}
		if k := p.item.kind; k == end || k == closing || k == or {
			break
		}
		if p.item.kind == near {
			p.fail(p.item.span, "NEAR joins two operands only", "write (a NEAR/5 b) AND (b NEAR/5 c)")
			return n, false, false
		}
	}
	return join(earshot.QueryAnd, nodes), len(nodes) > 1, true
}

// negation reads NOT before a NEAR or a single operand, and - before a single
// operand.
func (p *parser) negation() (earshot.QueryNode, bool) {
	sign := p.item
	if sign.kind != not && sign.kind != minus {
		return p.nearby()
	}
	if !p.enter(sign.span) || !p.advance() {
		return earshot.QueryNode{}, false
	}
	read := p.negation
	if sign.kind == minus {
		read = p.operand
	}
	n, ok := read()
	p.depth--
	if !ok {
		return n, false
	}
	span := earshot.Span{sign.span[0], n.Span[1]}
	if n.Op == earshot.QueryNot {
		n = n.Nodes[0]
		n.Span = span
		return n, true
	}
	return earshot.QueryNode{Op: earshot.QueryNot, Nodes: []earshot.QueryNode{n}, Span: span}, p.count(span)
}

// operand reads a leaf or a group, with the field that stands before it.
func (p *parser) operand() (earshot.QueryNode, bool) {
	it := p.item
	switch it.kind {
	case word, phrase, exact, regex:
		n, ok := p.leaf(it)
		return n, ok && p.count(it.span) && p.advance()
	case field:
		return p.fielded()
	case opening:
		return p.group()
	case minus:
		return p.negation()
	}
	what := map[kind]string{
		end: "something is missing at the end", closing: "something is missing before this )",
		and: "something is missing before AND", or: "something is missing before OR",
		near: "something is missing before NEAR", not: "NOT cannot stand here",
	}[it.kind]
	p.fail(it.span, what, "an operator needs a term or a group in parentheses on each side")
	return earshot.QueryNode{}, false
}

func (p *parser) group() (earshot.QueryNode, bool) {
	open := p.item
	if !p.enter(open.span) || !p.advance() {
		return earshot.QueryNode{}, false
	}
	if p.item.kind == closing {
		p.fail(earshot.Span{open.span[0], p.item.span[1]}, "these parentheses are empty", "take them away")
		return earshot.QueryNode{}, false
	}
	n, ok := p.any()
	if !ok {
		return n, false
	}
	if p.item.kind != closing {
		p.fail(open.span, "this parenthesis is never closed", "add a )")
		return n, false
	}
	n.Span = earshot.Span{open.span[0], p.item.span[1]}
	if p.item.words > 0 {
		if n, ok = p.close(n, p.item); !ok {
			return n, false
		}
	}
	p.depth--
	return n, p.advance()
}

func (p *parser) enter(span earshot.Span) bool {
	p.depth++
	if p.depth > MaxDepth {
		p.fail(span, fmt.Sprintf("groups and NOTs are nested more than %d deep", MaxDepth), "")
		return false
	}
	return true
}

func (p *parser) count(span earshot.Span) bool {
	p.nodes++
	if p.nodes > MaxNodes {
		p.fail(span, fmt.Sprintf("the query has more than %d terms", MaxNodes), "split it into several topics or brands")
		return false
	}
	return true
}

// join makes one node of operands that are in normal form themselves.
func join(op earshot.QueryOp, nodes []earshot.QueryNode) earshot.QueryNode {
	if len(nodes) == 1 {
		return nodes[0]
	}
	span := earshot.Span{nodes[0].Span[0], nodes[len(nodes)-1].Span[1]}
	flat := make([]earshot.QueryNode, 0, len(nodes))
	for _, n := range nodes {
		if n.Op == op {
			flat = append(flat, n.Nodes...)
		} else {
			flat = append(flat, n)
		}
	}
	return earshot.QueryNode{Op: op, Nodes: flat, Span: span}
}
