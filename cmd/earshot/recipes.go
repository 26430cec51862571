package main

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"earshot/cmd/earshot/strict"
	"earshot/listeners/recipes"
)

// recipePrefix begins the type of a listener that is a recipe.
const recipePrefix = "recipe/"

// recipe is a listener that is configured but for its parameters.
type recipe struct {
	Name       string
	About      string            `yaml:"about"`
	Document   string            `yaml:"document"` // of the network, that it was made by
	Misses     string            `yaml:"misses"`
	Driver     string            `yaml:"driver"`
	Parameters []recipeParameter `yaml:"parameters"`
	text       []byte
}

// recipeParameter is one that a listener gives, as a key of its section.
type recipeParameter struct {
	Name     string `yaml:"name"`
	About    string `yaml:"about"`
	Default  string `yaml:"default"`
	Required bool   `yaml:"required"`
	Example  string `yaml:"example"`
	As       string `yaml:"as"` // host, word, number, file or text
}

// allRecipes reads the recipes that there are.
func allRecipes() []*recipe {
	var all []*recipe
	for _, name := range recipes.Names() {
		r := &recipe{Name: name, text: recipes.Text(name)}
		document := strict.Parse(name, r.text, strict.Options{})
		document.Decode(document.Root().Without("section"), r)
		all = append(all, r)
	}
	return all
}

// findRecipe returns the recipe of a type, nil if it is none.
func findRecipe(kind string) *recipe {
	name, ok := strings.CutPrefix(kind, recipePrefix)
	if !ok {
		return nil
	}
	all := allRecipes()
	i := slices.IndexFunc(all, func(r *recipe) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return all[i]
}

// listenerTypes are the drivers and recipes that a listener can name.
func listenerTypes() []string {
	types := driverNames()
	for _, name := range recipes.Names() {
		types = append(types, recipePrefix+name)
	}
	return types
}

// keys are the names of the parameters.
func (r *recipe) keys() []string {
	var names []string
	for _, p := range r.Parameters {
		names = append(names, p.Name)
	}
	return names
}

// section is the configuration of the driver, with ${name} for the parameters.
func (r *recipe) section() string {
	_, section, _ := strings.Cut(string(r.text), "\nsection:\n")
	return section
}

// fill decodes the recipe into the driver's configuration.
func (r *recipe) fill(into any, values map[string]string) error {
	document := strict.Parse(recipePrefix+r.Name, r.text, strict.Options{Getenv: func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}})
	if section := document.Root().Get("section"); section != nil {
		document.DecodeLater(section, into)
	}
	for _, f := range document.Findings() {
		if !f.Warning {
			return fmt.Errorf("the recipe does not fit its driver: %w", f)
		}
	}
	return nil
}

// recipe reads the section of a listener that is a recipe: its parameters, and
// what it changes of the recipe.
func (l *loader) recipe(path string, n *strict.Node, r *recipe, name string, shared commonConfig) (ListenerConfig, bool) {
	values, ok := l.parameters(path, n, r)
	if !ok {
		return ListenerConfig{}, false
	}
	return ListenerConfig{
		Name: name, Type: r.Driver, Fingerprint: l.document.Fingerprint(n), Common: shared,
		Decode: func(into any) error {
			if err := r.fill(into, values); err != nil {
				return err
			}
			if ok := l.document.DecodeLater(n, into, append(listenerKeys(), r.keys()...)...); !ok && l.loaded {
				return errInvalid
			}
			return nil
		},
	}, true
}

// parameters reads what a listener gives to a recipe, as it stands in the recipe.
func (l *loader) parameters(path string, n *strict.Node, r *recipe) (map[string]string, bool) {
	values := map[string]string{}
	fine := true
	for _, p := range r.Parameters {
		value := p.Default
		if p.As == "number" {
			number, _ := strconv.Atoi(p.Default)
			fine = l.document.DecodeKey(n, p.Name, &number) && fine
			if value = ""; number > 0 {
				value = strconv.Itoa(number)
			}
		} else {
			fine = l.document.DecodeKeyLater(n, p.Name, &value) && fine
		}
		given := n.Get(p.Name) != nil
		switch what := p.wrong(value); {
		case p.Required && !given:
			l.problem(path, fmt.Sprintf("the recipe needs %s", p.Name), fmt.Sprintf("add %s: %s (%s)", p.Name, p.Example, p.About))
			fine = false
		case given && what != "":
			l.problem(path+"."+p.Name, p.Name+" "+what, p.About)
			fine = false
		}
		if p.As == "text" {
			value = url.QueryEscape(value)
		}
		values[p.Name] = value
	}
	return values, fine
}

var (
	recipeHost = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)
	recipeWord = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
)

// wrong says why a value cannot be the parameter's. It is put into an address, so
// that it may not lead elsewhere.
func (p recipeParameter) wrong(value string) string {
	switch {
	case p.As == "host" && !recipeHost.MatchString(value):
		return "is not the name of a host"
	case p.As == "word" && !recipeWord.MatchString(value):
		return "is not a word of letters, digits, dots and hyphens"
	case p.As == "number" && value == "":
		return "is not a number above 0"
	case value == "":
		return "is empty"
	}
	return ""
}
