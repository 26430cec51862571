package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"earshot/rules/examples"
)

// Every ready book holds without a warning but that nothing is listened to yet, and
// the posts that come with it prove it, ordinary ones that must wake nobody among
// them.
func TestRulesExamples(t *testing.T) {
	t.Parallel()
	names := examples.Names()
	if want := []string{"airline", "bank", "food-safety", "retail", "software"}; !slices.Equal(names, want) {
		t.Fatalf("%q", names)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, examples.Files()); err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(examples.Files(), "*.yaml")
	if err != nil || len(files) != 2*len(names) {
		t.Errorf("%d files, %v", len(files), err)
	}
	listed, _ := earshotIs(t, exitOK, "rules", "examples")
	for _, name := range names {
		book := filepath.Join(dir, name+".yaml")
		config, err := Load(book)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, w := range config.Warnings {
			if !strings.Contains(w.What, "no listeners") {
				t.Errorf("%s: %s", w.Position(), w.What)
			}
		}
		earshotIs(t, exitOK, "test", filepath.Join(dir, name+".test.yaml"))
		printed, _ := earshotIs(t, exitOK, "rules", "examples", name)
		proof, _ := earshotIs(t, exitOK, "rules", "examples", name, "--tests")
		if text, err := os.ReadFile(book); err != nil || string(text) != printed {
			t.Errorf("%s is not printed as it is: %v", name, err)
		}
		if !strings.Contains(proof, "wake nobody") || !strings.Contains(listed, name+" ") || !strings.Contains(listed, examples.Summary(name)) {
			t.Errorf("%s has no negatives, or is not listed:\n%s", name, listed)
		}
	}
	if _, stderr := earshotIs(t, exitUsage, "rules", "examples", "banck"); !strings.Contains(stderr, "bank") {
		t.Errorf("no suggestion: %s", stderr)
	}
	earshotIs(t, exitUsage, "rules", "examples", "--tests")
	earshotIs(t, exitUsage, "rules")
}
