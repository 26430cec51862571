package match_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

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
		t.Fatalf("Parse(%.80q): %.200v", s, problems)
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
	"Acme", "#AcmeToyFire", "@AcmeToy", "#CaughtFire", "a.c.m.e", "acm3", "\u0430cm\u0435", "a c m e", "t0y", "C++", "C", "$ACME", "recoll", "toys", "fires", "Caught fire",
}

var leaves = []string{
	"acme", "toy", "recall", "recal*", "caught", "fire", "cafe", "AT&T", "乐高", "レゴ", "玩", "레고", "ไฟ", "لعبة", "игру*", "café", "café*",
	"#acme", "@acmecare", "@acm*", "#レゴ*", "😡", "site:acme.example", `"caught fire"`, `"café acme"`, `"acme toy"`, `"toy 乐高"`, `"the recall*"`, `"acme s"`,
}

// others are terms that stand by themselves.
var others = []string{
	"author:acme", "from:acm*", `author:"jo doe"`, "to:acme", "lang:en", "country:de", "network:x", "subreddit:toys", "is:reply", "is:post", "has:hashtags",
	"has:mentions", "has:links", "is:verified", "followers:[10 TO *]", "rating:[1 TO 3]", "accountAge:[0d TO 9d]", "reach:5..50",
	"url:acme.example/toy", "links:acme.example", "/ac+me/", "/caught.fire|recall/", "title:/acme/", "url:toy",
}

// spellings are terms that NEAR may join, beyond the plain ones.
var spellings = []string{
	"{Acme}", "{AT&T}", "{C++}", "{Caught fire}", "{#Acme}", "title:acme", `title:"caught fire"`, "title:#acme", "ac?e", "rec?ll*", "t?ys", "$ACME",
	"evade:acme", `evade:"caught fire"`, "evade:recall*", "evade:title:toy", "camel:toy", `camel:"caught fire"`, "camel:{Toy}", "camel:acm*",
	"compound:call", "compound:fire", "evade:café", "compound:caught", "title:camel:toy",
}

func drawQuery(t *rapid.T, depth int) string {
	leaf := func() string {
		return rapid.SampledFrom(rapid.SampledFrom([][]string{leaves, leaves, others, spellings}).Draw(t, "leaves")).Draw(t, "leaf")
	}
	words := func() string {
		of := slices.Concat(leaves[:22], leaves[23:29], spellings)
		a, b := rapid.SampledFrom(of).Draw(t, "a"), rapid.SampledFrom(of).Draw(t, "b")
		return rapid.SampledFrom([]string{a, b, "(" + a + " OR " + b + ")"}).Draw(t, "words")
	}
	if depth == 0 {
		return leaf()
	}
	sub := func() string { return drawQuery(t, depth-1) }
	distance := rapid.IntRange(1, 4).Draw(t, "distance")
	switch rapid.IntRange(0, 7).Draw(t, "op") {
	case 0:
		return "(" + sub() + " OR " + sub() + ")"
	case 1:
		return "(" + sub() + " AND " + sub() + ")"
	case 2:
		return "(" + sub() + " NOT " + sub() + ")"
	case 3:
		return "(" + sub() + " AND (NOT " + sub() + " OR " + sub() + "))"
	case 4:
		return fmt.Sprintf("(%s NEAR/%d %s)", words(), distance, words())
	case 5:
		return fmt.Sprintf("(%s NEAR/%df %s)", words(), distance, words())
	case 6:
		return fmt.Sprintf("(%s AND %s AND %s)~%d", words(), words(), words(), distance+2)
	}
	return leaf()
}

// drawMention is a post made of words that the queries look for, written in all
// ways.
func drawMention(t *rapid.T) *earshot.Mention {
	sep := rapid.SampledFrom([]string{" ", " ", "", ", ", "-", ".", " . ", "_"})
	said := func(most int) string {
		var b strings.Builder
		for range rapid.IntRange(0, most).Draw(t, "words") {
			b.WriteString(rapid.SampledFrom(vocabulary).Draw(t, "word") + sep.Draw(t, "sep"))
		}
		return b.String()
	}
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	m := &earshot.Mention{
		Title: said(3), Text: said(12), Network: pick("network", "", "x", "X", "rss"), Lang: pick("lang", "", "en", "de-AT"),
		URL: pick("url", "", "https://acme.example", "https://x.example/toy"), Country: pick("country", "", "DE", "AT"),
		Channel: pick("channel", "", "r/Toys", "toys"), ReplyTo: pick("reply", "", "x:1"), Rating: float64(rapid.IntRange(0, 5).Draw(t, "rating")),
		Author: earshot.Author{
			Handle: pick("handle", "", "@Acme", "acmecare@s.example", "bob"), Name: pick("name", "", "Jo  Doe", "Acme"),
			Followers: int64(rapid.IntRange(0, 60).Draw(t, "followers")), Verified: rapid.Bool().Draw(t, "verified"),
		},
	}
	if rapid.Bool().Draw(t, "dated") {
		m.Posted = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		m.Author.Created = m.Posted.AddDate(0, 0, -rapid.IntRange(1, 20).Draw(t, "age"))
	}
	if rapid.Bool().Draw(t, "linked") {
		m.Links, m.To = []string{pick("link", "https://acme.example/toy?x", "https://b.example")}, []string{pick("to", "@acme", "jo")}
	}
	return m
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
			checkLikeNaive(t, x, &p, queries, searched, drawMention(t))
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
	f.Add(`title:(evade:acme OR camel:"b c") OR compound:brok OR /br.ken/ -{C++} wom?n*`, "#AcmeBroken l.3.g.o a c m e C++ woman $ACME 🇱🇪🇬🇴")
	f.Add(`(a AND b AND (c OR d))~5 OR "e f"~3 OR a NEAR/3f b OR links:a.b/c`, "a c b https://a.b/c?d f e")
	f.Fuzz(func(t *testing.T, s, body string) {
		q, problems := query.Parse(s)
		if problems.Fatal() || len(s)+len(body) > 500 || strings.Contains(s, "query:") {
			return // a query that names others is linked first
		}
		queries := []*earshot.Query{q}
		var p match.Post
		m := &earshot.Mention{Text: body, Title: "acme", URL: body, Author: earshot.Author{Handle: body}, Channel: body, Lang: body}
		checkLikeNaive(t, match.New(queries, 1), &p, queries, 1, m)
	})
}
