package query_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot/rules/query"
)

// Queries have one normal form, in which every group is explicit.
func TestNormalForm(t *testing.T) {
	for in, want := range map[string]string{
		"acme":                             "acme",
		"acme toy":                         "acme AND toy",
		"acme AND toy AND car":             "acme AND toy AND car",
		"acme -toy":                        "acme AND NOT toy",
		"acme NOT toy":                     "acme AND NOT toy",
		"acme AND NOT (toy OR car)":        "acme AND NOT (toy OR car)",
		"NOT NOT acme":                     "acme",
		"((acme))":                         "acme",
		"acme OR (toy OR car)":             "acme OR toy OR car",
		"(a1 OR b1) c1":                    "(a1 OR b1) AND c1",
		`"caught fire"`:                    `"caught fire"`,
		"“caught fire”":                    `"caught fire"`,
		"missing NEAR/4 (part* OR piece*)": "missing NEAR/4 (part* OR piece*)",
		"acme toy NEAR/3 recall":           "acme AND (toy NEAR/3 recall)",
		"acme NOT toy NEAR/3 recall":       "acme AND NOT (toy NEAR/3 recall)",
		"#acme OR @acmecare":               "#acme OR @acmecare",
		"acme -site:WWW.Acme.example":      "acme AND NOT site:acme.example",
		"AT&T":                             "AT&T",
		"乐高 OR レゴ*":                        "乐高 OR レゴ*",
		"(acme OR #acme OR @acmecare) NOT (\"acme klein\" OR site:acme.example.org)": `(acme OR #acme OR @acmecare) AND NOT ("acme klein" OR site:acme.example.org)`,
	} {
		q, problems := query.Parse(in)
		if problems.Fatal() {
			t.Errorf("Parse(%q): %v", in, problems)
			continue
		}
		if got := q.String(); got != want {
			t.Errorf("Parse(%q) = %s, want %s", in, got, want)
		}
	}
}

// A problem points at the words it is about and says what to write instead.
func TestProblems(t *testing.T) {
	for _, tt := range []struct{ in, at, what string }{
		{"", "", "the query is empty"},
		{"   ", "   ", "the query is empty"},
		{"(lego AND toy) NEAR/5 recall", "(lego AND toy)", "NEAR can only join words, phrases and OR-groups"},
		{"recall NEAR/5 -toy", "-toy", "NEAR can only join words, phrases and OR-groups"},
		{"recall NEAR/5 site:acme.example", "site:acme.example", "NEAR can only join words, phrases and OR-groups"},
		{"a1 NEAR/5 b1 NEAR/5 c1", "NEAR/5", "NEAR joins two operands only"},
		{"acme NEAR toy", "NEAR", "NEAR needs its distance in words, from 1 to 100"},
		{"acme NEAR/0 toy", "NEAR/0", "NEAR needs its distance in words, from 1 to 100"},
		{"acme near/5 toy", "near/5", "NEAR needs its distance in words, from 1 to 100"},
		{"NOT acme", "NOT acme", "this would match nearly everything"},
		{"acme OR NOT toy", "NOT toy", "this would match nearly everything"},
		{"acme OR (-toy -car)", "(-toy -car)", "this would match nearly everything"},
		{"(acme OR toy", "(", "this parenthesis is never closed"},
		{"acme) OR toy", ")", "there is no open parenthesis to close here"},
		{"acme ()", "()", "these parentheses are empty"},
		{`acme "toy`, `"`, "this quote is never closed"},
		{`acme ""`, `""`, "there are no letters, digits or emoji to look for"},
		{"acme OR", "", "something is missing at the end"},
		{"OR acme", "OR", "something is missing before OR"},
		{"acme AND OR toy", "OR", "something is missing before OR"},
		{"acme & toy", "&", "there are no letters, digits or emoji to look for"},
		{"re*", "re*", "at least 3 letters must stand before *"},
		{"*call", "*", "* can only stand at the end of a word"},
		{"re*call", "*", "* can only stand at the end of a word"},
		{`"caught fi*"`, `"caught fi*"`, "at least 3 letters must stand before *"},
		{"custom?er", "?", "? does not stand for a letter"},
		{`"a b"~5`, "~", "~ after a phrase is not supported"},
		{"{BT}", "{BT}", "{ } is not part of the query language"},
		{"author:bob", "author:bob", `there is no field "author"`},
		{"site:https://acme.example/x", "site:https://acme.example/x", "site: needs the name of a host"},
		{"#acme-toys", "#acme-toys", `"#acme-toys" can never match`},
		{"acme and toy", "and", `"and" is searched for like any other word`},
		{"acme OR toy car", "toy car", "AND, NOT and a space bind tighter than OR"},
		{strings.Repeat("(", 101) + "a" + strings.Repeat(")", 101), "(", "groups and NOTs are nested more than 100 deep"},
		{strings.Repeat("a ", 10_001), "a", "the query has more than 10000 terms"},
	} {
		_, problems := query.Parse(tt.in)
		if len(problems) == 0 {
			t.Errorf("Parse(%.60q) has no problem, want %q", tt.in, tt.what)
			continue
		}
		p := problems[0]
		got := []string{tt.in[p.Offset : p.Offset+p.Length], p.What}
		if diff := cmp.Diff([]string{tt.at, tt.what}, got); diff != "" {
			t.Errorf("Parse(%.60q) (-want +got):\n%s", tt.in, diff)
		}
	}
}

