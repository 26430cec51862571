package main

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docFiles writes the code blocks of a page that begin with a file name as files,
// and returns their folder.
func docFiles(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, block := range regexp.MustCompile("(?s)```[a-z]+\n# ([a-z./]+)\n(.*?)```").FindAllSubmatch(text, -1) {
		name := filepath.Join(dir, string(block[1]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, block[2], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// earshotIs runs the command line and checks its exit status.
func earshotIs(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := exitCode(args, strings.NewReader(""), &out, &errs); got != want {
		t.Errorf("earshot %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), got, want, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// The examples of docs/testing.md pass.
func TestTestingDocs(t *testing.T) {
	dir := docFiles(t, "testing.md")
	report := filepath.Join(dir, "report.xml")
	stdout, _ := earshotIs(t, 0, "test", "-c", filepath.Join(dir, "earshot.yaml"), "--junit", report,
		filepath.Join(dir, "tests/service.yaml"), filepath.Join(dir, "labelled.ndjson"))
	if n := strings.Count(stdout, "ok  "); n != 2 || !strings.Contains(stdout, "3 tests") {
		t.Errorf("%d files are ok:\n%s", n, stdout)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var suites struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suite    []struct {
			Case []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(text, &suites); err != nil {
		t.Fatal(err)
	}
	if suites.Tests != 6 || suites.Failures != 0 || len(suites.Suite) != 2 || suites.Suite[0].Case[0].Name != "a broken castle" {
		t.Errorf("the report is %s", text)
	}
}

// Whatever a file of tests holds, it is refused with a place or read.
func FuzzTests(f *testing.F) {
	f.Add([]byte("tests: [{mentions: [{text: a, at: 1s, expect: [{brand: acme, urgency: high}]}], alerts: []}]"), false)
	f.Add([]byte("brands: [{name: a, query: a}]\ntests:\n- {name: x, mentions: [{text: a, age: 3d}]}"), false)
	f.Add([]byte(`{"text":"a","test":"x","at":"1s","expect":[{"brand":"acme","urgency":1}],"alerts":[{}]}`), true)
	f.Add([]byte("tests: [{mentions: [{}, 1]}, [], {alerts: 3}]"), false)
	book := filepath.Join(f.TempDir(), "book.yaml")
	if err := os.WriteFile(book, []byte("brands: [{name: acme, query: acme}]"), 0o644); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte, lines bool) {
		name := filepath.Join(t.TempDir(), "tests.yaml")
		if lines {
			name = strings.TrimSuffix(name, "yaml") + "ndjson"
		}
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
		ground, err := readTests(name, book, true)
		if err == nil && len(ground.cases) == 0 {
			t.Error("a file without tests was taken")
		}
	})
}
