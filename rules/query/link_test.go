package query_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/rules/query"
)

func library(t *testing.T, sources map[string]string) map[string]*earshot.Query {
	t.Helper()
	all := map[string]*earshot.Query{}
	for name, s := range sources {
		q, problems := query.Parse(s)
		if problems.Fatal() {
			t.Fatalf("Parse(%q): %v", s, problems)
		}
		all[name] = q
	}
	return all
}

// A name stands for the query as if it stood there in parentheses.
func TestLink(t *testing.T) {
	linked, problems := query.Link(library(t, map[string]string{
		"acme": "acme OR #acme", "acme/safety": "query:fire OR recall", "acme/fire": "fire* OR burn*", "acme/other": "query:acme NOT query:acme/safety",
		"rival": "rival OR query:acme", "rival/near": "query:rival NEAR/5 broken", "fire": "firebrand",
	}))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got := map[string]string{}
	for name, q := range linked {
		got[name] = q.String()
	}
	want := map[string]string{
		"acme": "acme OR #acme", "acme/safety": "fire* OR burn* OR recall", "acme/fire": "fire* OR burn*", "fire": "firebrand",
		"acme/other": "(acme OR #acme) AND NOT (fire* OR burn* OR recall)", "rival": "rival OR acme OR #acme",
		"rival/near": "(rival OR acme OR #acme) NEAR/5 broken",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if span := linked["rival"].Root.Nodes[2].Span; span != (earshot.Span{9, 19}) {
		t.Errorf("what is named stands at %v", span)
	}
}

// What cannot be linked is told where it is named; nothing runs in circles.
func TestLinkProblems(t *testing.T) {
	large := strings.Repeat("a OR ", 4000) + "b"
	for _, tt := range []struct {
		sources map[string]string
		in, at  string
		what    string
	}{
		{map[string]string{"": "x query:b"}, "", "query:b", `there is no query "b"`},
		{map[string]string{"a": "x query:b"}, "a", "query:b", `there is no query "b"`},
		{map[string]string{"a": "x OR query:a"}, "a", "query:a", "the query names itself: a → a"},
		{map[string]string{"a": "query:b", "b": "x query:c", "c": "NOT query:a y"}, "c", "query:a", "the query names itself: a → b → c → a"},
		{map[string]string{"a": "x NEAR/5 query:b", "b": "y AND z"}, "a", "query:b", "NEAR can only join words, phrases and OR-groups, and the query named here is none"},
		{map[string]string{"a": "query:b query:b query:b", "b": large}, "a", "query:b", "with the queries it names it has more than 10000 terms"},
	} {
		linked, problems := query.Link(library(t, tt.sources))
		found := problems[tt.in]
		if len(found) != 1 {
			t.Errorf("%v: %v", tt.sources, problems)
			continue
		}
		p := found[0]
		if got := tt.sources[tt.in][p.Offset : p.Offset+p.Length]; got != tt.at || p.What != tt.what || strings.HasSuffix(p.Hint, " ") || linked[tt.in] != nil {
			t.Errorf("%s: %q %s, linked %v", tt.in, got, p.What, linked[tt.in])
		}
	}
}

// A chain in which every query names the one before twice stops at the limit
// instead of growing without end.
func TestLinkDoubling(t *testing.T) {
	sources := map[string]string{"q0": "a OR b"}
	for i := range 60 {
		sources[fmt.Sprintf("q%d", i+1)] = fmt.Sprintf("query:q%d c%d query:q%d", i, i, i)
	}
	linked, problems := query.Link(library(t, sources))
	if linked["q5"] == nil || linked["q60"] != nil || len(problems) == 0 {
		t.Errorf("q5 %v, q60 %v, %d problems", linked["q5"] != nil, linked["q60"] != nil, len(problems))
	}
}

// A query that did not parse makes those that name it nil, without saying so again.
func TestLinkBroken(t *testing.T) {
	all := library(t, map[string]string{"a": "x query:b"})
	all["b"] = nil
	linked, problems := query.Link(all)
	if linked["a"] != nil || len(problems) > 0 {
		t.Errorf("%v, %v", linked["a"], problems)
	}
}
