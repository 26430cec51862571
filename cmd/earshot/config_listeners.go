package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/zap"

	"earshot"
	"earshot/cmd/earshot/strict"
	"earshot/listeners"
)

var listenerName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// listeners has each driver check its section.
func (l *loader) listeners() {
	network, err := listeners.NewNetwork(l.file.Client)
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
		if network == nil {
			continue
		}
		if _, err := c.open(l.config.setup(c, network, nothingRuns(), zap.NewNop())); err != nil {
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
	var shared commonConfig
	l.common(path, n, &shared)
	known := listenerTypes()
	if common.Type == "" {
		l.untyped(path, n, typed)
		return ListenerConfig{}, false
	}
	if r := findRecipe(common.Type); r != nil {
		return l.recipe(path, n, r, common.Name, shared)
	}
	if !slices.Contains(known, common.Type) {
		l.unknownType(path, common.Type, known)
		return ListenerConfig{}, false
	}
	return ListenerConfig{
		Name: common.Name, Type: common.Type, Fingerprint: l.document.Fingerprint(n), Common: shared,
		Decode: func(into any) error {
			// While the file is loaded the driver is to go on and say what it thinks
			// of the rest of its section.
			if ok := l.document.DecodeLater(n, into, listenerKeys()...); !ok && l.loaded {
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
	keys := listenerKeys()
	for _, r := range allRecipes() {
		keys = append(keys, r.keys()...)
	}
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
	hint := "there are: "
	if meant := strict.Suggest(given, known); !strings.HasPrefix(meant, hint) {
		hint = meant + " " + hint
	}
	hint += strings.Join(driverNames(), ", ") + ", and the recipes that earshot sources recipes lists"
	l.problem(path+".type", fmt.Sprintf("there is no listener of type %q", given), hint)
}

// listenerKeys are the keys that every listener has.
func listenerKeys() []string {
	return append([]string{"name", "type"}, strict.Keys(commonConfig{})...)
}

// common reads what every listener can have besides a name and a type.
func (l *loader) common(path string, n *strict.Node, into *commonConfig) {
	for key, value := range map[string]any{"quiet": &into.Quiet, "limit": &into.Limit, "silence": &into.Silence} {
		l.document.DecodeKey(n, key, value)
	}
	l.problems(path+".quiet", into.Quiet.Check())
	l.problems(path+".limit", into.Limit.Check())
	if into.Silence < 0 {
		l.problem(path+".silence", "silence cannot be shorter than nothing", "give a time, 6h for example, or 0")
	}
}

// open makes the parts of a listener; setup brings what all listeners share.
func (c ListenerConfig) open(setup listeners.Setup) ([]listeners.Part, error) {
	setup.Name, setup.Decode = c.Name, c.Decode
	return drivers()[c.Type].Open(setup)
}
