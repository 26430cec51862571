package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Every driver has a page and a complete example that check accepts; a credential
// that is not there yet is a warning.
func TestExamples(t *testing.T) {
	const dir = "../../docs/sources"
	for _, name := range driverNames() {
		for _, file := range []string{name + ".md", "examples/" + name + ".yaml"} {
			if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
				t.Errorf("the driver %s: %v", name, err)
			}
		}
	}
	examples, err := filepath.Glob(dir + "/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range examples {
		config, err := Load(path)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for _, w := range config.Warnings {
			if !strings.Contains(w.What, "no such file") {
				t.Logf("%s: %s", w.Position(), w.What)
			}
		}
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		if slices.Contains(driverNames(), name) && !slices.ContainsFunc(config.Listeners, func(l ListenerConfig) bool { return l.Type == name }) {
			t.Errorf("%s has no listener of its type", path)
		}
	}
}
