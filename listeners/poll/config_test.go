package poll_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/poll"
)

const sound = "network: forum\nurl: https://forum.example/posts\nmapping: {id: id, text: text}\n"

func openWith(section string, queries ...earshot.Query) ([]listeners.Part, earshot.Problems) {
	parts, err := poll.Driver().Open(listeners.Setup{Name: "p", Decode: decoder(section), Queries: queries})
	var problems earshot.Problems
	if err != nil && !errors.As(err, &problems) {
		problems = earshot.Problems{{What: err.Error()}}
	}
	return parts, problems
}

// All that is wrong with a section is said, each where it stands.
func TestProblems(t *testing.T) {
	for section, want := range map[string]string{
		sound: "",
		"network: x\nurl: https://x.example/\nmapping: {text: a}": "mapping.id: id is missing: nothing tells one post from another",
		"network: Big Net\n":                                              "network: network is not the name of a network",
		"url: forum.example\n":                                            "url: the address does not begin with http:// or https://",
		"url: https://a:b@forum.example/\n":                               "url: the address holds a user or password, which would show in logs",
		"url: https://{term}.example/\n":                                  "url: the host may not depend on what is asked for",
		"url: https://forum.example/{page}/{id}\n":                        "url: there is no value {id}",
		"url: https://forum.example/?q={since:iso}\n":                     `url: times have no form "iso", but rfc3339, unix, unixms, date`,
		"url: https://forum.example/?q={page:unix}\n":                     `url: {page} has no form "unix"`,
		"url: https://forum.example/?q={x\n":                              "url: a brace that belongs to no value",
		"every: -1s\n":                                                    "every: every is not positive",
		"every: 10ms\n":                                                   "warning every: every 10ms asks more often than once a second",
		"first: 0s\n":                                                     "first: first is not positive",
		"overlap: -1s\n":                                                  "overlap: overlap is negative",
		"order: random\n":                                                 "order: order is neither newest nor oldest",
		"search: {phrases: odd}\n":                                        "search.phrases: phrases is neither quoted nor plain",
		"paging: {most: 0}\n":                                             "paging.most: most is less than 1",
		"paging: {start: -1}\n":                                           "paging.start: start is negative",
		"paging: {more: 'len(x)'}\n":                                      "paging.more: this gives a number, not true or false",
		"paging: {token: next}\n":                                         "paging.token: nothing asks for {token}",
		"answer: {backoff: 'x +'}\n":                                      "answer.backoff: unexpected token EOF",
		"headers: {authorization: x}\n":                                   "headers: authorization may hold a secret, which belongs in a file",
		"secrets: [{value_file: x}]\n":                                    "secrets[0]: a secret goes into a header or a parameter",
		"secrets: [{header: a, param: b, value_file: x}]\n":               "secrets[0]: a secret goes into a header or a parameter",
		"secrets: [{header: a}]\n":                                        "secrets[0]: the secret has no value_file",
		"secrets: [{header: a, optional: true}]\n":                        "",
		"secrets: [{header: a, value_file: /is/not/there}]\n":             "",
		"budget: {day: -1}\n":                                             "budget.day: not an amount that can be spent",
		"url: https://forum.example/?q={term}\n":                          "warning url: there is nothing to search for",
		"url: https://forum.example/?q={term}\nsearch: {terms: [a, A]}\n": "search.terms[1]: empty, or there already",
		"mapping: {id: id, text: 'htlm(x)'}\n":                            `mapping.text: there is no function "htlm"`,
	} {
		whole := section
		for line := range strings.Lines(sound) {
			if key, _, _ := strings.Cut(line, ":"); !strings.Contains("\n"+section, "\n"+key+":") {
				whole += line
			}
		}
		parts, problems := openWith(whole)
		got := ""
		if len(problems) > 0 {
			got = problems[0].Path + ": " + problems[0].What
			if problems[0].Warning {
				got = "warning " + got
			}
		}
		if got != want {
			t.Errorf("%s\nsays %q, want %q", section, got, want)
		}
		if problems.Fatal() != (parts == nil) && !strings.Contains(want, "nothing to search") {
			t.Errorf("%s: %d parts with %v", section, len(parts), problems)
		}
	}
}

