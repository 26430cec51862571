package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a query finds is shown with its place, what it misses with the part of the
// query that does.
func TestQueryExplain(t *testing.T) {
	config := filepath.Join(t.TempDir(), "earshot.yaml")
	if err := os.WriteFile(config, []byte("brands: [{name: acme, query: 'acme OR #acme', topics: {safety: 'recall* OR fire'}}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, in string
		args     []string
		code     int
		out, err string
	}{
		{
			name: "plain lines and mentions", args: []string{`acme NEAR/3 (recall* OR "caught fire") -klein`},
			in: "Acme recalls a toy\nacme klein\n\n{\"id\": \"x:1\", \"title\": \"Acme\", \"text\": \"caught fire\"}\nAcme klein caught fire\n",
			out: "+ stdin:1  [Acme] [recalls] a toy\n" +
				"    found    acme NEAR/3 (recall* OR \"caught fire\")  text 0–4 “Acme”  text 5–12 “recalls”\n" +
				"- stdin:2  acme klein\n" +
				"    missing  acme NEAR/3 (recall* OR \"caught fire\")\n" +
				"    unwanted klein\n" +
				"- x:1  Acme:  caught fire\n" +
				"    missing  acme NEAR/3 (recall* OR \"caught fire\")\n" +
				"- stdin:5  [Acme] klein [caught fire]\n" +
				"    found    acme NEAR/3 (recall* OR \"caught fire\")  text 0–4 “Acme”  text 11–22 “caught fire”\n" +
				"    unwanted klein\n",
			err: "1 of 4 posts match\n",
		},
		{
			name: "only what matches, fields, regular expressions", args: []string{"--matching", `/rec.ll/ lang:en`},
			in:  "{\"text\": \"a recall\", \"lang\": \"en\"}\n{\"text\": \"a recall\", \"lang\": \"de\"}\n",
			out: "+ stdin:1  a [recall]\n    found    /rec.ll/  text 2–8 “recall”\n    found    lang:en\n",
			err: "1 of 2 posts match\n",
		},
		{
			name: "named queries", args: []string{"-c", config, "query:acme query:acme/safety"}, in: "acme fire\n#acme\n",
			out: "+ stdin:1  [acme] [fire]\n    found    query:acme  text 0–4 “acme”\n    found    query:acme/safety  text 5–9 “fire”\n" +
				"- stdin:2  [#acme]\n    found    query:acme  text 0–5 “#acme”\n    missing  query:acme/safety\n",
			err: "1 of 2 posts match\n",
		},
		{
			name: "a mistake", args: []string{"acme OR\n(toy"}, code: exitUsage,
			err: "query:2:1: this parenthesis is never closed (add a ))\n    (toy\n    ^\nearshot: the query is wrong\n",
		},
		{
			name: "a name that nobody has", args: []string{"-c", config, "query:acne"}, code: exitUsage,
			err: "query:1:1: there is no query \"acne\" (did you mean acme?)\n    query:acne\n    ^^^^^^^^^^\nearshot: the query is wrong\n",
		},
		{
			name: "a warning", args: []string{"acme OR love"},
			err: "query:1:9: warning: nearly every post has love, so this query is looked at for nearly every post (join it to a rarer word, by AND or in a phrase)\n" +
				"    acme OR love\n            ^^^^\n0 of 0 posts match\n",
		},
		{
			name: "no mention", args: []string{"acme"}, in: "{\"text\": 1}\nacme\n", code: exitFailed,
			out: "+ stdin:2  [acme]\n    found    acme  text 0–4 “acme”\n",
			err: "stdin:1:10: ",
		},
		{name: "no query", code: exitUsage, err: "earshot: a query is missing (such as earshot query explain 'acme OR #acme')\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := call(t, tt.in, append([]string{"query", "explain"}, tt.args...)...)
			if code != tt.code {
				t.Errorf("exit status %d, want %d", code, tt.code)
			}
			if diff := cmp.Diff(tt.out, out); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(errs, tt.err) {
				t.Errorf("stderr:\n%s\nwant:\n%s", errs, tt.err)
			}
		})
	}
}
