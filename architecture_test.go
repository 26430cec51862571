package earshot_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the import path of the root.
const module = "earshot"

// source is one Go file of the tree.
type source struct {
	path    string // from the root, with slashes
	dir     string // "." for the root
	test    bool
	lines   int
	imports []string
	syntax  *ast.File
}

// tree is every Go file of the project, parsed once.
var tree = sync.OnceValues(func() ([]source, error) {
	var files []source
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := entry.Name(); entry.IsDir() && name != "." {
			if base == "testdata" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
				return fs.SkipDir
			}
			// A folder with a go.mod is another module.
			if _, err := os.Stat(filepath.Join(name, "go.mod")); !errors.Is(err, fs.ErrNotExist) {
				return fs.SkipDir
			}
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		file, err := parse(name)
		if err != nil {
			return err
		}
		files = append(files, file)
		return nil
	})
	return files, err
})

func parse(name string) (source, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), name, content, parser.ParseComments)
	if err != nil {
		return source{}, err
	}
	file := source{
		path:   filepath.ToSlash(name),
		dir:    path.Dir(filepath.ToSlash(name)),
		test:   strings.HasSuffix(name, "_test.go"),
		lines:  bytes.Count(content, []byte("\n")),
		syntax: syntax,
	}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, err
		}
		file.imports = append(file.imports, imported)
	}
	return file, nil
}

func sources(t *testing.T) []source {
	t.Helper()
	files, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// inside returns the folder of an import of this module, "." for the root.
func inside(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// part is the top-level folder that a folder belongs to.
func part(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

// isSuite reports whether a folder holds promises to test drivers against.
func isSuite(dir string) bool {
	return path.Dir(dir) != "." && strings.HasSuffix(path.Base(dir), "test")
}

// drivers are the folders directly below a part that import it, suites aside:
// helpers may not.
func drivers(files []source) []string {
	var dirs []string
	for _, file := range files {
		parent := path.Dir(file.dir)
		if parent == "." || path.Dir(parent) != "." || part(file.dir) == "cmd" || file.test || isSuite(file.dir) {
			continue
		}
		if slices.Contains(file.imports, module+"/"+parent) && !slices.Contains(dirs, file.dir) {
			dirs = append(dirs, file.dir)
		}
	}
	slices.Sort(dirs)
	return dirs
}

// refuse says why the folder from may not import the folder to, "" if it may.
func refuse(from, to string, test bool, drivers []string) string {
	// A driver's own folders are part of it.
	driver := func(dir string) string {
		i := slices.IndexFunc(drivers, func(d string) bool { return dir == d || strings.HasPrefix(dir, d+"/") })
		if i < 0 {
			return ""
		}
		return drivers[i]
	}
	switch {
	case from == to, to == ".", part(from) == "cmd": // an external test imports what it tests
		return ""
	case from == ".":
		return "the root is the vocabulary and imports no part"
	case part(from) != part(to):
		return "parts do not import each other: cmd hands over what is needed"
	case isSuite(to) && !test:
		return "suites are for tests"
	case driver(to) != "" && driver(to) != driver(from):
		return "nobody but cmd imports a driver"
	case isSuite(to), isSuite(from):
		return ""
	case to == part(to) && driver(from) == "":
		return "helpers do not import the part they help"
	}
	return ""
}

// Everybody may import the root; parts do not import each other; helpers do not
// import their part, nor anybody but cmd a driver; suites are for tests.
func TestImports(t *testing.T) {
	files := sources(t)
	drivers := drivers(files)
	for _, file := range files {
		for _, imported := range file.imports {
			if to, ok := inside(imported); ok {
				if why := refuse(file.dir, to, file.test, drivers); why != "" {
					t.Errorf("%s imports %s: %s", file.path, imported, why)
				}
			}
		}
	}
}

// The rule itself refuses what it should and nothing more.
func TestImportRule(t *testing.T) {
	drivers := []string{"listeners/rss", "listeners/file"}
	for _, tt := range []struct {
		from, to string
		test, ok bool
	}{
		{from: "rules", to: ".", ok: true},
		{from: "cmd/earshot", to: "listeners/rss", ok: true},
		{from: "cmd/earshot", to: "cmd/earshot/story", ok: true},
		{from: "cmd/earshot/story", to: "rules", ok: true},
		{from: "rules", to: "rules/query", ok: true},
		{from: "rules/match", to: "rules/query", ok: true},
		{from: "listeners/rss", to: "listeners", ok: true},
		{from: "listeners/rss", to: "listeners/mapping", ok: true},
		{from: "listeners/rss", to: "listeners/sourcetest", test: true, ok: true},
		{from: "listeners/sourcetest", to: "listeners", ok: true},
		{from: "rules", to: "rules", test: true, ok: true},
		{from: ".", to: ".", test: true, ok: true},
		{from: ".", to: "rules"},
		{from: "rules", to: "cmd/earshot/strict"},
		{from: "alerts", to: "bus"},
		{from: "alerts", to: "bus", test: true},
		{from: "alerts", to: "rules/query"},
		{from: "rules/query", to: "rules"},
		{from: "listeners", to: "listeners/rss"},
		{from: "listeners", to: "listeners/rss", test: true},
		{from: "listeners/rss", to: "listeners/rss/html", ok: true},
		{from: "listeners/rss", to: "listeners/file"},
		{from: "listeners/file", to: "listeners/rss/html"},
		{from: "listeners/mapping", to: "listeners/rss/html"},
		{from: "listeners/sourcetest", to: "listeners/file"},
		{from: "listeners/rss", to: "listeners/sourcetest"},
	} {
		if why := refuse(tt.from, tt.to, tt.test, drivers); (why == "") != tt.ok {
			t.Errorf("%s imports %s (test: %t): %q", tt.from, tt.to, tt.test, why)
		}
	}
}

// The root imports the standard library only, and only bus knows NATS.
func TestForeignImports(t *testing.T) {
	for _, file := range sources(t) {
		for _, imported := range file.imports {
			host, _, _ := strings.Cut(imported, "/")
			if _, ours := inside(imported); !ours && file.dir == "." && !file.test && strings.Contains(host, ".") {
				t.Errorf("%s imports %s: the root imports the standard library only", file.path, imported)
			}
			mayNATS := part(file.dir) == "bus" || part(file.dir) == "cmd" && file.test
			if strings.HasPrefix(imported, "github.com/nats-io/") && !mayNATS {
				t.Errorf("%s imports %s: only bus knows NATS", file.path, imported)
			}
		}
	}
}

// A driver is a folder plus one line in cmd/earshot/drivers.go.
func TestDriversAreRegistered(t *testing.T) {
	registry, err := parse("cmd/earshot/drivers.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, driver := range drivers(sources(t)) {
		if !slices.Contains(registry.imports, module+"/"+driver) {
			t.Errorf("%s is not registered in %s (a helper does not import its part)", driver, registry.path)
		}
	}
}

// Each package says in exactly one file what it does.
func TestPackageComments(t *testing.T) {
	comments := map[string][]string{}
	for _, file := range sources(t) {
		if file.test {
			if file.syntax.Doc != nil {
				t.Errorf("%s: package comments belong to the package, not to its tests", file.path)
			}
			continue
		}
		found := comments[file.dir]
		if doc := file.syntax.Doc; doc != nil {
			found = append(found, file.path)
			want := "Package " + file.syntax.Name.Name + " "
			if file.syntax.Name.Name == "main" { // as Go programs introduce themselves
				want = "Command " + path.Base(file.dir) + " "
			}
			if !strings.HasPrefix(doc.Text(), want) {
				t.Errorf("%s: the package comment does not begin with %q", file.path, want)
			}
		}
		comments[file.dir] = found
	}
	for dir, found := range comments {
		if len(found) != 1 {
			t.Errorf("%s has %d package comments, want 1: %v", dir, len(found), found)
		}
	}
}

// Nothing runs before main, nothing waits by the clock, no promise stays open.
func TestForbiddenCode(t *testing.T) {
	for _, file := range sources(t) {
		for _, decl := range file.syntax.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init(): wire it in cmd/earshot", file.path)
			}
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			if s, ok := node.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
				if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "time" {
					t.Errorf("%s: time.Sleep: wait for what you wait for", file.path)
				}
			}
			return true
		})
		for _, group := range file.syntax.Comments {
			text := group.Text()
			for _, word := range []string{"TO" + "DO", "FIX" + "ME"} {
				if strings.Contains(text, word) {
					t.Errorf("%s: %s: do it, or open an issue", file.path, word)
				}
			}
		}
	}
}