// Parse never panics, takes no more than linear time, points into its input, and
// its normal form means the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`(acme OR #acme OR @acmecare) NOT ("acme klein" OR site:acme.example.org)`,
		"missing NEAR/4 (part* OR piece* OR order)", "-a NOT NOT b “c d” AT&T レゴ*", "((((", "\xff\"", "a*\x80?", "site:\"x\"", "#＃", "author:", "a ~b {c} /d/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		start := time.Now()
		q, problems := query.Parse(s)
		if d := time.Since(start); d > time.Minute { // no measurement: it hangs
			t.Fatalf("Parse took %s for %d bytes", d, len(s))
		}
		for _, p := range problems {
			if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(s) || p.What == "" {
				t.Fatalf("problem points outside %q: %+v", s, p)
			}
		}
		if (q == nil) != problems.Fatal() {
			t.Fatalf("query %v with problems %v", q, problems)
		}
		if q == nil {
			return
		}
		again, problems := query.Parse(q.String())
		if problems.Fatal() {
			t.Fatalf("normal form %q of %q: %v", q.String(), s, problems)
		}
		if again.String() != q.String() {
			t.Fatalf("normal form of %q is %q and then %q", s, q.String(), again.String())
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, problems := query.Parse(`(acme OR #acme OR @acmecare) NOT ("acme klein" OR site:acme.example.org) (recall* NEAR/5 product*)`); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

// Signs that are not searched for are warned of, with what is found instead.
func TestDroppedSigns(t *testing.T) {
	for in, want := range map[string]string{
		"C++":               `++ "++" is not searched for: this finds every "c"`,
		"toy Disney+":       `+ "+" is not searched for: this finds every "disney"`,
		`"c#"`:              `# "#" is not searched for: this finds every "c"`,
		"c++11":             `++ "++" is not searched for: this finds every "c 11"`,
		".NET":              `. "." is not searched for: this finds every "net"`,
		"#c++":              `++ "++" is not searched for: this finds every "#c"`,
		"acme, toys":        `, "," is not searched for: this finds every "acme"`,
		`"learn c++ today"`: `++ "++" is not searched for: this finds every "learn c today"`,
		"$ACME":             `$ "$" is not searched for: this finds every "acme"`,
		"AT&T":              "", "LEGO™": "", "l'acme": "", `"caught fire!"`: "", `"AT & T"`: "", "recall*": "", "-toy acme": "", "acme-toys": "",
		"@a@s.example": "", "#acme": "", "＃acme": "", "乐高": "", "Le\u200bgo": "", "❤️ 👍🏽": "", `"acme's"`: "", "https://acme.example/": "", `"cafe` + "\u0301\"": "",
	} {
		_, problems := query.Parse(in)
		got := ""
		if len(problems) > 0 {
			p := problems[0]
			got = in[p.Offset:p.Offset+p.Length] + " " + p.What
			if !p.Warning || p.Hint == "" {
				t.Errorf("Parse(%q): %+v is no warning with a hint", in, p)
			}
		}
		if got != want {
			t.Errorf("Parse(%q) says %s, want %s", in, got, want)
		}
	}
}
