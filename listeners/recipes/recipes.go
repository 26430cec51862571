// Package recipes holds the configuration of networks that need no driver of
// their own: a text for each, over poll, webhook or rss, with parameters. Reading
// them is the business of cmd/earshot, which knows the form of a configuration.
package recipes

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Names lists the recipes, sorted.
func Names() []string {
	found, err := fs.Glob(files, "*.yaml")
	if err != nil { // a pattern that is a constant
		return nil
	}
	for i, name := range found {
		found[i] = strings.TrimSuffix(name, ".yaml")
	}
	slices.Sort(found)
	return found
}

// Text returns a recipe as it is written, nil if there is none of the name.
func Text(name string) []byte {
	if !slices.Contains(Names(), name) {
		return nil
	}
	text, err := files.ReadFile(name + ".yaml")
	if err != nil { // it is there
		return nil
	}
	return text
}
