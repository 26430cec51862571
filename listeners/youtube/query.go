package youtube

import (
	"strings"

	"earshot"
)

// compile writes a brand's query as searches that together find what it asks for,
// as far as YouTube can: it knows words, phrases in quotes, | and -. Searches are
// few, so that an alternative is left out when YouTube has no words for it.
func compile(q earshot.Query) []string {
	nodes := []earshot.QueryNode{q.Root}
	if q.Root.Op == earshot.QueryOr {
		nodes = q.Root.Nodes
	}
	var searches []string
	for _, n := range nodes {
		text, ok := write(n)
		if !ok || len(text) > longestQuery {
			continue
		}
		last := len(searches) - 1
		if last >= 0 && len(searches[last])+1+len(text) <= longestQuery {
			searches[last] += "|" + text
			continue
		}
		searches = append(searches, text)
	}
	return searches
}

// write returns what finds at least all that n does. YouTube cannot group, so that
// of an AND only the first operand without an OR is asked for, with all others
// that are simple.
func write(n earshot.QueryNode) (string, bool) {
	switch n.Op {
	case earshot.QueryWord, earshot.QueryHashtag, earshot.QueryHandle, earshot.QueryPhrase:
		if n.Text == "" || strings.ContainsAny(n.Text, `*"|?`) {
			return "", false
		}
		return `"` + n.Text + `"`, true
	case earshot.QueryAnd, earshot.QueryNear:
		var all []string
		for _, operand := range n.Nodes {
			if operand.Op == earshot.QueryOr || operand.Op == earshot.QueryNot {
				continue
			}
			if text, ok := write(operand); ok {
				all = append(all, text)
			}
		}
		return strings.Join(all, " "), len(all) > 0
	}
	return "", false
}
