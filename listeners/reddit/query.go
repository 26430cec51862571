package reddit

import (
	"strings"

	"earshot"
)

// longestSearch is how many characters Reddit takes.
const longestSearch = 512

// compile writes a brand's query as searches that together find all it asks for,
// as far as Reddit can: what Reddit cannot say is left out of an AND, so that more
// is found and the book decides. A query that would find anything gives none.
func compile(q earshot.Query) []string {
	var searches []string
	for _, one := range alternatives(q.Root) {
		text, _, ok := write(one)
		if !ok || len(text) > longestSearch {
			continue
		}
		last := len(searches) - 1
		if last >= 0 && len(searches[last])+len(" OR ")+len(text) <= longestSearch {
			searches[last] += " OR " + text
			continue
		}
		searches = append(searches, text)
	}
	return searches
}

func alternatives(n earshot.QueryNode) []earshot.QueryNode {
	if n.Op == earshot.QueryOr {
		return n.Nodes
	}
	return []earshot.QueryNode{n}
}

// write returns what finds at least all that n does, in parentheses where needed,
// and whether it finds no more than that; ok is false when Reddit has no words for it.
func write(n earshot.QueryNode) (text string, exact, ok bool) {
	switch n.Op {
	case earshot.QueryWord, earshot.QueryHashtag, earshot.QueryHandle:
		// Reddit knows neither signs nor beginnings of words.
		if strings.ContainsAny(n.Text, `*?"():`) || n.Text == "" {
			return "", false, false
		}
		return `"` + n.Text + `"`, n.Op == earshot.QueryWord, true
	case earshot.QueryPhrase:
		if strings.ContainsAny(n.Text, `*?"`) {
			return "", false, false
		}
		return `"` + n.Text + `"`, true, true
	case earshot.QueryOr:
		return writeOr(n.Nodes)
	case earshot.QueryAnd, earshot.QueryNear:
		text, exact, ok = writeAnd(n.Nodes)
		return text, exact && n.Op == earshot.QueryAnd, ok
	}
	return "", false, false
}

func writeOr(nodes []earshot.QueryNode) (text string, exact, ok bool) {
	var all []string
	exact = true
	for _, n := range nodes {
		one, same, ok := write(n)
		if !ok {
			return "", false, false
		}
		all, exact = append(all, one), exact && same
	}
	return "(" + strings.Join(all, " OR ") + ")", exact, true
}

func writeAnd(nodes []earshot.QueryNode) (text string, exact, ok bool) {
	var all, not []string
	exact = true
	for _, n := range nodes {
		if n.Op == earshot.QueryNot {
			// Only what is said exactly may be left out of what is found.
			one, same, ok := write(n.Nodes[0])
			if exact = exact && ok && same; ok && same {
				not = append(not, "NOT "+one)
			}
			continue
		}
		one, same, ok := write(n)
		if exact = exact && ok && same; ok {
			all = append(all, one)
		}
	}
	if len(all) == 0 {
		return "", false, false
	}
	return "(" + strings.Join(append(all, not...), " AND ") + ")", exact, true
}
