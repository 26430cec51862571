package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/rules"
	"earshot/rules/urgency"
)

// compile makes a book of one brand and one rule with this condition.
func compile(when string) (*rules.Book, earshot.Problems) {
	return rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "acme", Query: "acme", Topics: []rules.Topic{{Name: "safety", Query: "fire"}}}},
		Rules:  []rules.Rule{{Name: "rule", When: when, Urgency: 10}},
	})
}

// A wrong condition is refused with its place and what to write instead; what
// could hang or eat memory is among the wrong ones.
func TestConditionProblems(t *testing.T) {
	for _, tt := range []struct{ when, at, what, hint string }{
		{"", "", "the rule has no condition", "write when:"},
		{"sentimant < 0", "sentimant", `there is no attribute "sentimant"`, "did you mean sentiment?"},
		{"'é' == lang && sentimant < 0", "sentimant", `there is no attribute "sentimant"`, "did you mean sentiment?"},
		{"text contains 'x'", "text", `there is no attribute "text"`, "did you mean mention.text?"},
		{"mention.txt contains 'x'", "txt", `mention has no "txt"`, "did you mean text?"},
		{"mention.author.folowers > 5", "folowers", `mention.author has no "folowers"`, "did you mean followers?"},
		{"mention.author == nil", "author", "mention.author is not a value by itself", "name one of its parts: mention.author.handle"},
		{"sentiment", "sentiment", "the condition is neither true nor false", "compare it"},
		{"'safty' in topics", "'safty'", `no brand has a topic "safty"`, "did you mean safety?"},
		{"sentiment <", "", "unexpected token EOF", "docs/rules.md"},
		{"reduce(1..27, #acc + #acc, 'ab') == ''", "reduce", "reduce is not allowed in a condition", "allowed are"},
		{"len(1..1000000) > 1", "..", ".. is not allowed in a condition", "allowed are"},
		{"len(map(topics, # + #)) > 1", "map", "map is not allowed in a condition", "allowed are"},
		{"any(topics, any(topics, # == 'x'))", "any", "any is not allowed within any, all, none, one, count", "outside"},
		{"any(mention.links, lower(mention.text) == 'x')", "text", "within any, all, none, one, count only the element can stand at lower", "outside"},
		{"any(mention.links, mention.text matches 'x')", "text", "within any, all, none, one, count only the element can stand at matches", "outside"},
		{"any(mention.links, mention.text == #)", "text", "mention.text is not allowed within any, all, none, one, count", "outside"},
		{"any(mention.links, # contains brand)", "brand", "within any, all, none, one, count this must be written out", "any("},
		{"any(mention.links, # in mention.flags)", "flags", "within any, all, none, one, count this must be written out", "any("},
		{"any(mention.links, int(#) > 1)", "int", "int is not allowed within any, all, none, one, count", "outside"},
		{"any([mention.text, mention.text], # == 'x')", "", "any goes over an attribute that is a list", "mention.links"},
		{"mention.posted > date(mention.text)", "text", "date must be written out", "2026"},
		{`mention.posted > date("2026-99-99")`, `"2026-99-99"`, `"2026-99-99" is no date`, "2026-01-31"},
		{`mention.heard - mention.posted > duration("1 hour")`, `"1 hour"`, `"1 hour" is no duration`, "1h"},
		{"urgency > 9223372036854775808", "8", "no number that can be read: it is too large, or not one", "docs/rules.md"},
		{"mention.title + mention.text contains 'x'", "+", "+ joins no strings in a condition", "compare each"},
		{"mention.text matches lang", "lang", "the pattern of matches must be written out", "matches"},
		{"mention.text matches '('", "'('", "missing closing ): `(`", "regexp/syntax"},
		{"mention.text matches 'x{1000}y{1000}'", "'x{1000}y{1000}'", "the condition takes too long on a long text", "split it"},
		{"let x = 1; x > 0", "x", "this is not allowed in a condition", "compares attributes"},
		{"now() > mention.heard", "now", "now is not allowed in a condition", "allowed are"},
		{"{'a': 1}.a == 1", "", "this is not allowed in a condition", "compares attributes"},
		{"mention.heard.Unix() > 1", "", "methods are not allowed in a condition", "attribute itself"},
		{"2 ** 1000 > 1", "**", "** is not allowed in a condition", "allowed are"},
		{"repeat('a', 1000000) == ''", "repeat", "repeat is not allowed in a condition", "allowed are"},
		{strings.Repeat("sentiment < 0 || ", 200) + "true", "", "maximum", ""},
		{strings.Repeat("(", 2000) + "true" + strings.Repeat(")", 2000), "", "", ""},
		{strings.Repeat("x", 5000), "", "the condition is longer than 4096 bytes", "split it"},
	} {
		_, problems := compile(tt.when)
		if len(problems) == 0 {
			if tt.what != "" {
				t.Errorf("%.60q has no problem, want %q", tt.when, tt.what)
			}
			continue
		}
		p := problems[0]
		if p.Offset < 0 || p.Offset+p.Length > len(tt.when) || p.Path != "rules[0].when" {
			t.Errorf("%.60q: problem points outside: %+v", tt.when, p)
			continue
		}
		if !strings.HasPrefix(p.What, tt.what) && !strings.Contains(p.What, tt.what) || !strings.Contains(p.Hint, tt.hint) ||
			!strings.Contains(tt.when[p.Offset:p.Offset+p.Length], tt.at) {
			t.Errorf("%.60q: at %q: %q (%q), want at %q: %q (%q)", tt.when, tt.when[p.Offset:p.Offset+p.Length], p.What, p.Hint, tt.at, tt.what, tt.hint)
		}
	}
}

