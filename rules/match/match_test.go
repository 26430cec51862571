package match_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/rules/match"
	"earshot/rules/query"
)

func parse(t testing.TB, s string) *earshot.Query {
	t.Helper()
	q, problems := query.Parse(s)
	if problems.Fatal() {
		t.Fatalf("Parse(%q): %v", s, problems)
	}
	return q
}

// marked puts brackets around what the query found in the text.
func marked(x *match.Index, p *match.Post, s string) string {
	var b strings.Builder
	at := 0
	for _, w := range x.Words(p, 0, nil) {
		b.WriteString(s[at:w.Span[0]] + "[" + s[w.Span[0]:w.Span[1]] + "]")
		at = w.Span[1]
	}
	return b.String() + s[at:]
}

// A query finds what people mean by it, and marks those words.
func TestMatch(t *testing.T) {
	for _, tt := range []struct{ query, text, want string }{
		{"acme", "My ACME's broken. acme!", "My [ACME]'s broken. [acme]!"},
		{"acme", "acmes lacme acme2", ""},
		{"acme", "#Acme @acme https://acme.example/x", "#[Acme] @[acme] https://[acme].example/x"},
		{"#acme", "acme @acme", ""},
		{"#acme", "an #ACME day", "an [#ACME] day"},
		{"@acmecare", "acmecare #acmecare", ""},
		{"@acmecare", "dear @AcmeCare, hi", "dear [@AcmeCare], hi"},
		{"@acmecare", "dear @acmecare@social.example", "dear [@acmecare]@social.example"},
		{"@acmecare@social.example", "dear @acmecare@social.example", "dear [@acmecare@social.example]"},
		{`"caught fire"`, "it Caught\nfire, caught a fire", "it [Caught\nfire], caught a fire"},
		{`"caught fire"`, "fire caught", ""},
		{`"acme recall"`, "Acme's recall", "[Acme's recall]"},
		{`"product recall*"`, "product recalled", "[product recalled]"},
		{"injur*", "Injuries and injured, in jury", "[Injuries] and [injured], in jury"},
		{"acme NOT klein", "acme klein", ""},
		{"acme -toy", "acme car", "[acme] car"},
		{"acme (toy OR car)", "the car of acme", "the [car] of [acme]"},
		{"recall* NEAR/2 product*", "products were recalled", "[products] were [recalled]"},
		{"recall* NEAR/2 product*", "products have been recalled", ""},
		{"missing NEAR/3 (part* OR \"left wheel\")", "the left wheel is missing", "the [left wheel] is [missing]"},
		{"acme NEAR/5 acme", "acme", ""},
		{"acme NEAR/5 acme", "acme acme", "[acme] [acme]"},
		{"AT&T", "at&t, AT & T", "[at&t], [AT & T]"},
		{"乐高", "我的乐高坏了，乐 高", "我的[乐高]坏了，乐 高"},
		{"レゴ", "ﾚｺﾞ新作", "[ﾚｺﾞ]新作"},
		{"레고", "레고는 그레 고맙다", "[레고]는 그레 고맙다"},
		{"ไฟไหม้", "ของเล่นไฟไหม้แล้ว", "ของเล่น[ไฟไหม้]แล้ว"},
		{"لعبة", "اللعبة لُعْبَة", "اللعبة [لُعْبَة]"},
		{"игрушк*", "Игрушки сломались", "[Игрушки] сломались"},
		{"cafe", "CAFÉ cafe", "[CAFÉ] [cafe]"},
		{"café", "cafe CAFÉ Cafe\u0301 cafés", "cafe [CAFÉ] [Cafe\u0301] cafés"},
		{"gefähr*", "Gefährlich, gefahren, Gefahr", "[Gefährlich], gefahren, Gefahr"},
		{`"café müller"`, "Café Muller, cafe müller, café MÜLLER", "Café Muller, cafe müller, [café MÜLLER]"},
		{"#café", "#cafe #Café", "#cafe [#Café]"},
		{"café NEAR/2 bar", "cafe bar café", "cafe [bar] [café]"},
		{"café OR cafe", "cafe café", "[cafe] [café]"},
		{"ёлка", "елка", "[елка]"},
		{"LEGO", "LEGO™ ＬＥＧＯ Le\u200bgo", "[LEGO]™ [ＬＥＧＯ] [Le\u200bgo]"},
		{"😡", "bad 😡!", "bad [😡]!"},
	} {
		x := match.New([]*earshot.Query{parse(t, tt.query)}, 1)
		var p match.Post
		got := ""
		if len(x.Search(&p, &earshot.Mention{Text: tt.text})) > 0 {
			got = marked(x, &p, tt.text)
		}
		if got != tt.want {
			t.Errorf("%s in %q: got %q, want %q", tt.query, tt.text, got, tt.want)
		}
	}
}

