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
		"acme -(toy OR car)":               "acme AND NOT (toy OR car)",
		`acme -"big toy"`:                  `acme AND NOT "big toy"`,
		"acme<<<the maker>>> toy":          "acme AND toy",
		"a1 NEAR/3f b1":                    "a1 NEAR/3f b1",
		`"acme recall"~5`:                  "acme NEAR/5 recall",
		`"a1 b1 c1"~5`:                     "(a1 AND b1 AND c1)~5",
		"(a1 AND (b1 OR c1))~5":            "a1 NEAR/5 (b1 OR c1)",
		"(a1 b1 c1)~7 d1":                  "(a1 AND b1 AND c1)~7 AND d1",
		"{BT}":                             "{BT}",
		"{AT&T} OR {#BT}":                  "{AT&T} OR {#BT}",
		"{Best  Buy}":                      "{Best  Buy}",
		"$ACME":                            "$ACME",
		"wom?n organi?ation*":              "wom?n AND organi?ation*",
		"title:acme":                       "title:acme",
		`title:(acme OR "big toy")`:        `title:acme OR title:"big toy"`,
		"title:#acme":                      "title:#acme",
		"evade:acme":                       "evade:acme",
		"camel:title:evade:acme":           "title:evade:camel:acme",
		"compound:(stein OR puppe)":        "compound:stein OR compound:puppe",
		"camel:{BT}":                       "camel:{BT}",
		"author:@AcmeCare":                 "author:acmecare",
		"from:acmecare":                    "author:acmecare",
		`author:"Jane  Doe"`:               `author:"jane doe"`,
		"author:(ann OR bob)":              "author:ann OR author:bob",
		"author:acme*":                     "author:acme*",
		"to:acmecare":                      "to:acmecare",
		"acme lang:EN-us":                  "acme AND lang:en",
		"acme language:deu":                "acme AND lang:de",
		"acme country:DEU":                 "acme AND country:de",
		"url:https://acme.example/recall":  "url:acme/example/recall",
		`links:"acme.example recall"`:      "links:acme/example/recall",
		"network:Reddit acme":              "network:reddit AND acme",
		"subreddit:r/Toys":                 "subreddit:toys",
		"acme engagementType:RETWEET":      "acme AND is:repost",
		"acme -is:reply":                   "acme AND NOT is:reply",
		"acme kind:comment":                "acme AND is:reply",
		"acme is:verified":                 "acme AND is:verified",
		"acme authorVerified:false":        "acme AND NOT is:verified",
		"acme has:links":                   "acme AND has:links",
		"acme authorFollowers:[10 TO *]":   "acme AND followers:[10 TO *]",
		"acme followers_count:10..500":     "acme AND followers:[10 TO 500]",
		"acme rating:[3 TO 5] reach:9..":   "acme AND rating:[3 TO 5] AND reach:[9 TO *]",
		"acme rating:1":                    "acme AND rating:[1 TO 1]",
		"acme accountAge:[0d TO 2w]":       "acme AND accountAge:[0 TO 14]",
		"/colou?r test/":                   "/colou?r test/",
		`title:/a\/bcd/`:                   `title:/a\/bcd/`,
		"query:acme NOT query:acme/safety": "query:acme AND NOT query:acme/safety",
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
		{"cu?", "cu?", "a word with ? needs at least 3 letters"},
		{"c?u?s?t?er", "c?u?s?t?er", "a word has at most 3 ?"},
		{`"a1 b1"~`, "~", "~ needs a distance in words, from 1 to 100"},
		{`"acme"~5`, "~5", "~ needs at least two words in the phrase before it"},
		{"(a1 OR b1)~5", "~5", "~ needs at least two things joined by AND before it"},
		{"(a1 -b1)~5", "-b1", "~ can only join words, phrases and OR-groups"},
		{"a1 NEAR/5x b1", "NEAR/5x", "NEAR needs its distance in words, from 1 to 100"},
		{"{BT", "{", "this brace is never closed"},
		{"{+}", "{+}", "there are no letters or digits to look for"},
		{"acme <<<toy", "<<<", "this comment is never closed"},
		{"/acme", "/", "this regular expression is never closed"},
		{"/(acme/", "/(acme/", "this is no regular expression: missing closing ): `(acme`"},
		{"/ac.*me/", "/ac.*me/", "the regular expression has no 3 letters in a row that must be there"},
		{"/acme|to/", "/acme|to/", "the regular expression has no 3 letters in a row that must be there"},
		{"/acme{1000}/", "/acme{1000}/", "the regular expression is too large"},
		{"/acme/ NEAR/5 toy", "/acme/", "NEAR can only join words, phrases and OR-groups"},
		{"evade:/acme/", "/acme/", "evade:, camel: and compound: are asked of words only"},
		{"autor:bob", "autor:bob", `there is no field "autor"`},
		{"hashtag:bob", "hashtag:bob", `there is no field "hashtag"`},
		{"note:(see below)", "note:", `there is no field "note"`},
		{"title: acme", "title:", "title: needs something right behind it"},
		{"title:site:acme.example", "site:acme.example", "title:, evade:, camel: and compound: are asked of words only"},
		{"author:(ann OR to:bob)", "to:bob", "author: cannot be asked of to:"},
		{"author:{Bob}", "{Bob}", "author: takes words only"},
		{"lang:en", "lang:en", "this would match nearly everything"},
		{"acme OR is:reply", "is:reply", "this would match nearly everything"},
		{"followers:[1 TO *]", "followers:[1 TO *]", "this would match nearly everything"},
		{"acme lang:english", "lang:english", "lang: needs the two or three letters of a language that there is"},
		{"acme lang:xx", "lang:xx", "lang: needs the two or three letters of a language that there is"},
		{"acme country:nowhere", "country:nowhere", "country: needs the two or three letters of a country that there is"},
		{"acme rating:[5 TO 3]", "rating:[5 TO 3]", "rating: needs a range"},
		{"acme rating:[3 TO 5", "[", "this range is never closed"},
		{"acme is:funny", "is:funny", "is: needs reply, repost, quote, post or verified"},
		{"acme verified:maybe", "verified:maybe", "verified: needs true or false"},
		{"evade:me", "me", "evade: needs a word of at least 3 letters"},
		{"evade:{Acme}", "{Acme}", "{ } asks for one spelling, evade: and compound: for others"},
		{"compound:toy", "toy", "compound: needs single words of at least 4 letters"},
		{"compound:toys*", "toys*", "compound: finds all endings by itself"},
		{"acme toy acme", "acme", "acme is asked for twice: AND joins it with itself"},
		{"acme OR toy OR acme", "acme", "acme is found twice: OR joins it with itself"},
		{`acme OR "acme toys"`, `"acme toys"`, "whatever has this is found by acme already"},
		{"acme -acme", "-acme", "this can never match: acme is asked for and left out"},
		{`"a1 b1 c1 d1"~2`, "~2", "4 words cannot stand within 2 of each other"},
		{"network:trustpilot", "network:trustpilot", "this asks for every post of trustpilot where it stands by itself"},
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
		`title:(evade:acme OR camel:"b c")~3 $ACME -author:"jane doe" <<<x>>> /col(ou|o)r/ wom?n*`, `rating:[1 TO 2] has:links "a b c"~9 query:x/y a NEAR/2f {B+}`,
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
		"$5":                `$ "$" is not searched for: this finds every "5"`,
		"$ACME":             "", "{C++}": "", "custom?er": "",
		"AT&T": "", "LEGO™": "", "l'acme": "", `"caught fire!"`: "", `"AT & T"`: "", "recall*": "", "-toy acme": "", "acme-toys": "",
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