// Values are written as their place demands, and a parameter without one is left
// out.
func TestTemplates(t *testing.T) {
	at := time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)
	expand := func(address, body string) (string, string) {
		t.Helper()
		a, b, problems := poll.Expand(address, body, at, at.Add(time.Hour), "", 2, "", `say "hi" & ü/{x}`)
		if len(problems) > 0 {
			t.Error(problems)
		}
		return a, b
	}
	for address, want := range map[string]string{
		"https://a.example/x?t={since}&u={since:unix}&m={since:unixms}&d={until:date}": "https://a.example/x?t=2026-11-22T01%3A02%3A03Z&u=1795309323&m=1795309323000&d=2026-11-22",
		"https://a.example/p/{page}.json?after={after}&token={token}":                  "https://a.example/p/2.json",
		"https://a.example/{term}?q={term}+lang:en&f=a>1,b<2&x[]=1#top":                "https://a.example/say%20%22hi%22%20&%20%C3%BC%2F%7Bx%7D?q=say+%22hi%22+%26+%C3%BC%2F%7Bx%7D+lang:en&f=a%3E1,b%3C2&x[]=1",
		"https://a.example?plain=1&empty=&q=%20{offset}":                               "https://a.example?plain=1&empty=&q=%200",
	} {
		if got, _ := expand(address, ""); got != want {
			t.Errorf("%s becomes\n%s, want\n%s", address, got, want)
		}
	}
	for body, want := range map[string]string{
		`{"q": "{term}", "since": {since:json}, "next": {token:json}, "$x": {a: {b}}}`: `{"q": "say \"hi\" \u0026 ü/{x}", "since": "2026-11-22T01:02:03Z", "next": null, "$x": {a: {b}}}`,
	} {
		if _, got := expand("https://a.example/", body); got != want {
			t.Errorf("%s becomes\n%s, want\n%s", body, got, want)
		}
	}
}

func node(op earshot.QueryOp, text string, nodes ...earshot.QueryNode) earshot.QueryNode {
	return earshot.QueryNode{Op: op, Text: text, Nodes: nodes}
}

// What is searched for finds every post that a query asks for, in few requests.
func TestTerms(t *testing.T) {
	word := func(s string) earshot.QueryNode { return node(earshot.QueryWord, s) }
	for name, tt := range map[string]struct {
		root       earshot.QueryNode
		want       []string
		incomplete bool
	}{
		"word":          {word("acme"), []string{"acme"}, false},
		"or":            {node(earshot.QueryOr, "", word("acme"), node(earshot.QueryHashtag, "Acme"), node(earshot.QueryHandle, "acmecare")), []string{"acme", "acmecare"}, false},
		"and":           {node(earshot.QueryAnd, "", node(earshot.QueryOr, "", word("a"), word("b")), word("wheel"), node(earshot.QueryNot, "", word("x"))), []string{"wheel"}, false},
		"longer":        {node(earshot.QueryAnd, "", word("toy"), word("wheelbarrow")), []string{"wheelbarrow"}, false},
		"near":          {node(earshot.QueryNear, "", word("recall*"), word("toys")), []string{"toys"}, false},
		"phrase":        {node(earshot.QueryPhrase, "acme toys"), []string{`"acme toys"`}, false},
		"beginning":     {word("injur*"), []string{"injur"}, true},
		"one letter":    {word("gr?y"), []string{"gr"}, true},
		"wild phrase":   {node(earshot.QueryPhrase, "toy wheel*"), []string{"toy"}, false},
		"not a text":    {node(earshot.QueryLang, "de"), nil, true},
		"partly a text": {node(earshot.QueryOr, "", word("acme"), node(earshot.QueryAuthor, "ana")), []string{"acme"}, true},
		"restricted":    {node(earshot.QueryAnd, "", word("acme"), node(earshot.QueryLang, "de")), []string{"acme"}, false},
	} {
		got, incomplete := poll.TermsOf([]earshot.Query{{Root: tt.root}}, "quoted")
		if diff := cmp.Diff(tt.want, got); diff != "" || incomplete != tt.incomplete {
			t.Errorf("%s: incomplete %v, %s", name, incomplete, diff)
		}
	}
	if got, _ := poll.TermsOf([]earshot.Query{{Root: node(earshot.QueryPhrase, "acme toys")}}, "plain"); !slices.Equal(got, []string{"acme toys"}) {
		t.Error(got)
	}
}

// Each term is a part of its own, with a name that lasts.
func TestTermParts(t *testing.T) {
	names := func(parts []listeners.Part) []string {
		all := []string{}
		for _, p := range parts {
			all = append(all, p.Name)
		}
		return all
	}
	section := strings.Replace(sound, "/posts", "/posts?q={term}", 1)
	parts, problems := openWith(section, earshot.Query{Root: node(earshot.QueryWord, "Acme")}, earshot.Query{Root: node(earshot.QueryWord, "acme")}, earshot.Query{Root: node(earshot.QueryWord, "toys")})
	if diff := cmp.Diff([]string{"acme", "toys"}, names(parts)); diff != "" || len(problems) > 0 {
		t.Error(diff, problems)
	}
	parts, _ = openWith(section+"search: {terms: [only this]}", earshot.Query{Root: node(earshot.QueryWord, "acme")})
	if diff := cmp.Diff([]string{"only this"}, names(parts)); diff != "" {
		t.Error(diff)
	}
	var many []earshot.QueryNode
	for i := range 300 {
		many = append(many, node(earshot.QueryWord, strings.Repeat("x", i+1)))
	}
	if _, problems := openWith(section, earshot.Query{Root: node(earshot.QueryOr, "", many...)}); !problems.Fatal() {
		t.Error("three hundred terms were taken")
	}
}
