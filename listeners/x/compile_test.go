package x

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/listeners/x/xtest"
)

// node makes trees short to write: n("and", n("word:acme"), …).
func n(op string, nodes ...earshot.QueryNode) earshot.QueryNode {
	kind, text, _ := strings.Cut(op, ":")
	return earshot.QueryNode{Op: earshot.QueryOp(kind), Text: text, Nodes: nodes}
}

func queryOf(root earshot.QueryNode) earshot.Query {
	return earshot.Query{Text: "the query", Root: root}
}

// What X has words for is asked for in them; what it has none for is left out so
// that more is found.
func TestCompile(t *testing.T) {
	t.Parallel()
	exact := n("word:LEGO")
	exact.Exact = true
	titled := n("word:acme")
	titled.Title = true
	for want, root := range map[string]earshot.QueryNode{
		`acme`:                                 n("word:acme"),
		`"at&t"`:                               n("word:at&t"),
		`"or"`:                                 n("word:or"),
		`乐高`:                                   n("word:乐高"),
		`😡`:                                    n("word:😡"),
		`"caught fire"`:                        n("phrase:caught fire"),
		`#acme OR @acmecare`:                   n("or", n("hashtag:acme"), n("handle:acmecare")),
		`$ACME`:                                n("cashtag:ACME"),
		`"acme@social.example"`:                n("handle:acme@social.example"),
		`url:"acme.example"`:                   n("site:acme.example"),
		`(acme castle)`:                        n("and", n("word:acme"), n("word:castle")),
		`(acme -klein)`:                        n("and", n("word:acme"), n("not", n("word:klein"))),
		`(acme -"acme klein" -#klein -@klein)`: n("and", n("word:acme"), n("not", n("or", n("phrase:acme klein"), n("hashtag:klein"), n("handle:klein")))),
		`(acme (bridge OR castle))`:            n("and", n("word:acme"), n("or", n("word:bridge"), n("word:castle"))),
		`(recall product)`:                     n("near", n("word:recall"), n("word:product")),
		`acme OR (bolt nut)`:                   n("or", n("word:acme"), n("and", n("word:bolt"), n("word:nut"))),
		// Left out, for want of words.
		`bolt`:   n("and", n("word:bolt"), n("word:injur*"), n("lang:de"), n("between"), n("regex:a+"), n("is:reply")),
		`castle`: n("and", n("word:castle"), n("or", n("word:a"), n("word:b*"))),
		`brick`:  n("and", n("word:brick"), n("not", n("site:acme.example")), n("not", n("and", n("word:a"), n("word:b"))), n("not", n("word:müll")), n("not", exact)),
		`LEGO`:   exact,
		// Alternatives that are not on X.
		`tower`: n("or", n("word:tower"), n("and", n("network:reddit"), n("word:a")), n("channel:toys"), titled),
		`stone`: n("and", n("word:stone"), n("network:x")),
		// The nearest that there is.
		`acm`:       n("word:acm*"),
		`from:acme`: n("author:acme"),
	} {
		got := compile([]earshot.Query{queryOf(root)}, searchSyntax)
		if !slices.Equal(got.queries, []string{want}) {
			t.Errorf("%+v\n got %q\nwant %q", root, got.queries, want)
		}
	}
}

// What is given up or made broader is noted, so that a check can say it.
func TestCompileNotes(t *testing.T) {
	t.Parallel()
	for want, root := range map[string]earshot.QueryNode{
		"so that it is not heard":  n("or", n("word:acme"), n("regex:a+")),
		"is asked for acm":         n("word:acm*"),
		"is asked for acme OR acm": n("and", n("or", n("word:acme"), n("word:acm*"), n("regex:a+")), n("lang:en"), n("word:injur*")),
		"what it finds without":    n("and", n("word:acme"), n("lang:de")),
	} {
		got := compile([]earshot.Query{queryOf(root)}, searchSyntax)
		if last := len(got.notes) - 1; last < 0 || !strings.Contains(got.notes[last].what, want) {
			t.Errorf("%v: %+v", want, got.notes)
		}
	}
}

// Queries of several brands share what X takes; the stream's leave out reposts.
func TestPacking(t *testing.T) {
	t.Parallel()
	all := []earshot.Query{queryOf(n("word:acme")), queryOf(n("and", n("word:bolt"), n("word:nut"))), queryOf(n("word:acme"))}
	got := compile(all, streamSyntax)
	if diff := cmp.Diff([]string{"(acme OR (bolt nut)) -is:retweet"}, got.queries); diff != "" {
		t.Error(diff)
	}
}

// Long lists are split over as many queries as it takes, within X's limits.
func TestSplitting(t *testing.T) {
	t.Parallel()
	var words []earshot.QueryNode
	for i := range 300 {
		words = append(words, n(fmt.Sprintf("word:product%03d", i)))
	}
	for _, s := range []syntax{searchSyntax, streamSyntax} {
		for _, root := range []earshot.QueryNode{
			n("or", words...), n("and", n("word:acme"), n("or", words...)), n("and", n("or", words...), n("or", words...)),
			n("and", words...), n("phrase:" + strings.Repeat("long ", 500)), n("word:" + strings.Repeat("x", 5000)),
		} {
			got := compile([]earshot.Query{queryOf(root)}, s)
			if len(got.queries) == 0 || len(got.queries) > 2*mostSplit {
				t.Errorf("%d queries", len(got.queries))
			}
			for _, q := range got.queries {
				if characters(q) > s.most {
					t.Errorf("a query of %d characters: %.60s…", characters(q), q)
				}
			}
		}
	}
	got := compile([]earshot.Query{queryOf(n("and", n("word:acme"), n("or", words...)))}, searchSyntax)
	for i := range 300 {
		p := xtest.Post{Text: fmt.Sprintf("the product%03d of acme", i)}
		if !slices.ContainsFunc(got.queries, func(q string) bool { return xtest.Match(q, &p) }) {
			t.Errorf("nothing finds %q", p.Text)
		}
	}
}

