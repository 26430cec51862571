package earshot_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// column returns the first `code` of each row of a document's tables whose first
// cell is nothing else.
func column(t *testing.T, name string) []string {
	t.Helper()
	var cells []string
	for _, row := range regexp.MustCompile("(?m)^\\| *`([^`]+)` *\\|").FindAllStringSubmatch(read(t, name), -1) {
		cells = append(cells, row[1])
	}
	return cells
}

// same reports what one of two lists has and the other has not.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, s := range got {
		if !slices.Contains(want, s) {
			t.Errorf("%s names %s, which is not there", what, s)
		}
	}
	for _, s := range want {
		if !slices.Contains(got, s) {
			t.Errorf("%s does not name %s", what, s)
		}
	}
}

// The two commands of the README are all that a newcomer needs, and CI runs the
// tests by the same one.
func TestReadmeCommands(t *testing.T) {
	readme := read(t, "README.md")
	for _, command := range []string{"go run ./cmd/earshot demo", "go test ./..."} {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(command) + `( +#.*)?$`).MatchString(readme) {
			t.Errorf("README.md has no line %q", command)
		}
	}
	if !regexp.MustCompile(`(?m)^step +test +go test \./\.\.\.$`).MatchString(read(t, ".ci/run")) {
		t.Error(".ci/run has no step that runs the README's test command")
	}
}

// The README's table of networks is the folders of listeners that are drivers.
func TestReadmeNetworks(t *testing.T) {
	var networks []string
	for _, driver := range drivers(sources(t)) {
		if path.Dir(driver) == "listeners" {
			networks = append(networks, path.Base(driver))
		}
	}
	same(t, "README.md", column(t, "README.md"), networks)
}

// The folder table of ARCHITECTURE.md has a row for each package, and each row
// is a folder.
func TestArchitectureFolders(t *testing.T) {
	var packages []string
	for _, file := range sources(t) {
		if dir := file.dir + "/"; file.dir != "." && !slices.Contains(packages, dir) {
			packages = append(packages, dir)
		}
	}
	rows := column(t, "ARCHITECTURE.md")
	for _, row := range rows {
		if info, err := os.Stat(row); err == nil && info.IsDir() && !slices.Contains(packages, row) {
			packages = append(packages, row) // a folder without Go code, such as docs/
		}
	}
	same(t, "ARCHITECTURE.md", rows, packages)
}

// The decision on libraries names every direct dependency with its version.
func TestDependenciesAreDecided(t *testing.T) {
	requirement := regexp.MustCompile(`(?m)^\t(\S+ v\S+)$`) // indirect ones have a comment
	var direct []string
	for _, match := range requirement.FindAllStringSubmatch(read(t, "go.mod"), -1) {
		direct = append(direct, match[1])
	}
	const decision = "docs/adr/0007-libraries.md"
	same(t, decision, column(t, decision), direct)
}

// Decisions are numbered without gaps and say what they cost.
func TestDecisions(t *testing.T) {
	entries, err := os.ReadDir("docs/adr")
	if err != nil {
		t.Fatal(err)
	}
	for i, entry := range entries {
		text := read(t, path.Join("docs/adr", entry.Name()))
		number := regexp.MustCompile(`^(\d{4})-[a-z0-9-]+\.md$`).FindStringSubmatch(entry.Name())
		if number == nil || strings.TrimLeft(number[1], "0") != strconv.Itoa(i+1) {
			t.Errorf("docs/adr/%s is not decision %d", entry.Name(), i+1)
		}
		for _, heading := range []string{"## Context", "## Decision", "## Price"} {
			if !strings.Contains(text, "\n"+heading+"\n") {
				t.Errorf("docs/adr/%s has no %q", entry.Name(), heading)
			}
		}
	}
}

// Documents point to files that exist.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`) // no URLs
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (slices.Contains([]string{"testdata", "node_modules"}, entry.Name()) || name != "." && strings.HasPrefix(name, ".")) {
			return fs.SkipDir
		}
		if path.Ext(name) != ".md" {
			return nil
		}
		for _, match := range link.FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(path.Join(path.Dir(name), match[1])); errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s links to %s, which is not there", name, match[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The Makefile stays small and explains itself.
func TestMakefile(t *testing.T) {
	targets := regexp.MustCompile(`(?m)^([a-z][a-z-]*):(.*)$`).FindAllStringSubmatch(read(t, "Makefile"), -1)
	if len(targets) > 10 {
		t.Errorf("the Makefile has %d targets, more than 10", len(targets))
	}
	for _, target := range targets {
		if !strings.Contains(target[2], "## ") {
			t.Errorf("make help says nothing of %s", target[1])
		}
	}
}
