package strict_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/cmd/earshot/strict"
)

type tls struct {
	CAFile string `yaml:"ca_file"`
}

type sample struct {
	Name   string                   `yaml:"name"`
	Query  string                   `yaml:"query"`
	Every  time.Duration            `yaml:"every"`
	Count  int                      `yaml:"count"`
	Ratio  float64                  `yaml:"ratio"`
	Follow bool                     `yaml:"follow"`
	URLs   []string                 `yaml:"urls"`
	Within map[string]time.Duration `yaml:"within"`
	TLS    tls                      `yaml:"tls"`
	Deep   []sample                 `yaml:"deep"`
}

var verbatim = []string{"query", "when"}

func parse(t testing.TB, text string, o strict.Options) (sample, []string) {
	t.Helper()
	o.Verbatim = verbatim
	d := strict.Parse("f.yaml", []byte(text), o)
	var s sample
	d.Decode(d.Root(), &s)
	var said []string
	for _, f := range d.Findings() {
		said = append(said, f.Error())
	}
	return s, said
}

// Every way YAML can write a value gives the value.
func TestDecode(t *testing.T) {
	text := `
base: &base {count: 3, every: 5m}
name: "ä\u00f6"
query: |
  a OR b
   c
every: 1w2d3h
<<: *base
ratio: 0.5
follow: true
urls: [x, 'y', "z"]
within: {high: 1h, low: 8h}
deep:
  - <<: *base
    name: '12'
  - {name: a, deep: [{name: b}]}
`
	got, said := parse(t, strings.Replace(text, "base: &base {count: 3, every: 5m}", "tls: &base {count: 3, every: 5m}", 1), strict.Options{})
	if len(said) != 2 {
		t.Fatalf("the keys of tls are unknown there, and only they: %q", said)
	}
	want := sample{
		Name: "äö", Query: "a OR b\n c\n", Every: 9*24*time.Hour + 3*time.Hour, Count: 3, Ratio: 0.5, Follow: true,
		URLs: []string{"x", "y", "z"}, Within: map[string]time.Duration{"high": time.Hour, "low": 8 * time.Hour},
		Deep: []sample{{Name: "12", Count: 3, Every: 5 * time.Minute}, {Name: "a", Deep: []sample{{Name: "b"}}}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(sample{})); diff != "" {
		t.Error(diff)
	}
}

// Each mistake is reported where it is, and all of them at once.
func TestFindings(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":      {"nmae: x\ncuont: 3", "f.yaml:1:1: unknown key \"nmae\" (did you mean \"name\"?)\nf.yaml:2:1: unknown key \"cuont\" (did you mean \"count\"?)"},
		"types":            {"count: x\nfollow: yes\nurls: a\nname: [a]\nevery: 5\nratio: .nan\ntls: 1", "f.yaml:1:8: not a whole number (write digits only, such as 12)\nf.yaml:2:9: not true or false (write true or false, without quotes)\nf.yaml:3:7: a list is expected here (write [a, b], or one - item a line)\nf.yaml:4:7: a text is expected here (write it on one line, in quotes if it holds : or #)\nf.yaml:5:8: not a duration (write a number and a unit, such as 90s, 5m, 36h, 30d or 2w)\nf.yaml:6:8: not a number (write a number such as 0.5)\nf.yaml:7:6: keys with values are expected here (write key: value)"},
		"twice":            {"name: a\ncount: 1\nname: b", "f.yaml:3:1: key \"name\" is there twice, first in line 1 (keep one of them)"},
		"boolean as text":  {"name: no", "f.yaml:1:7: a text is expected here, and YAML may read this as true or false (quote it)"},
		"number as text":   {"name: 12\nquery: 1.5\nurls: [0x1f, '3', x4]\ndeep: [{name: !!str 5}]", "f.yaml:1:7: a text is expected here, and YAML reads this as a number (quote it)\nf.yaml:2:8: a text is expected here, and YAML reads this as a number (quote it)\nf.yaml:3:8: a text is expected here, and YAML reads this as a number (quote it)"},
		"open variable":    {"name: ${HOME\ntls: {ca_file: 'a/${B'}", "f.yaml:1:7: a ${ that is never closed (write ${NAME}, or $${ for the characters themselves)\nf.yaml:2:16: a ${ that is never closed (write ${NAME}, or $${ for the characters themselves)"},
		"two documents":    {"name: a\n---\nname: b", "f.yaml:3:5: a second document begins here (keep one; --- separates documents)"},
		"not a mapping":    {"- a", "f.yaml:1:1: the file must hold keys with values (begin with brands:)"},
		"a tab":            {"tls:\n\tca_file: x", "f.yaml:2:1: a tab where YAML wants spaces (indent with spaces)"},
		"a bare @":         {"query: @acme", "f.yaml:1:8: a text may not begin with this character (quote the query, or begin it with | on a line of its own)"},
		"a bare *":         {"query: *acme OR b", "f.yaml:1:14: more text after the value (quote the query, or begin it with | on a line of its own)"},
		"an unknown alias": {"query: *acme", "f.yaml:1:8: *acme refers to an anchor that is not defined above (define it as &acme, or quote the text if the * is part of it)"},
		"a comment":        {"query: acme OR #acme", "f.yaml:1:8: warning: YAML takes the # and all after it on this line for a comment (quote the text, or begin it with |, if the # is part of it)"},
		"only a comment":   {"query: #acme", "f.yaml:1:8: warning: YAML takes the # and all after it on this line for a comment (quote the text, or begin it with |, if the # is part of it)"},
		"no variable":      {"name: ${EARSHOT_NOT_SET}", "f.yaml:1:7: the environment variable EARSHOT_NOT_SET is not set (set it, or use a file)"},
		"no file":          {"tls: {ca_file: hunter2}", "f.yaml:1:16: ca_file: there is no such file in /nowhere (the value is the path of a file that holds the secret)"},
		"not UTF-8":        {"name: a\nname: \xffb", "f.yaml:2:7: a byte that is not UTF-8 (save the file as UTF-8)"},
		"syntax in pieces": {"name: 'a\nurls: [1, 2\ncount: x\nevery: b: c", "f.yaml:1:7: a quote that is never closed (add the closing quote; double ' inside '…')\nf.yaml:2:7: a [ that is never closed (add ])\nf.yaml:3:8: not a whole number (write digits only, such as 12)\nf.yaml:4:8: a second colon in a value (quote the text; is the indentation right?)"},
		"syntax deep down": {"deep:\n  - name: a: b\n    count: x\n  - {name: c\n  - name: 'd", "f.yaml:2:11: a second colon in a value (quote the text; is the indentation right?)\nf.yaml:3:12: not a whole number (write digits only, such as 12)\nf.yaml:4:5: a { that is never closed (add })\nf.yaml:5:11: a quote that is never closed (add the closing quote; double ' inside '…')"},
		"lost hashes":      {"deep:\n  - {name: a, query: acme OR #acme}\n  - name: b\n    query: acme\n      OR #acme\n      OR foo\n  - name: c\n    every: 5m # often\n    urls: [a # one", "f.yaml:2:5: a { that is never closed (add }, or does ` #` begin a comment? quote the query)\nf.yaml:6:7: more text after the value (does ` #` begin a comment? quote the query)\nf.yaml:9:11: a [ that is never closed (add ])"},
		"hash behind":      {"deep: [{name: @x,\n  query: x}, {query: y OR #z\n  }]", "f.yaml:1:15: a text may not begin with this character (quote the text)"},
		"merging nonsense": {"<<: 3", "f.yaml:1:5: << merges mappings only (write <<: *anchor)"},
		"an odd key":       {"? [a]\n: b", "f.yaml:1:3: this is not YAML (are the indentation and the quotes right?)\nf.yaml:2:1: a key without a colon (write key: value)"},
		"a tag":            {"name: !secret x", "f.yaml:1:7: tags are not used here (quote the text if the ! is part of it)"},
		"a directive":      {"name: %x", "f.yaml:1:7: a word may not begin with % (quote the text)"},
	} {
		t.Run(name, func(t *testing.T) {
			_, said := parse(t, c.text, strict.Options{Dir: "/nowhere"})
			if diff := cmp.Diff(c.want, strings.Join(said, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a part says of a byte in a text is reported where that byte is written,
// however it is written.
func TestPositionsInTexts(t *testing.T) {
	for name, text := range map[string]string{
		"plain":               "query: aaa XX",
		"plain, wide":         "deep: [{query: ää日本 XX}]",
		"plain, folded":       "query: aaa\n  bbb\n\n  ccc XX ddd\ncount: 1",
		"single":              "query: 'it''s XX'",
		"single, folded":      "query: 'it''s\n  bb\n\n\n   XX c'",
		"double":              `query: "a\u00e9\n\t\"é XX"`,
		"double, folded":      "query: \"a\\\n   b\n   c XX\"",
		"literal":             "query: |\n  aaa\n    bbb\n\n  cc XX\ncount: 2",
		"literal, first":      "query: |\n  XX",
		"literal, strip":      "deep:\n  - query: |-\n\n      aaa\n      ä XX\n",
		"folded":              "query: >\n  aaa\n  bbb\n\n  cc XX d\n",
		"folded, more indent": "query: >\n  aaa\n    bbb\n  cc XX d\n",
		"tabs and CRLF":       "query: |\r\n  aaa\tb\r\n  XX\r\n",
		"in a list":           "deep:\n- query: a\n- name: x\n  query: b XX",
		"aliased":             "name: &q b XX\nquery: *q",
	} {
		t.Run(name, func(t *testing.T) {
			d := strict.Parse("f", []byte(text), strict.Options{Verbatim: verbatim})
			var s sample
			if !d.Decode(d.Root(), &s) {
				t.Fatal(d.Findings())
			}
			path, value := "query", s.Query
			for i, inner := range s.Deep {
				if strings.Contains(inner.Query, "XX") {
					path, value = fmt.Sprintf("deep[%d].query", i), inner.Query
				}
			}
			d.ReportProblem(earshot.Problem{Path: path, Offset: strings.Index(value, "XX"), Length: 2, What: "here"}, "")
			got := d.Findings()[0]
			for i, line := range strings.Split(text, "\n") {
				before, _, ok := strings.Cut(line, "XX")
				if want := len([]rune(before)) + 1; ok && (got.Line != i+1 || got.Col != want) {
					t.Errorf("at %d:%d, want %d:%d", got.Line, got.Col, i+1, want)
				}
			}
			if !strings.Contains(got.Excerpt, "XX") || got.Width != 2 {
				t.Errorf("excerpt %q with %d carets", got.Excerpt, got.Width)
			}
		})
	}
}

// What is missing at the end of a text is missing behind its last word.
func TestPositionOfTheEnd(t *testing.T) {
	for text, want := range map[string]string{
		"query: a OR":                       "1:12",
		"query: 'a OR'":                     "1:13",
		"query: a OR # b":                   "1:12",
		"query: |\n  a\n  b OR\n\ncount: 1": "3:7",
		"query: >\n  a\n  OR\n":             "3:5",
	} {
		d := strict.Parse("f", []byte(text), strict.Options{Verbatim: verbatim})
		d.ReportProblem(earshot.Problem{Path: "query", Offset: len(d.Root().Get("query").Text()), What: "here"}, "")
		f := d.Findings()[0]
		if got := fmt.Sprintf("%d:%d", f.Line, f.Col); got != want || f.Width != 1 || !strings.HasSuffix(f.Excerpt, "OR") {
			t.Errorf("%q: at %s, want %s: %q", text, got, want, f.Excerpt)
		}
	}
}

// A file may not be made to explode.
func TestBombs(t *testing.T) {
	laughs := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		p := c - 1
		laughs += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", c, c, p, p, p, p, p, p, p, p, p, p)
	}
	var keys strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&keys, "k%d: *x%d\n", i, i)
	}
	for name, text := range map[string]string{
		"laughs":   laughs,
		"brackets": "a: " + strings.Repeat("[", 200_000),
		"braces":   "a: " + strings.Repeat("{a: ", 100_000),
		"dashes":   strings.Repeat("- ", 200_000),
		"keys":     strings.Repeat("? ", 100_000),
		"tags":     "a: " + strings.Repeat("!!str ", 100_000),
		"mistakes": strings.Repeat("a: b: c\n", 50_000),
		"nested":   "a:\n" + strings.Repeat("  - b:\n    - c: d: e\n", 20_000),
		"broken":   strings.Repeat("- [\n", 30) + keys.String(),
		"size":     strings.Repeat("#", strict.MaxSize+1),
	} {
		t.Run(name, func(t *testing.T) {
			// In more than linear time this would take longer than go test waits.
			if _, said := parse(t, text, strict.Options{}); len(said) == 0 {
				t.Error("nothing is found wrong")
			}
		})
	}
}

// Secrets stand in files and variables: the first readable place counts.
func TestSecrets(t *testing.T) {
	dir, credentials := t.TempDir(), t.TempDir()
	write := func(path string) string {
		if err := os.WriteFile(path, []byte("s3cr3t"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	want := write(filepath.Join(credentials, "ca"))
	o := strict.Options{Dir: dir, Credentials: credentials, Getenv: func(name string) (string, bool) { return "v-" + name, name == "A" }}
	got, said := parse(t, "tls: {ca_file: ca}\nname: x${A}$$y\nquery: ${A}", o)
	if len(said) != 0 || got.TLS.CAFile != want || got.Name != "xv-A$y" || got.Query != "${A}" {
		t.Errorf("%+v %q", got, said)
	}
	want = write(filepath.Join(dir, "ca"))
	if got, _ := parse(t, "tls: {ca_file: ca}", o); got.TLS.CAFile != want {
		t.Errorf("the configuration's own directory comes first, got %q", got.TLS.CAFile)
	}
}

// The file of a secret that is needed later may come later; a value that is no
// path stays untold all the same.
func TestDecodeLater(t *testing.T) {
	var c struct {
		TokenFile string `yaml:"token_file"`
	}
	d := strict.Parse("f.yaml", []byte("token_file: hunter2"), strict.Options{Dir: "/nowhere"})
	if !d.DecodeLater(d.Root(), &c) || c.TokenFile != "/nowhere/hunter2" {
		t.Errorf("read %q", c.TokenFile)
	}
	found := d.Findings()
	if len(found) != 1 || !found[0].Warning || strings.Contains(found[0].Error(), "hunter2") {
		t.Errorf("found %v", found)
	}
	if d.Decode(d.Root(), &c) {
		t.Error("a missing file is an error again afterwards")
	}
}