// A query that rests on a word of nearly every post is told of, one that has
// something rarer to wait for is not.
func TestEveryday(t *testing.T) {
	for s, want := range map[string]string{
		"acme OR love": "love", "the": "the", "(acme OR und) (toy OR the)": "und", "the*": "the*", "für": "für",
		"love AND acme": "", "AT&T": "", `"the who"`: "", "acme NOT the": "", "customer": "",
	} {
		x := match.New([]*earshot.Query{parse(t, s)}, 1)
		got := ""
		if at, ok := x.Everyday(0); ok {
			got = s[at[0]:at[1]]
		}
		if got != want {
			t.Errorf("%s rests on %q, want %q", s, got, want)
		}
	}
}

// site: looks at the mention's address, its links and the addresses in its text.
func TestSite(t *testing.T) {
	x := match.New([]*earshot.Query{parse(t, "acme -site:acme.example -site:www.müller.example")}, 1)
	var p match.Post
	for _, tt := range []struct {
		m    earshot.Mention
		want bool
	}{
		{earshot.Mention{Text: "acme", URL: "https://news.example/acme.example"}, true},
		{earshot.Mention{Text: "acme", URL: "https://shop.ACME.example:443/x"}, false},
		{earshot.Mention{Text: "acme", Links: []string{"https://acme.example"}}, false},
		{earshot.Mention{Text: "acme http://acme.example/x"}, false},
		{earshot.Mention{Text: "acme www.acme.example"}, false},
		{earshot.Mention{Text: "acme acme.example/x"}, false},
		{earshot.Mention{Text: "acme (see Shop.Acme.Example)."}, false},
		{earshot.Mention{Title: "acme.example", Text: "acme"}, false},
		{earshot.Mention{Text: "acme 看acme.example吧"}, false},
		{earshot.Mention{Text: "acme müller.example"}, false},
		{earshot.Mention{Text: "acme", Links: []string{"acme.example/x"}}, false},
		{earshot.Mention{Text: "acme, the example.acme or acme. example"}, true},
		{earshot.Mention{Text: "acme jo@acme.example and acme.example@mail.test"}, true},
		{earshot.Mention{Text: "acme https://news.example/acme.example?u=acme.example"}, true},
		{earshot.Mention{Text: "acme", URL: "https://notacme.example"}, true},
		{earshot.Mention{Text: "acme", URL: "https://müller.example/"}, false},
		{earshot.Mention{Text: "acme", URL: "https://xn--mller-kva.example/"}, false},
	} {
		if got := len(x.Search(&p, &tt.m)) > 0; got != tt.want {
			t.Errorf("%+v: matches %v, want %v", tt.m, got, tt.want)
		}
	}
}

// Phrases and NEAR do not reach from the title into the text.
func TestFields(t *testing.T) {
	x := match.New([]*earshot.Query{parse(t, `"caught fire" OR caught NEAR/100 fire`)}, 1)
	var p match.Post
	if len(x.Search(&p, &earshot.Mention{Title: "caught", Text: "fire"})) > 0 {
		t.Error("matches across fields")
	}
}

var vocabulary = []string{
	"acme", "toy", "recall", "recalled", "caught", "fire", "café", "cafe", "cafe\u0301s", "acme's", "AT&T", "乐高", "レゴ", "玩具", "레고는",
	"ไฟไหม้", "لعبة", "игрушки", "й", "#acme", "@acmecare", "@acme@s.example", "😡", "https://shop.acme.example/toy", "L'acme", "#レゴ_toy",
}

var leaves = []string{
	"acme", "toy", "recall", "recal*", "caught", "fire", "cafe", "AT&T", "乐高", "レゴ", "玩", "레고", "ไฟ", "لعبة", "игру*", "café", "café*",
	"#acme", "@acmecare", "@acm*", "#レゴ*", "😡", "site:acme.example", `"caught fire"`, `"café acme"`, `"acme toy"`, `"toy 乐高"`, `"the recall*"`, `"acme s"`,
}

func drawQuery(t *rapid.T, depth int) string {
	leaf := func() string {
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	words := func() string {
		a := rapid.SampledFrom(leaves[:22]).Draw(t, "a")
		b := rapid.SampledFrom(leaves[23:]).Draw(t, "b")
		return rapid.SampledFrom([]string{a, b, "(" + a + " OR " + b + ")"}).Draw(t, "words")
	}
	if depth == 0 {
		return leaf()
	}
	sub := func() string { return drawQuery(t, depth-1) }
	switch rapid.IntRange(0, 5).Draw(t, "op") {
	case 0:
		return "(" + sub() + " OR " + sub() + ")"
	case 1:
		return "(" + sub() + " AND " + sub() + ")"
	case 2:
		return "(" + sub() + " NOT " + sub() + ")"
	case 3:
		return "(" + sub() + " AND (NOT " + sub() + " OR " + sub() + "))"
	case 4:
		return fmt.Sprintf("(%s NEAR/%d %s)", words(), rapid.IntRange(1, 4).Draw(t, "distance"), words())
	}
	return leaf()
}

// The index finds exactly the queries that a naive evaluation finds, in every
// script.
func TestMatchesLikeNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var queries []*earshot.Query
		for range rapid.IntRange(1, 12).Draw(t, "queries") {
			if q, problems := query.Parse(drawQuery(t, 3)); !problems.Fatal() {
				queries = append(queries, q)
			}
		}
		searched := rapid.IntRange(0, len(queries)).Draw(t, "searched")
		x := match.New(queries, searched)
		var p match.Post
		for range 5 {
			sep := rapid.SampledFrom([]string{" ", " ", "", ", ", "-"})
			var b strings.Builder
			for range rapid.IntRange(0, 12).Draw(t, "words") {
				b.WriteString(rapid.SampledFrom(vocabulary).Draw(t, "word") + sep.Draw(t, "sep"))
			}
			m := &earshot.Mention{
				Title: rapid.SampledFrom(vocabulary).Draw(t, "title"), Text: b.String(),
				URL: rapid.SampledFrom([]string{"", "https://acme.example", "https://x.example"}).Draw(t, "url"),
			}
			checkLikeNaive(t, x, &p, queries, searched, m)
		}
	})
}

