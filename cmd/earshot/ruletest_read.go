package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/cmd/earshot/proof"
	"earshot/cmd/earshot/strict"
	"earshot/rules"
)

// provingGround is a file of tests, read: the book and what is run against it.
type provingGround struct {
	file   string
	book   proof.Book
	brands []string
	cases  []*proof.Case
}

// maxTests is the size of the largest file of tests, in bytes.
const maxTests = 256 << 20

// testFile is the form of a YAML file of tests. The sections of a book may stand
// beside it.
type testFile struct {
	Config string     `yaml:"config"`
	Start  time.Time  `yaml:"start"`
	Tests  []testCase `yaml:"tests"`
}

// testCase is one test of the file.
type testCase struct {
	node     *strict.Node
	Name     string                  `yaml:"name"`
	Mentions []testPost              `yaml:"mentions"`
	Alerts   proof.List[proof.Alert] `yaml:"alerts"`
}

// testPost is a mention with what is expected of it. The times of its mention
// follow from those of the test.
type testPost struct {
	earshot.Mention
	node   *strict.Node
	At     string                    `json:"at"`  // after the start, or a time; a second after the one before if left out
	Age    time.Duration             `json:"age"` // of the post when it is heard
	Expect proof.List[proof.Verdict] `json:"expect"`
}

// readTests reads a file of tests. The book is that of the file, or else the
// configuration; override has the configuration come before one the file names.
func readTests(path, config string, override bool) (*provingGround, error) {
	data, err := readTestFile(path)
	if err != nil {
		return nil, err
	}
	ground := &provingGround{file: path}
	if ext := filepath.Ext(path); ext == ".ndjson" || ext == ".jsonl" {
		if ground.cases, err = readTestLines(path, data); err != nil {
			return nil, err
		}
		return ground, ground.load(config)
	}
	l := &loader{document: strict.Parse(path, data, testOptions(path)), file: defaults(), config: Config{File: path}}
	root := l.document.Root()
	var tests testFile
	sections := strict.Keys(fileConfig{})
	l.document.Decode(root, &tests, sections...)
	ground.cases = tests.build(l.document, path)
	inline := root.Get("brands") != nil
	if inline {
		l.bookOf(only(root, sections))
	} else if i := slices.IndexFunc(root.Keys(), func(key *strict.Node) bool { return slices.Contains(sections, key.Text()) }); i >= 0 {
		l.document.Report(root.Keys()[i], "a book without brands", "add brands:, or name a configuration with config:")
	}
	if _, err := l.findings(); err != nil {
		return nil, err
	}
	if inline {
		ground.take(&l.config)
		return ground, ground.check()
	}
	if tests.Config != "" && !override {
		config = tests.Config
	}
	return ground, ground.load(config)
}

// only returns a mapping without the keys that are not named.
func only(n *strict.Node, names []string) *strict.Node {
	for _, key := range n.Keys() {
		if !slices.Contains(names, key.Text()) {
			n = n.Without(key.Text())
		}
	}
	return n
}

func readTestFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(f, maxTests+1))
		_ = f.Close()
	}
	if err == nil && len(data) > maxTests {
		err = fmt.Errorf("the file is larger than %d MiB", maxTests>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("reading tests %s: %s", path, cause(err))
	}
	return data, nil
}

// load takes the book of a configuration, and looks whether the tests can be meant
// for it.
func (g *provingGround) load(config string) error {
	c, err := loadProof(config)
	if err != nil {
		return err
	}
	g.take(c)
	return g.check()
}

func (g *provingGround) take(c *Config) {
	g.book = proof.Book{Rules: c.Book, Alerts: alertsConfig(c), Bands: c.Bands}
	g.brands = brandNames(c)
}

// loadProof reads what judging and alerting need of a configuration: brands, rules,
// teams and urgency. The other sections may be missing.
func loadProof(config string) (*Config, error) {
	data, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	l := newLoader(config, data, os.LookupEnv)
	l.bookOf(l.document.Root())
	_, err = l.findings()
	return &l.config, err
}