// waivers are the files longer than the limit, with their length. The list may
// only shrink, in entries and in numbers.
var waivers = map[string]int{}

// Files stay short enough to be read in one sitting.
func TestFileLength(t *testing.T) {
	const limit = 500
	lengths := map[string]int{}
	for _, file := range sources(t) {
		lengths[file.path] = file.lines
		if _, waived := waivers[file.path]; file.lines > limit && !waived {
			t.Errorf("%s has %d lines, more than %d: split it by subject", file.path, file.lines, limit)
		}
	}
	for name, waived := range waivers {
		switch lines := lengths[name]; {
		case lines <= limit:
			t.Errorf("%s needs no waiver any more: remove it", name)
		case lines != waived:
			t.Errorf("%s has %d lines, its waiver says %d: it may only shrink", name, lines, waived)
		}
	}
}

// Names say what a thing holds.
func TestNames(t *testing.T) {
	vague := []string{
		"util", "utils", "common", "helper", "helpers", "misc", "shared", "lib", "base", "core", "types", "stuff",
		"manager", "internal", "pkg",
	}
	standard := []string{
		"bytes", "context", "errors", "html", "http", "io", "json", "log", "maps", "net", "os", "slices", "sort",
		"strings", "sync", "template", "testing", "time", "unicode", "url",
	}
	for _, file := range sources(t) {
		base := strings.TrimSuffix(strings.TrimSuffix(path.Base(file.path), ".go"), "_test")
		for _, name := range append(strings.Split(file.dir, "/"), base) {
			if slices.Contains(vague, name) {
				t.Errorf("%s: %q says nothing: name it after what it holds", file.path, name)
			}
		}
		if slices.Contains(standard, path.Base(file.dir)) {
			t.Errorf("%s: a package named like one of the standard library", file.path)
		}
	}
}
