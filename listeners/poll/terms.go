package poll

import (
	"slices"
	"strings"

	"earshot"
)

// termsOf is what a network must be searched for so that everything the queries
// ask for is found: each post that a query matches holds at least one of its
// terms. incomplete is true when that cannot be had.
func termsOf(queries []earshot.Query, phrases string) (terms []string, incomplete bool) {
	for _, q := range queries {
		found := anchor(&q.Root, phrases)
		incomplete = incomplete || !found.whole
		for _, term := range found.terms {
			if !slices.ContainsFunc(terms, func(known string) bool { return strings.EqualFold(known, term) }) {
				terms = append(terms, term)
			}
		}
	}
	return terms, incomplete
}

// anchors are terms of which every match holds one; whole is false when some
// matches hold none.
type anchors struct {
	terms []string
	whole bool
}

func anchor(n *earshot.QueryNode, phrases string) anchors {
	switch n.Op {
	case earshot.QueryOr:
		all := anchors{whole: true}
		for i := range n.Nodes {
			one := anchor(&n.Nodes[i], phrases)
			all.terms, all.whole = append(all.terms, one.terms...), all.whole && one.whole
		}
		return all
	case earshot.QueryAnd, earshot.QueryNear:
		var best anchors
		for i := range n.Nodes {
			if one := anchor(&n.Nodes[i], phrases); one.better(best) {
				best = one
			}
		}
		return best
	case earshot.QueryPhrase:
		return phrase(n.Text, phrases)
	case earshot.QueryWord, earshot.QueryHashtag, earshot.QueryHandle, earshot.QueryCashtag, earshot.QuerySite:
		return word(n.Text)
	}
	return anchors{} // not a text that could be searched for
}

// better prefers what finds everything, by fewer requests, with longer words.
func (a anchors) better(b anchors) bool {
	switch {
	case len(b.terms) == 0:
		return len(a.terms) > 0
	case a.whole != b.whole:
		return a.whole
	case len(a.terms) != len(b.terms):
		return len(a.terms) < len(b.terms) && len(a.terms) > 0
	}
	return len(strings.Join(a.terms, "")) > len(strings.Join(b.terms, ""))
}

// word is searched for by its beginning where it has wildcards, as far as the
// network goes along with that.
func word(text string) anchors {
	beginning, _, wild := strings.Cut(text, "*")
	beginning, _, one := strings.Cut(beginning, "?")
	if beginning == "" {
		return anchors{}
	}
	return anchors{terms: []string{beginning}, whole: !wild && !one}
}

func phrase(text, phrases string) anchors {
	text = strings.ReplaceAll(text, `"`, " ")
	if strings.ContainsAny(text, "*?") {
		longest := anchors{}
		for w := range strings.FieldsSeq(text) {
			if one := word(w); one.better(longest) {
				longest = one
			}
		}
		return longest
	}
	if phrases == quoted {
		text = `"` + text + `"`
	}
	return anchors{terms: []string{text}, whole: true}
}