type failer interface {
	Fatalf(format string, args ...any)
}

func checkLikeNaive(t failer, x *match.Index, p *match.Post, queries []*earshot.Query, searched int, m *earshot.Mention) {
	n := newNaive(m)
	var want []int32
	for i, q := range queries {
		if n.eval(&q.Root) && i < searched {
			want = append(want, int32(i))
		}
	}
	got := slices.Clone(x.Search(p, m))
	if diff := cmp.Diff(want, got, cmp.Transformer("empty", func(s []int32) string { return fmt.Sprint(s) })); diff != "" {
		t.Fatalf("queries %v in %q / %q (-naive +got):\n%s", queries, m.Title, m.Text, diff)
	}
	for i, q := range queries {
		matches := x.Matches(p, i)
		if matches != n.eval(&q.Root) {
			t.Fatalf("query %s in %q / %q: matches %v", q, m.Title, m.Text, matches)
		}
		for _, w := range x.Words(p, i, nil) {
			if field := []string{m.Title, m.Text}[w.Field]; matches && (w.Span[0] < 0 || w.Span[0] >= w.Span[1] || w.Span[1] > len(field)) {
				t.Fatalf("query %s in %q: span %v", q, field, w.Span)
			}
		}
	}
}

// Whatever the query and the text, the index agrees with the naive evaluation.
func FuzzMatch(f *testing.F) {
	f.Add(`(acme OR #acme) NOT ("acme klein" OR site:acme.example)`, "Acme's toy, acme klein https://acme.example")
	f.Add("recall* NEAR/3 (product* OR \"toy car\")", "the toy car was recalled")
	f.Add("レゴ* OR 레고 OR \"ไฟ ไหม้\"", "レゴ레고 ไฟไหม้ レゴ")
	f.Add("\"😡 acme\" @a@b.c", "😡😡acme @a@b.c.d")
	f.Fuzz(func(t *testing.T, s, body string) {
		q, problems := query.Parse(s)
		if problems.Fatal() || len(s)+len(body) > 2000 {
			return
		}
		queries := []*earshot.Query{q}
		var p match.Post
		checkLikeNaive(t, match.New(queries, 1), &p, queries, 1, &earshot.Mention{Text: body, Title: "acme"})
	})
}

// A post that concerns nobody costs no memory.
func TestNoAllocation(t *testing.T) {
	x := match.New([]*earshot.Query{parse(t, "acme NOT toy"), parse(t, "\"big bang\" OR recall*")}, 2)
	var p match.Post
	m := &earshot.Mention{Text: "a big toy of acme and nothing else, see https://x.example/y"}
	x.Search(&p, m)
	if n := testing.AllocsPerRun(100, func() { x.Search(&p, m) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Long posts full of what a query looks for take no more than linear time.
func TestHostilePost(t *testing.T) {
	x := match.New([]*earshot.Query{parse(t, `"a a a a a b" OR (a NEAR/100 b) OR (😡 NEAR/3 c)`)}, 1)
	var p match.Post
	for _, unit := range []string{"a ", "😡", "a\u0301", "#a", "@a.", "\u0301"} {
		m := &earshot.Mention{Text: strings.Repeat(unit, 1<<20/len(unit))}
		if len(x.Search(&p, m)) > 0 {
			t.Errorf("%q matches", unit)
		}
	}
}

const post = "Third time I've ordered from @acmecare and the #Acme castle arrived with missing pieces again. " +
	"The box was crushed, two bags were open and nobody answers the phone! What do I tell my daughter? " +
	"Photos here: https://photos.example/a/123 – really disappointed, you used to be so much better 😡"

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1_000, 10_000} {
		random := rand.New(rand.NewPCG(1, 2))
		name := func() string {
			w := make([]byte, 5+random.IntN(5))
			for i := range w {
				w[i] = byte('a' + random.IntN(26))
			}
			return string(w)
		}
		queries := make([]*earshot.Query, n)
		for i := range queries {
			brand := name()
			queries[i] = parse(b, fmt.Sprintf(`(%s OR #%s OR @%scare OR "%s order") NOT ("%s %s" OR site:%s.example)`, brand, brand, brand, name(), brand, name(), brand))
		}
		x := match.New(queries, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var p match.Post
			m := &earshot.Mention{Text: post}
			b.ReportAllocs()
			for b.Loop() {
				x.Search(&p, m)
			}
		})
	}
}
