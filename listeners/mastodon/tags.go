package mastodon

import (
	"slices"
	"strings"

	"earshot"
)

// mostTags is how many hashtags are taken from the brands: each is a timeline to
// be asked for.
const mostTags = 20

// tagsOf are the hashtags under which posts stand that queries ask for: those that
// they name, and those that their words would make. They find less than the
// queries: what has no hashtag is in no such timeline.
func tagsOf(queries []earshot.Query) []string {
	var all []string
	for _, q := range queries {
		for _, tag := range tagsOfNode(&q.Root) {
			if !slices.Contains(all, tag) && len(all) < mostTags {
				all = append(all, tag)
			}
		}
	}
	return all
}

func tagsOfNode(n *earshot.QueryNode) []string {
	switch n.Op {
	case earshot.QueryHashtag, earshot.QueryWord, earshot.QueryPhrase:
		if tag := tagOf(n.Text); tag != "" {
			return []string{tag}
		}
	case earshot.QueryOr:
		var all []string
		for i := range n.Nodes {
			all = append(all, tagsOfNode(&n.Nodes[i])...)
		}
		return all
	case earshot.QueryAnd, earshot.QueryNear:
		// What all of them must be in is in the one with the fewest tags.
		var fewest []string
		for i := range n.Nodes {
			if tags := tagsOfNode(&n.Nodes[i]); len(tags) > 0 && (fewest == nil || len(tags) < len(fewest)) {
				fewest = tags
			}
		}
		return fewest
	}
	return nil
}

// tagOf is the hashtag that words make, "" if they cannot: people leave spaces out.
func tagOf(words string) string {
	tag := plainTag(strings.Join(strings.Fields(words), ""))
	if len([]rune(tag)) < 2 || strings.ContainsFunc(tag, noTag) {
		return ""
	}
	return tag
}