// bookOf reads the book and what alerts need. Teams that no section names are
// those of the rules.
func (l *loader) bookOf(root *strict.Node) {
	l.document.Decode(root, &l.file, bookless...)
	l.document.DecodeKey(root, "teams", &l.file.Teams)
	l.document.DecodeKey(root, "alert_max_age", &l.file.AlertMaxAge)
	l.config.AlertMaxAge, l.config.Bands = l.file.AlertMaxAge, l.file.Urgency.bands()
	l.alerts()
	l.book(l.teamNames())
	if l.config.Teams = l.file.Teams; len(l.config.Teams) == 0 {
		l.config.Teams = teamsOf(l.file.Rules)
	}
}

// teamsOf are the teams that rules send to.
func teamsOf(all []rules.Rule) []alerts.Team {
	var teams []alerts.Team
	add := func(name string) {
		if name != "" && !slices.ContainsFunc(teams, func(t alerts.Team) bool { return t.Name == name }) {
			teams = append(teams, alerts.Team{Name: name})
		}
	}
	for _, rule := range all {
		for _, name := range rule.Send {
			add(name)
		}
		for _, route := range rule.Routes {
			add(route.Team)
		}
	}
	return teams
}

func testOptions(path string) strict.Options {
	o := configOptions(path, os.LookupEnv)
	o.Tag = "json"
	// What people write may hold ${…}.
	o.Paths = append(o.Paths, "config")
	o.Verbatim = append(o.Verbatim, "text", "title", "name", "handle", "url", "alt", "id", "at")
	o.Hooks[reflect.TypeFor[time.Time]()] = decodeTime
	o.Hooks[reflect.TypeFor[*proof.Range]()] = decodeRange
	o.Hooks[reflect.TypeFor[proof.List[proof.Verdict]]()] = decodeWants[proof.Verdict](path)
	o.Hooks[reflect.TypeFor[proof.List[proof.Alert]]()] = decodeWants[proof.Alert](path)
	o.Hooks[reflect.TypeFor[[]testCase]()] = decodeEach(func(c *testCase, n *strict.Node) { c.node = n })
	o.Hooks[reflect.TypeFor[[]testPost]()] = decodeEach(func(p *testPost, n *strict.Node) { p.node = n })
	return o
}

// decodeEach decodes a list whose items remember where they stand.
func decodeEach[T any](place func(item *T, n *strict.Node)) strict.Hook {
	return func(d *strict.Document, n *strict.Node, into reflect.Value) {
		if !n.IsList() {
			d.Report(n, "a list is expected here", "write one - item a line")
			return
		}
		items := make([]T, len(n.Items()))
		for i, item := range n.Items() {
			place(&items[i], item)
			d.Decode(item, &items[i])
		}
		into.Set(reflect.ValueOf(items))
	}
}

func decodeWants[T any](path string) strict.Hook {
	return func(d *strict.Document, n *strict.Node, into reflect.Value) {
		list := proof.List[T]{At: proof.At{File: path, Line: n.Line()}, Given: true}
		if !n.Empty() && !n.IsList() {
			d.Report(n, "a list is expected here", "write one - item a line, or [] for none")
			return
		}
		for _, item := range n.Items() {
			w := proof.Placed[T]{At: proof.At{File: path, Line: item.Line()}}
			d.Decode(item, &w.Is)
			list.Items = append(list.Items, w)
		}
		into.Set(reflect.ValueOf(list))
	}
}

// decodeRange reads what is expected of a score.
func decodeRange(d *strict.Document, n *strict.Node, into reflect.Value) {
	r, err := proof.ParseRange(n.Text())
	if err != nil {
		d.Report(n, err.Error(), "")
		return
	}
	into.Set(reflect.ValueOf(&r))
}

func decodeTime(d *strict.Document, n *strict.Node, into reflect.Value) {
	at, err := time.Parse(time.RFC3339, n.Text())
	if err != nil {
		d.Report(n, "not a time", "write it as 2026-11-21T08:15:00Z")
		return
	}
	into.Set(reflect.ValueOf(at.UTC()))
}
