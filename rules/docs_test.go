package rules_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"earshot"
	"earshot/rules"
	"earshot/rules/query"
)

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var code = regexp.MustCompile("`([^`]+)`")

// examples are the texts in backticks of a table cell, \u escapes resolved.
func examples(t *testing.T, cell string) (found []string) {
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		s := m[1]
		if strings.Contains(s, `\u`) {
			unquoted, err := strconv.Unquote(`"` + s + `"`)
			if err != nil {
				t.Fatal(err)
			}
			s = unquoted
		}
		found = append(found, s)
	}
	return found
}

// Every example of docs/query.md is true.
func TestQueryDocs(t *testing.T) {
	rows := 0
	for line := range strings.Lines(read(t, "query.md")) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "|\n "), " | ")
		source := examples(t, cells[0])[0]
		if len(cells) == 2 {
			if strings.HasPrefix(cells[1], "error: ") || strings.HasPrefix(cells[1], "warning: ") {
				checkProblem(t, source, cells[1])
			}
			continue
		}
		b, problems := rules.New(rules.Config{Brands: []rules.Brand{
			{Name: "acme", Query: source},
			{Name: "rival", Query: "rival", Topics: []rules.Topic{{Name: "complaint", Query: "rival broken"}}},
		}})
		if len(problems) > 0 {
			t.Errorf("%s: %v", source, problems)
			continue
		}
		for n, want := range []bool{true, false} {
			for _, s := range examples(t, cells[1+n]) {
				if got := concerns(b, example(t, s)); got != want {
					t.Errorf("%s finds %q: %v, want %v", source, s, got, want)
				}
			}
		}
	}
	if rows < 80 {
		t.Errorf("only %d examples in docs/query.md", rows)
	}
}

// example is a text, or a mention in JSON.
func example(t *testing.T, s string) *earshot.Mention {
	m := &earshot.Mention{Text: s}
	if strings.HasPrefix(s, `{"`) {
		m.Text = ""
		if err := json.Unmarshal([]byte(s), m); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return m
}

func concerns(b *rules.Book, m *earshot.Mention) bool {
	return slices.ContainsFunc(b.Judge(m), func(v earshot.Verdict) bool { return v.Brand == "acme" })
}

func checkProblem(t *testing.T, source, says string) {
	severity, what, _ := strings.Cut(says, ": ")
	_, problems := query.Parse(source)
	if len(problems) == 0 || problems[0].What != what || problems[0].Warning != (severity == "warning") {
		t.Errorf("%s: %v, want %s", source, problems, says)
	}
}

// Every condition of docs/rules.md compiles, and every attribute is described.
func TestRulesDocs(t *testing.T) {
	doc := read(t, "rules.md")
	_, block, _ := strings.Cut(doc, "```expr\n")
	block, _, _ = strings.Cut(block, "```")
	conditions := strings.Split(strings.TrimSpace(block), "\n")
	if len(conditions) < 5 {
		t.Errorf("only %d conditions", len(conditions))
	}
	for _, when := range conditions {
		if _, problems := compile(when); len(problems) > 0 {
			t.Errorf("%s: %v", when, problems)
		}
	}
	for _, name := range rules.AttributeNames() {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/rules.md does not describe %s", name)
		}
	}
}