// Conditions see every attribute.
func TestConditions(t *testing.T) {
	heard := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := &earshot.Mention{
		ID: "x:1", Network: "x", Text: "Acme caught fire, help?", Title: "t", Lang: "en-GB", Heard: heard, Posted: heard.Add(-2 * time.Hour),
		Author: earshot.Author{Handle: "@jo", Followers: 5000, Verified: true}, Links: []string{"https://a.example"}, Rating: 1.5,
		Media: []earshot.Media{{URL: "https://m.example/1.jpg", Alt: "smoke"}}, Engagement: earshot.Engagement{Likes: 7},
	}
	for when, want := range map[string]bool{
		"true":                                                        true,
		"sentiment <= 0 && relevance == 1":                            true,
		"brand == 'acme' and lang == 'en'":                            true,
		"'safety' in topics":                                          true,
		"danger > 0.5 && request > 0":                                 true,
		"complaint > 0.9 || threat > 0":                               false,
		"urgency >= 31.5":                                             true,
		"addresses_brand || owned_author":                             false,
		"mention.author.followers > 1000":                             true,
		"mention.author.verified":                                     true,
		"mention.author?.handle == '@jo'":                             true,
		"mention.heard - mention.posted > duration('1h')":             true,
		"mention.text matches '(?i)FIRE'":                             true,
		"any(mention.links, # contains 'a.ex')":                       true,
		"any(mention.links, upper(#) endsWith '.EXAMPLE')":            true,
		"one(mention.media, len(.alt) == 5 and .alt in ['smoke'])":    true,
		"all(mention.links, # matches '^https' and # != mention.url)": true,
		"any(mention.media, .alt == 'smoke')":                         true,
		"mention.media[0].alt == 'smoke'":                             true,
		"mention.links[5] == 'x'":                                     false, // fails, and so does not hold
		"len(mention.title) == 1":                                     true,
		"mention.engagement.likes + 1 > 7":                            true,
		"mention.rating > 0 and mention.rating < 2":                   true,
		"mention.visibility == 'public' and mention.change == 'new'":  true,
		"lang in ['de', 'en'] ? true : false":                         true,
		"not (mention.network startsWith 'm')":                        true,
	} {
		b, problems := compile(when)
		if b == nil {
			t.Errorf("%s: %v", when, problems)
			continue
		}
		got := false
		for _, r := range b.Judge(m)[0].Reasons {
			got = got || r.Rule == "rule"
		}
		if got != want {
			t.Errorf("%s is %v, want %v (rule errors: %d)", when, got, want, b.RuleErrors())
		}
	}
}

