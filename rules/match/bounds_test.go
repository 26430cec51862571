package match_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"earshot"
	"earshot/rules/match"
	"earshot/rules/query"
)

// Nothing is allocated once the scratch space has grown, whatever queries ask for.
func TestNoAllocation(t *testing.T) {
	var queries []*earshot.Query
	m := &earshot.Mention{
		Title: "Big news", Text: "a big toy of Acme, L.E.G.O and #LegoStarWars, nothing else, see https://x.example/y and müller.example 😡",
		Author: earshot.Author{Handle: "@Jo@s.example"}, To: []string{"@bob"}, Channel: "r/Toys", Network: "reddit", Lang: "en",
		URL: "https://y.example/z", Links: []string{"https://z.example/"},
	}
	free := func(queries ...*earshot.Query) {
		t.Helper()
		x := match.New(queries, len(queries))
		var p match.Post
		x.Search(&p, m)
		if n := testing.AllocsPerRun(100, func() { x.Search(&p, m) }); n > 0 {
			t.Errorf("%v: %v allocations", queries, n)
		}
	}
	for _, s := range []string{
		"acme NOT toy", `"big bang" OR recall*`, "evade:acme OR camel:toy", "compound:bang", "/bang{2,3}|re.call/ lang:de", "{Acme} rating:[1 TO 2]", "wom?n",
		"author:bob OR to:bob OR subreddit:x OR network:x", "site:acme.example OR url:acme.example/x OR links:y.example", "toy is:reply country:de",
		"(big AND toy AND (acme OR bang))~9", "title:toy NEAR/3f big", "café $ACME",
	} {
		q := parse(t, s)
		free(q)
		queries = append(queries, q)
	}
	free(queries...)
}

// hostile are queries that cost as much as queries can.
func hostile(t *testing.T) []*earshot.Query {
	var many, wild, near, regex strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&many, `"a b%d" OR `, i%90)
	}
	for i := range 2000 {
		fmt.Fprintf(&wild, "aaa%s?b%s* OR ", strings.Repeat("a", i%17), strings.Repeat("b", i%5))
	}
	for i := range 1500 {
		fmt.Fprintf(&near, "(a NEAR/%d b%d) OR ", i%100+1, i)
	}
	for i := range 40 {
		fmt.Fprintf(&regex, "/aaab(a|a?b)+%d(a*a*)*c/ OR ", i)
	}
	queries := []string{
		`"a a a a a b" OR (a NEAR/100 b) OR (😡 NEAR/3 c)`, many.String() + "zz", wild.String() + "zz", near.String() + "zz", regex.String() + "zz",
		"(" + strings.Repeat("a AND ", 19) + "zb)~20", "evade:aaa OR compound:aaaa OR camel:aaa", `evade:"aaa aaa" NEAR/9 (evade:bbb OR camel:abc)`,
		"/(a|aa)+bcd$/ OR /x{3,20}(a*)*acme/ OR title:/^aaaa.*b/", strings.Repeat("(", 99) + "acme" + strings.Repeat(")", 99), "{a.b.c.d} OR {A A A A B}",
	}
	parsed := make([]*earshot.Query, len(queries))
	for i, s := range queries {
		parsed[i] = parse(t, s)
	}
	return parsed
}

// Long posts full of what costly queries look for take time in proportion to their
// length. No time is measured: what is not linear hangs here.
func TestHostilePosts(t *testing.T) {
	queries := hostile(t)
	x := match.New(queries, len(queries))
	var p match.Post
	for n, unit := range []string{
		"a ", "😡", "a\u0301", "#a", "@a.", "\u0301", "a.", "a", "A_a", "#AaAaAa ", "\xff\xfe", "$A ", "http://a.a/a?", "b1 b2 ", "aaab", "🇦", "乐", "ม้", "\u200b", "", "aaa5 ",
	} {
		size := 1 << 15
		if n == 0 && !race {
			size = 1 << 19
		}
		text := strings.Repeat(unit, size/max(len(unit), 1))
		for _, m := range []earshot.Mention{{Text: text}, {Title: text, URL: text, Channel: text, Author: earshot.Author{Handle: text}, Links: []string{text}}} {
			for _, q := range x.Search(&p, &m) {
				x.Words(&p, int(q), nil)
			}
		}
	}
}

// What a NEAR finds is found once, however many partners stand around it, and the
// same as when each place is looked at by itself.
func TestWordsOfNear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"aaa", "aaab", "b", "c", "x", "y"}), 1, 40).Draw(t, "words")
		distance := rapid.IntRange(1, 5).Draw(t, "distance")
		q, _ := query.Parse(fmt.Sprintf(`aaa* NEAR/%d (b OR c)`, distance))
		x := match.New([]*earshot.Query{q}, 1)
		var p match.Post
		x.Search(&p, &earshot.Mention{Text: strings.Join(words, " ")})
		var got []string
		for _, w := range x.Words(&p, 0, nil) {
			got = append(got, fmt.Sprint(w.Span[0]))
		}
		is := func(i int, left bool) bool {
			return left && words[i][0] == 'a' || !left && (words[i] == "b" || words[i] == "c")
		}
		var want []string
		at := 0
		for i := range words {
			found := false
			for j := range words {
				between := max(i, j) - min(i, j)
				found = found || between > 0 && between <= distance && (is(i, true) && is(j, false) || is(i, false) && is(j, true))
			}
			if found {
				want = append(want, fmt.Sprint(at))
			}
			at += len(words[i]) + 1
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v: found %v, want %v", words, got, want)
		}
	})
}

// A hundred thousand marks on one letter are one word.
func TestMarks(t *testing.T) {
	x := match.New([]*earshot.Query{parse(t, "acme"), parse(t, "acmé"), parse(t, "evade:acme")}, 3)
	var p match.Post
	m := &earshot.Mention{Text: "acme" + strings.Repeat("\u0301", 100_000) + " boat"}
	if got := fmt.Sprint(x.Search(&p, m)); got != "[0 1 2]" {
		t.Errorf("matches %s", got)
	}
}

// A query of thousands of terms is built and matched like any other.
func TestManyTerms(t *testing.T) {
	var b strings.Builder
	for i := range 7000 {
		b.WriteString(strconv.FormatInt(int64(i), 36) + " OR ")
	}
	x := match.New([]*earshot.Query{parse(t, b.String()+"last")}, 1)
	var p match.Post
	for s, want := range map[string]int{"it is 5eg": 1, "the last": 1, "5eh": 0} {
		if got := len(x.Search(&p, &earshot.Mention{Text: s})); got != want {
			t.Errorf("%q: %d matches", s, got)
		}
	}
}
