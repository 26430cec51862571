package mastodon

import (
	"slices"
	"testing"

	"earshot"
)

// The hashtags of a query are those under which what it asks for stands.
func TestTagsOfQueries(t *testing.T) {
	t.Parallel()
	leaf := func(op earshot.QueryOp, text string) earshot.QueryNode { return earshot.QueryNode{Op: op, Text: text} }
	join := func(op earshot.QueryOp, nodes ...earshot.QueryNode) earshot.QueryNode {
		return earshot.QueryNode{Op: op, Nodes: nodes}
	}
	word := func(text string) earshot.QueryNode { return leaf(earshot.QueryWord, text) }
	queries := []earshot.Query{
		{Root: join(earshot.QueryAnd,
			join(earshot.QueryOr, word("Acme"), leaf(earshot.QueryHashtag, "acme"), leaf(earshot.QueryPhrase, "Wobbly Bear"), leaf(earshot.QueryHandle, "acmecare"), word("injur*")),
			join(earshot.QueryNot, word("klein")),
		)},
		{Root: join(earshot.QueryAnd, join(earshot.QueryOr, word("toy"), word("bear")), word("Spielwaren"))},
		{Root: leaf(earshot.QuerySite, "acme.example")},
	}
	if got := tagsOf(queries); !slices.Equal(got, []string{"acme", "wobblybear", "spielwaren"}) {
		t.Errorf("%q", got)
	}
}