// A rule that fails on a mention is counted and leaves the verdict alone.
func TestRuleErrors(t *testing.T) {
	b, problems := compile("mention.links[5] == 'x'")
	if b == nil {
		t.Fatal(problems)
	}
	if verdicts := b.Judge(&earshot.Mention{Text: "acme"}); len(verdicts) != 1 || b.RuleErrors() != 1 {
		t.Errorf("%d verdicts, %d errors", len(verdicts), b.RuleErrors())
	}
}

// All problems of a configuration are found at once.
func TestConfigProblems(t *testing.T) {
	_, problems := rules.New(rules.Config{
		Teams: []string{"cs", "pr"},
		Brands: []rules.Brand{
			{Name: "Acme Toys", Query: "acme"},
			{Name: "all", Query: "(acme"},
			{Name: "beta", Query: "beta", Topics: []rules.Topic{{Name: "safety", Query: "NOT fire"}}, Owned: rules.Owned{Handles: []string{"a b"}, Domains: []string{"https://x.example/"}}},
			{Name: "beta", Query: "beta"},
		},
		Rules: []rules.Rule{
			{Name: "one", When: "true", Brands: []string{"betta"}, Send: []string{"css"}, Urgency: 1000},
			{Name: "one", When: "'safty' in topics", Routes: []rules.Route{{Team: "pr", Kind: "criss"}, {Team: "ops", Topic: "safty"}}},
			{Name: "limit", When: "sentiment"},
		},
	})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s (warning %v)", p.Error(), p.Warning))
	}
	want := []string{
		`brands[0].name: "Acme Toys" is no name for a brand (write acme-toys) (warning false)`,
		`brands[1].name: "all" is reserved (alerts of the operation use it) (warning false)`,
		`brands[1].query: this parenthesis is never closed (add a )) (warning false)`,
		`brands[2].owned.handles[0]: "a b" is no handle (it looks like @name or @name@server.example, on one network only like x:@name) (warning false)`,
		`brands[2].owned.domains[0]: "https://x.example/" is no domain (write it without https:// and without a path: acme.example) (warning false)`,
		`brands[2].topics.safety.query: this would match nearly everything (say what to look for, and use NOT only to leave out some of it) (warning false)`,
		`brands[3].name: there are two brands named beta (rename one of them) (warning false)`,
		`rules[0].brands[0]: there is no brand "betta" (did you mean beta?) (warning false)`,
		`rules[0].urgency: urgency must be from -100 to 100 (the whole scale has 100 points) (warning false)`,
		`rules[0].send[0]: there is no team "css" (did you mean cs?) (warning false)`,
		`rules[1].name: there are two rules named "one" (rename one of them) (warning false)`,
		`rules[1].when: no brand has a topic "safty" (did you mean safety?) (warning true)`,
		`rules[1].routes[0].kind: there is no kind "criss" (did you mean crisis?) (warning false)`,
		`rules[1].routes[1].topic: there is no topic "safty" (did you mean safety?) (warning false)`,
		`rules[2].name: "limit" is reserved (choose another name) (warning false)`,
		`rules[2]: the rule changes nothing (give it an urgency, labels, or teams to send to) (warning true)`,
		`rules[2].when: the condition is neither true nor false (compare it with something: sentiment < -0.3) (warning false)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Routes are unique; a route without a topic gets the one its condition names.
func TestRoutes(t *testing.T) {
	b, problems := rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "acme", Query: "acme", Topics: []rules.Topic{{Name: "safety", Query: "fire"}, {Name: "price", Query: "fire"}}}},
		Rules: []rules.Rule{
			{Name: "a", When: "'safety' in topics", Send: []string{"cs"}, Routes: []rules.Route{{Team: "pr", Kind: "crisis"}}},
			{Name: "b", When: "'safety' in topics && 'price' in topics", Send: []string{"cs", "cs"}},
			{Name: "c", When: "'safety' in topics", Send: []string{"cs"}, Routes: []rules.Route{{Team: "pr", Kind: "crisis", Topic: "price"}}},
		},
	})
	if b == nil {
		t.Fatal(problems)
	}
	want := []earshot.Route{
		{Team: "cs", Kind: earshot.KindCustomer, Topic: "safety"},
		{Team: "pr", Kind: earshot.KindCrisis, Topic: "safety"},
		{Team: "cs", Kind: earshot.KindCustomer},
		{Team: "pr", Kind: earshot.KindCrisis, Topic: "price"},
	}
	if diff := cmp.Diff(want, b.Judge(&earshot.Mention{Text: "acme fire"})[0].Routes); diff != "" {
		t.Error(diff)
	}
}

// A brand's query that rests on a word of nearly every post is warned of, at
// that word.
func TestEverydayQuery(t *testing.T) {
	b, problems := rules.New(rules.Config{Brands: []rules.Brand{{Name: "acme", Query: "acme"}, {Name: "toys", Query: "toys OR love"}}})
	if b == nil || len(problems) != 1 || !problems[0].Warning {
		t.Fatal(problems)
	}
	p := problems[0]
	got := []any{p.Path, p.Offset, p.Length, p.What}
	want := []any{"brands[1].query", 8, 4, "nearly every post has love, so this query is looked at for nearly every post"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Posts that try to be expensive are judged in about linear time.
func TestHostilePosts(t *testing.T) {
	b := mustBook(t, `{brands: [{name: acme, query: '(acme OR (a NEAR/9 b)) -site:müller.example'}], rules: [{name: r, when: "mention.text matches '(a+)+$' || len(lower(mention.text)) > 5", urgency: 5}]}`)
	for _, unit := range []string{"acme ", "acme! ", "a b ", "#acme", "😡", "hate!", "?", ":(", "not ", "e\u0301", "\u0301", "broken ", "é\n", "\xff", "aaaa", "!", "a.", "ü.b ", "ü."} {
		start := time.Now()
		b.Judge(&earshot.Mention{Text: "acme " + strings.Repeat(unit, 1<<20/len(unit))})
		if d := time.Since(start); d > time.Minute { // no measurement: it hangs
			t.Errorf("%q took %s", unit, d)
		}
	}
}

// The models alone say the same as within a verdict.
func TestScore(t *testing.T) {
	s := rules.Score("My castle arrived broken, where is my refund?", "")
	if s.Label != "neg" || s.Language != "en" || s.Heads["complaint"] == 0 || s.Heads["request"] == 0 || s.Confidence == 0 {
		t.Errorf("%+v", s)
	}
	if s := rules.Score("", "de"); s.Label != "neu" || s.Language != "de" || s.Reasons == nil || len(s.Heads) != len(urgency.Heads()) {
		t.Errorf("%+v", s)
	}
}

// Whatever the condition, it compiles and runs in bounded time, or is refused
// with a place within it.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		"sentiment < -0.3 && addresses_brand", "any(mention.links, # contains 'x')", "mention.author?.handle == 'a' ? 1 < 2 : true",
		"reduce(1..27, #acc + #acc, 'ab')", "mention.media[0].alt matches '(a+)+$'", "len(topics) ?? 1 > 0", "date('2026-01-01') < mention.heard",
	} {
		f.Add(s)
	}
	m := &earshot.Mention{Text: "acme fire " + strings.Repeat("a", 1000), Links: []string{"https://a.example"}}
	f.Fuzz(func(t *testing.T, when string) {
		start := time.Now()
		b, problems := compile(when)
		for _, p := range problems {
			if p.What == "" || p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(when) {
				t.Fatalf("%q: %+v", when, p)
			}
		}
		if b != nil {
			b.Judge(m)
		}
		if d := time.Since(start); d > time.Minute { // no measurement: it hangs
			t.Fatalf("%q took %s", when, d)
		}
	})
}
