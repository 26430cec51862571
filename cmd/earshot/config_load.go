package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/cmd/earshot/strict"
	"earshot/listeners"
	"earshot/rules"
)

// loader goes through a file section by section and collects what is wrong.
type loader struct {
	document *strict.Document
	file     fileConfig
	config   Config
	loaded   bool
}

func newLoader(file string, data []byte, env environment) *loader {
	credentials, _ := env("CREDENTIALS_DIRECTORY")
	return &loader{
		document: strict.Parse(file, data, strict.Options{
			Dir:         configDir(file),
			Credentials: credentials,
			Getenv:      env,
			Verbatim:    []string{"query", "when"},
			VerbatimIn:  []string{"topics"},
			Paths:       []string{"state", "path"},
			Hooks: map[reflect.Type]strict.Hook{
				reflect.TypeFor[[]rules.Topic]():   decodeTopics,
				reflect.TypeFor[listenerSection](): keepSection,
			},
		}),
		file:   defaults(),
		config: Config{File: file},
	}
}

// errInvalid is what a driver gets when its section was right when it was loaded
// and no longer is: a file that it names may have gone.
var errInvalid = errors.New("the section no longer holds; earshot check says why")

func (l *loader) load() {
	root := l.document.Root()
	if sinks := root.Key("sinks"); sinks != nil {
		l.document.Report(sinks, "sinks are not in this version", "remove the section; teams read their alerts from NATS")
	}
	l.document.Decode(root.Without("sinks"), &l.file)
	f := &l.file
	l.config.State, l.config.Bus, l.config.HTTP = f.State, f.Bus, f.HTTP
	l.config.Retention, l.config.AlertMaxAge = f.Retention, f.AlertMaxAge
	l.config.Client, l.config.Log, l.config.Teams = f.Client, f.Log, f.Teams
	l.config.Bands = earshot.Bands{
		Normal:   earshot.ScoreOf(f.Urgency.Normal),
		High:     earshot.ScoreOf(f.Urgency.High),
		Critical: earshot.ScoreOf(f.Urgency.Critical),
	}
	l.checkSettings()
	l.problems("", f.Bus.Check(l.teamNames()...))
	l.checkUsers()
	l.alerts()
	l.book(l.teamNames())
	l.listeners()
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
	c := alerts.Config{Teams: l.file.Teams, Bands: l.config.Bands, MaxAge: l.config.AlertMaxAge}
	_, problems := alerts.New(alerts.Options{Metrics: prometheus.NewRegistry()}, c)
	l.problems("", slices.DeleteFunc(problems, func(p earshot.Problem) bool {
		return l.document.Unread(p.Path + ".name") // then it only seems that the team has none
	}))
}

// book makes the rule book of what could be read. What rules refer to may be in
// the part that could not be, so then nothing is said of what they name.
func (l *loader) book(teams []string) {
	l.config.Rules = rules.Config{Brands: l.file.Brands, Rules: l.file.Rules, Teams: teams}
	c := l.config.Rules
	if !l.teamsKnown() {
		c.Teams = nil
	}
	known := l.document.Complete("brands", "query", "owned", "danger")
	if !known {
		c.Rules = unbound(c.Rules, l.document.Complete("brands", "query", "owned", "topics"))
	}
	book, problems := rules.New(c)
	l.config.Book = book
	l.problems("", slices.DeleteFunc(problems, func(p earshot.Problem) bool {
		return p.Warning && !known && strings.HasPrefix(p.Path, "rules")
	}))
}

// teamsKnown reports whether all names of teams could be read.
func (l *loader) teamsKnown() bool { return l.document.Complete("teams", "kinds", "respond_within") }

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

var listenerName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// listeners has each driver check its section.
func (l *loader) listeners() {
	client, err := listeners.NewClient(l.file.Client)
	if err != nil {
		var problems earshot.Problems
		if !errors.As(err, &problems) {
			problems = earshot.Problems{{What: err.Error()}}
		}
		l.problems("client", problems)
	}
	names := map[string]bool{}
	for i, section := range l.file.Listeners {
		if section.node == nil {
			continue
		}
		c, ok := l.listener(i, section.node)
		if !ok {
			continue
		}
		if c.Name != "" && names[c.Name] {
			l.problem(fmt.Sprintf("listeners[%d].name", i), fmt.Sprintf("two listeners are named %q", c.Name), "give each its own name: its cursors are found by it")
		}
		names[c.Name] = true
		l.config.Listeners = append(l.config.Listeners, c)
		if client == nil {
			continue
		}
		if _, err := c.open(listeners.Setup{Client: client, Log: zap.NewNop()}); err != nil {
			l.driverProblems(fmt.Sprintf("listeners[%d]", i), err)
		}
	}
}

func (l *loader) driverProblems(path string, err error) {
	var problems earshot.Problems
	if !errors.As(err, &problems) {
		problems = earshot.Problems{{What: err.Error()}}
	}
	l.problems(path, problems)
}

// listener reads what every listener has: a name and a type.
func (l *loader) listener(i int, n *strict.Node) (ListenerConfig, bool) {
	var common struct{ Name, Type string }
	path := fmt.Sprintf("listeners[%d]", i)
	if !n.IsMapping() {
		l.document.Report(n, "a listener has keys with values", "such as {name: newswire, type: rss, urls: [https://…]}")
		return ListenerConfig{}, false
	}
	named := l.document.DecodeKey(n, "name", &common.Name)
	typed := l.document.DecodeKey(n, "type", &common.Type)
	switch {
	case !named:
	case common.Name == "":
		l.problem(path, "the listener has no name", "add name: newswire") // its keys are looked at all the same
	case !listenerName.MatchString(common.Name):
		l.problem(path+".name", fmt.Sprintf("%q cannot be a listener's name", common.Name), "a to z, 0 to 9 and -, at most 63 characters")
	}
	known := driverNames()
	if common.Type == "" {
		l.untyped(path, n, typed)
		return ListenerConfig{}, false
	}
	if !slices.Contains(known, common.Type) {
		l.unknownType(path, common.Type, known)
		return ListenerConfig{}, false
	}
	return ListenerConfig{
		Name: common.Name, Type: common.Type, Fingerprint: l.document.Fingerprint(n),
		Decode: func(into any) error {
			// While the file is loaded the driver is to go on and say what it thinks
			// of the rest of its section.
			if ok := l.document.Decode(n, into, "name", "type"); !ok && l.loaded {
				return errInvalid
			}
			return nil
		},
	}, true
}

// untyped reports a listener without a type, and its keys that no type has.
func (l *loader) untyped(path string, n *strict.Node, typed bool) {
	if typed {
		l.problem(path, "the listener has no type", "add type: with one of "+strings.Join(driverNames(), ", "))
	}
	keys := []string{"name", "type"}
	for _, driver := range drivers() {
		keys = append(keys, strict.Keys(driver.Config)...)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for _, key := range n.Keys() {
		if !slices.Contains(keys, key.Text()) {
			l.document.ReportUnknownKey(key, keys)
		}
	}
}

func (l *loader) unknownType(path, given string, known []string) {
	hint := strict.Suggest(given, known)
	if !strings.HasPrefix(hint, "there are") {
		hint += " there are: " + strings.Join(known, ", ")
	}
	l.problem(path+".type", fmt.Sprintf("there is no listener of type %q", given), hint)
}

// open makes the parts of a listener; setup brings what all listeners share.
func (c ListenerConfig) open(setup listeners.Setup) ([]listeners.Part, error) {
	setup.Name, setup.Decode = c.Name, c.Decode
	return drivers()[c.Type].Open(setup)
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
