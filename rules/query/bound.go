package query

import "earshot"

// checkBound refuses a query that asks for nothing in particular.
func (p *parser) checkBound(root *earshot.QueryNode) bool {
	bad := unbound(root)
	if bad == nil {
		return true
	}
	hint := "say what to look for, and use NOT only to leave out some of it"
	if bad.Op != earshot.QueryNot && bad.Op != earshot.QueryAnd {
		hint = "say what to look for: join it to a word by AND"
	}
	p.fail(bad.Span, "this would match nearly everything", hint)
	return false
}

// unbound returns the part of the query that asks for nothing in particular, nil
// if there is none: a NOT, what half of all posts have, an AND of such, or an OR
// with such a branch.
func unbound(n *earshot.QueryNode) *earshot.QueryNode {
	switch n.Op {
	case earshot.QueryNot, earshot.QueryLang, earshot.QueryCountry, earshot.QueryIs, earshot.QueryBetween:
		return n
	case earshot.QueryAnd:
		for i := range n.Nodes {
			if unbound(&n.Nodes[i]) == nil {
				return nil
			}
		}
		return n
	case earshot.QueryOr:
		for i := range n.Nodes {
			if bad := unbound(&n.Nodes[i]); bad != nil {
				return bad
			}
		}
	}
	return nil
}
