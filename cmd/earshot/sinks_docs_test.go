package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every kind of sink has a page and a row in the table of sinks.
func TestSinksAreDocumented(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "sinks")
	table, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sinkNames() {
		if _, err := os.Stat(filepath.Join(dir, name+".md")); err != nil {
			t.Error(err)
		}
		if row := "\n| [" + name + "](" + name + ".md) |"; !strings.Contains(string(table), row) {
			t.Errorf("docs/sinks/README.md has no row%s", row)
		}
	}
}