var vocabulary = []string{"acme", "bolt", "castle", "dragon", "ember", "forge", "gravelgravelgravelgravelgravel", "harbour-master", "ink"}

// trees are queries of all kinds.
func trees() *rapid.Generator[earshot.QueryNode] {
	leaf := rapid.Custom(func(t *rapid.T) earshot.QueryNode {
		word := rapid.SampledFrom(vocabulary).Draw(t, "word")
		switch rapid.IntRange(0, 8).Draw(t, "kind") {
		case 0:
			return n("phrase:" + word + " " + rapid.SampledFrom(vocabulary).Draw(t, "next"))
		case 1:
			return n("hashtag:ink")
		case 2:
			return n("handle:acme")
		case 3:
			return n("word:" + word[:3] + "*")
		case 4:
			return n("lang:en")
		}
		return n("word:" + word)
	})
	var tree func(depth int) *rapid.Generator[earshot.QueryNode]
	tree = func(depth int) *rapid.Generator[earshot.QueryNode] {
		return rapid.Custom(func(t *rapid.T) earshot.QueryNode {
			if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
				return leaf.Draw(t, "leaf")
			}
			op := rapid.SampledFrom([]string{"and", "and", "or", "near"}).Draw(t, "op")
			nodes := rapid.SliceOfN(tree(depth-1), 2, 6).Draw(t, "nodes")
			if op == "and" && rapid.Bool().Draw(t, "but") {
				nodes = append(nodes, n("not", tree(depth-1).Draw(t, "not")))
			}
			return n(op, nodes...)
		})
	}
	return tree(3)
}

// matches is what a query means, NEAR taken for AND, in a post in English.
func matches(q *earshot.QueryNode, p *xtest.Post) bool {
	each := func(node earshot.QueryNode) bool { return matches(&node, p) }
	switch q.Op {
	case earshot.QueryOr:
		return slices.ContainsFunc(q.Nodes, each)
	case earshot.QueryAnd, earshot.QueryNear:
		return !slices.ContainsFunc(q.Nodes, func(node earshot.QueryNode) bool { return !each(node) })
	case earshot.QueryNot:
		return !each(q.Nodes[0])
	case earshot.QueryLang:
		return true
	case earshot.QueryHashtag:
		return xtest.Match("#"+q.Text, p)
	case earshot.QueryHandle:
		return xtest.Match("@"+q.Text, p)
	}
	if stem, wild := strings.CutSuffix(q.Text, "*"); wild {
		return slices.ContainsFunc(strings.Fields(p.Text), func(w string) bool { return strings.HasPrefix(w, stem) })
	}
	return xtest.Match(`"`+q.Text+`"`, p)
}

// Whatever a query finds, X is asked for, unless a note says that it is not.
func TestNothingIsLostInTranslation(t *testing.T) {
	t.Parallel()
	words := append(slices.Clone(vocabulary), "#ink", "@acme", "other")
	rapid.Check(t, func(t *rapid.T) {
		query := queryOf(trees().Draw(t, "tree"))
		s := syntax{most: rapid.IntRange(60, 512).Draw(t, "most")}
		got := compile([]earshot.Query{query}, s)
		for _, q := range got.queries {
			if characters(q) > s.most {
				t.Fatalf("a query of %d characters", characters(q))
			}
		}
		lossy := slices.ContainsFunc(got.notes, func(r remark) bool { return !strings.Contains(r.what, "finds without") })
		if lossy {
			return
		}
		for range 10 {
			p := xtest.Post{Text: strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 12).Draw(t, "text"), " ")}
			if matches(&query.Root, &p) && !slices.ContainsFunc(got.queries, func(q string) bool { return xtest.Match(q, &p) }) {
				t.Fatalf("%q is not asked for by %q", p.Text, got.queries)
			}
		}
	})
}

// No tree, however odd, makes a query that X would not take.
func FuzzCompile(f *testing.F) {
	f.Add("acme", "at&t", "müll*", 512)
	f.Add(`"`, `\`, "or", 100)
	f.Fuzz(func(t *testing.T, a, b, c string, most int) {
		most = 40 + min(max(most, 0), 2000)
		root := n("or", n("and", n("word:"+a), n("not", n("phrase:"+b)), n("phrase:"+c)), n("hashtag:"+a), n("handle:"+b), n("site:"+c), n("author:"+a), n("to:"+b))
		for _, q := range compile([]earshot.Query{queryOf(root)}, syntax{most: most}).queries {
			if characters(q) > most || strings.Count(q, `"`)%2 != 0 || strings.ContainsAny(q, "\n\x00") {
				t.Errorf("%q", q)
			}
		}
	})
}
