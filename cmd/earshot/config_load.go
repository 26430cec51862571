package main

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"earshot"
	"earshot/alerts"
	"earshot/cmd/earshot/strict"
	"earshot/rules"
)

// loader goes through a file section by section and collects what is wrong.
type loader struct {
	document *strict.Document
	file     fileConfig
	config   Config
	loaded   bool
	unlearnt bool // leave out what was learnt from corrections
}

func newLoader(file string, data []byte, env environment) *loader {
	return &loader{document: strict.Parse(file, data, configOptions(file, env)), file: defaults(), config: Config{File: file}}
}

// configOptions say how the values of a configuration are read.
func configOptions(file string, env environment) strict.Options {
	credentials, _ := env("CREDENTIALS_DIRECTORY")
	return strict.Options{
		Dir:         configDir(file),
		Credentials: credentials,
		Getenv:      env,
		Verbatim:    []string{"query", "when", "for", "against"},
		VerbatimIn:  []string{"topics"},
		Shown:       []string{"mapping", "paging", "answer"},
		Paths:       []string{"state", "path", "adapt", "templates"},
		Hooks: map[reflect.Type]strict.Hook{
			reflect.TypeFor[[]rules.Topic]():   decodeTopics,
			reflect.TypeFor[listenerSection](): keepSection,
			reflect.TypeFor[sinkSection]():     keepSinkSection,
		},
	}
}

// errInvalid is what a driver gets when its section was right when it was loaded
// and no longer is: a file that it names may have gone.
var errInvalid = errors.New("the section no longer holds; earshot check says why")

func (l *loader) load() {
	root := l.document.Root()
	l.document.Decode(root, &l.file)
	f := &l.file
	l.config.State, l.config.Bus, l.config.HTTP = f.State, f.Bus, f.HTTP
	l.config.Retention, l.config.AlertMaxAge = f.Retention, f.AlertMaxAge
	l.config.Client, l.config.Log, l.config.Teams = f.Client, f.Log, f.Teams
	l.config.Inbox, l.config.Heartbeat = f.Inbox, f.Heartbeat
	l.config.Bands, l.config.Crisis = f.Urgency.bands(), f.Crisis
	l.config.Noise, l.config.Routing, l.config.Cases = f.Noise, f.Routing, f.Cases
	l.problems("", f.Cases.Check("cases"))
	l.checkSettings()
	l.problems("", f.Bus.Check(l.teamNames()...))
	l.checkUsers()
	l.models()
	l.alerts()
	l.book(l.teamNames())
	l.listeners()
	l.sinks()
	l.names()
	l.checkPresence()
	l.loaded = true
}

// findings returns the warnings, or an error if there is worse.
func (l *loader) findings() ([]strict.Finding, error) {
	found := l.document.Findings()
	if slices.ContainsFunc(found, func(f strict.Finding) bool { return !f.Warning }) {
		return nil, &ConfigError{File: l.config.File, Findings: found}
	}
	return found, nil
}

// problems reports what another part found in the section at path.
func (l *loader) problems(path string, ps earshot.Problems) {
	for _, p := range ps {
		l.document.ReportProblem(p, path)
	}
}

func (l *loader) problem(path, what, hint string) {
	l.document.ReportProblem(earshot.Problem{Path: path, What: what, Hint: hint}, "")
}

func (l *loader) teamNames() []string {
	var names []string
	for _, team := range l.file.Teams {
		names = append(names, team.Name)
	}
	return names
}

// alerts has an engine look at its part of the file; it is not run.
func (l *loader) alerts() {
	c := alerts.Config{Teams: l.file.Teams, Bands: l.config.Bands, MaxAge: l.config.AlertMaxAge, Crises: l.config.Crisis, Noise: l.config.Noise, Routes: l.config.Routing}
	_, problems := alerts.New(alerts.Options{Metrics: prometheus.NewRegistry()}, c)
	l.problems("", slices.DeleteFunc(problems, func(p earshot.Problem) bool {
		// Then it only seems that a team has no name, or that there is no such team.
		return l.document.Unread(p.Path+".name") || !l.teamsKnown() && strings.HasSuffix(p.Path, ".rota.fallback.team")
	}))
}

// book makes the rule book of what could be read. What rules refer to may be in
// the part that could not be, so then nothing is said of what they name.
func (l *loader) book(teams []string) {
	l.config.Rules = rules.Config{Brands: l.file.Brands, Rules: l.file.Rules, Teams: teams, Points: &l.file.Urgency.Weights, Models: modelsOf(l.file.Models)}
	c := l.config.Rules
	if !l.teamsKnown() {
		c.Teams = nil
	}
	known := l.document.Complete("brands", "query", "owned", "danger")
	if !known {
		c.Rules = unbound(c.Rules, l.document.Complete("brands", "query", "owned", "topics"))
	}
	if !l.unlearnt {
		c.Layers = l.layers()
	}
	book, problems := rules.New(c)
	l.config.Book = book
	l.problems("", slices.DeleteFunc(problems, func(p earshot.Problem) bool {
		return p.Warning && !known && strings.HasPrefix(p.Path, "rules")
	}))
}

// teamsKnown reports whether all names of teams could be read.
func (l *loader) teamsKnown() bool {
	return l.document.Complete("teams", "kinds", "lang", "respond_within", "next_reply_within", "resolve_within", "warn_at", "around_the_clock", "hours", "people", "lead", "rota")
}

// unbound returns the rules without the topics that they name, nor the brands
// unless those are known.
func unbound(all []rules.Rule, brandsKnown bool) []rules.Rule {
	all = slices.Clone(all)
	for i := range all {
		if !brandsKnown {
			all[i].Brands = nil
		}
		all[i].Routes = slices.Clone(all[i].Routes)
		for j := range all[i].Routes {
			all[i].Routes[j].Topic = ""
		}
	}
	return all
}

// keepSection leaves the section of a listener for its driver.
func keepSection(_ *strict.Document, n *strict.Node, into reflect.Value) {
	into.Set(reflect.ValueOf(listenerSection{n}))
}

// decodeTopics reads topics, in the order of the file, as name: query or as
// name: {query: …, danger: true}.
func decodeTopics(d *strict.Document, n *strict.Node, into reflect.Value) {
	if n.Empty() {
		return
	}
	if !n.IsMapping() {
		d.Report(n, "topics are names with queries", "write name: 'query'")
		return
	}
	var topics []rules.Topic
	for _, key := range n.Keys() {
		topic := rules.Topic{Name: key.Text()}
		value := n.Get(key.Text())
		if value.IsMapping() {
			d.Decode(value, &topic, "name")
		} else if text, ok := d.Text(value, "query"); ok {
			topic.Query = text
		}
		topics = append(topics, topic)
	}
	into.Set(reflect.ValueOf(topics))
}

// cause is an error of the file system without the path, which was named.
func cause(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathError.Err
	}
	if errors.Is(err, os.ErrNotExist) {
		return "there is no such file"
	}
	return err.Error()
}
