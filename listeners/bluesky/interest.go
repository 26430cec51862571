package bluesky

import (
	"strings"
	"unicode"

	"earshot"
)

// interest is a guess at what queries may find: it lets through more than they
// do, and few that they find are missed. It decides nothing but whose profile is
// worth asking for.
type interest struct {
	words    map[string]bool
	prefixes []string
	sites    []string
	all      bool // a query asks for something that is no word
}

func interestOf(queries []earshot.Query) *interest {
	i := &interest{words: map[string]bool{}}
	for _, q := range queries {
		i.add(&q.Root)
	}
	return i
}

func (i *interest) add(n *earshot.QueryNode) {
	switch n.Op {
	case earshot.QueryNot:
		return
	case earshot.QuerySite:
		i.sites = append(i.sites, n.Text)
		return
	case earshot.QueryAnd, earshot.QueryOr, earshot.QueryNear:
		for k := range n.Nodes {
			i.add(&n.Nodes[k])
		}
		return
	}
	words := split(n.Text)
	switch {
	case len(words) == 0:
		i.all = true
	case strings.ContainsAny(n.Text, "*?"):
		i.prefixes = append(i.prefixes, words[0])
	default:
		i.words[words[0]] = true
	}
}

// split returns the words of a text in lower case.
func split(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
}

// in reports whether a mention may be of interest.
func (i *interest) in(m *earshot.Mention) bool {
	if i.all {
		return true
	}
	for _, word := range split(m.Text) {
		if i.words[word] {
			return true
		}
		for _, prefix := range i.prefixes {
			if strings.HasPrefix(word, prefix) {
				return true
			}
		}
	}
	for _, link := range m.Links {
		for _, site := range i.sites {
			if strings.Contains(link, site) {
				return true
			}
		}
	}
	return false
}
