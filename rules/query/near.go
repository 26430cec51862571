package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot"
)

// maxJoined is how many things ~n joins.
const maxJoined = 20

// nearby reads an operand, or two joined by NEAR.
func (p *parser) nearby() (earshot.QueryNode, bool) {
	left, ok := p.operand()
	if !ok || p.item.kind != near {
		return left, ok
	}
	operator := p.item
	if !p.advance() {
		return left, false
	}
	right, ok := p.operand()
	if !ok {
		return right, false
	}
	nodes := []earshot.QueryNode{left, right}
	for i := range nodes {
		if !isWords(&nodes[i]) {
			p.fail(nodes[i].Span, "NEAR can only join words, phrases and OR-groups", "move this out of the NEAR")
			return left, false
		}
	}
	span := earshot.Span{left.Span[0], right.Span[1]}
	return earshot.QueryNode{
		Op: earshot.QueryNear, Distance: operator.words, Ordered: operator.ordered, Nodes: nodes, Span: span,
	}, p.count(span)
}

// close makes a near of (first AND second)~5.
func (p *parser) close(n earshot.QueryNode, sign item) (earshot.QueryNode, bool) {
	tilde := earshot.Span{sign.span[0] + 1, sign.span[1]}
	if n.Op != earshot.QueryAnd {
		p.fail(tilde, "~ needs at least two things joined by AND before it", "write (first AND second)~5")
		return n, false
	}
	for i := range n.Nodes {
		if !isWords(&n.Nodes[i]) {
			p.fail(n.Nodes[i].Span, "~ can only join words, phrases and OR-groups", "move this out of the parentheses")
			return n, false
		}
	}
	span := earshot.Span{n.Span[0], sign.span[1]}
	return p.near(n.Nodes, sign.words, span, tilde)
}

// loose makes a near of "first second"~5: the words of a phrase are operands.
func (p *parser) loose(it item) (earshot.QueryNode, bool) {
	inside := it.span[0] + strings.Index(p.s[it.span[0]:it.span[1]], it.text)
	var nodes []earshot.QueryNode
	for at := 0; at < len(it.text); {
		r, size := utf8.DecodeRuneInString(it.text[at:])
		if unicode.IsSpace(r) {
			at += size
			continue
		}
		n := strings.IndexFunc(it.text[at:], unicode.IsSpace)
		if n < 0 {
			n = len(it.text) - at
		}
		single := item{kind: word, text: it.text[at : at+n], span: earshot.Span{inside + at, inside + at + n}}
		node, ok := p.words(single)
		if !ok || !p.count(single.span) {
			return node, false
		}
		nodes = append(nodes, node)
		at += n
	}
	tilde := earshot.Span{it.span[0] + strings.LastIndexByte(p.s[it.span[0]:it.span[1]], '~'), it.span[1]}
	if len(nodes) < 2 {
		p.fail(tilde, "~ needs at least two words in the phrase before it", `write "first second"~5`)
		return earshot.QueryNode{}, false
	}
	return p.near(nodes, it.words, it.span, tilde)
}

func (p *parser) near(nodes []earshot.QueryNode, distance int, span, tilde earshot.Span) (n earshot.QueryNode, ok bool) {
	if len(nodes) > maxJoined {
		p.fail(tilde, fmt.Sprintf("~ joins at most %d things", maxJoined), "a few of them will do")
		return n, false
	}
	if distance < len(nodes)-1 {
		p.warn(tilde, fmt.Sprintf("%d words cannot stand within %d of each other", len(nodes), distance), fmt.Sprintf("write ~%d or more", len(nodes)-1))
	}
	return earshot.QueryNode{Op: earshot.QueryNear, Distance: distance, Nodes: nodes, Span: span}, p.count(span)
}

// isWords reports whether NEAR can measure distances to n. A query that is named
// may turn out to be no words: Link looks again.
func isWords(n *earshot.QueryNode) bool {
	switch n.Op {
	case earshot.QueryWord, earshot.QueryPhrase, earshot.QueryHashtag, earshot.QueryHandle, earshot.QueryCashtag, earshot.QueryNamed:
		return true
	case earshot.QueryOr:
		for i := range n.Nodes {
			if !isWords(&n.Nodes[i]) {
				return false
			}
		}
		return true
	}
	return false
}
