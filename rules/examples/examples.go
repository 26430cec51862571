// Package examples holds ready rule books for lines of business: topics, rules and
// teams to begin with, each with labelled posts that prove it. It does not judge:
// that is rules. earshot rules examples prints them.
package examples

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed *.yaml
var files embed.FS

// Files are all books and their tests, by name: retail.yaml and retail.test.yaml.
func Files() fs.FS { return files }

const (
	bookSuffix = ".yaml"
	testSuffix = ".test.yaml"
)

// Names lists the books, in the order of the alphabet.
func Names() []string {
	entries, _ := files.ReadDir(".") // it is part of the program
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), bookSuffix); ok && !strings.HasSuffix(e.Name(), testSuffix) {
			names = append(names, name)
		}
	}
	return names
}

// Book returns a book as a YAML document.
func Book(name string) ([]byte, error) { return read(name + bookSuffix) }

// Tests returns the labelled posts that prove a book, for earshot test.
func Tests(name string) ([]byte, error) { return read(name + testSuffix) }

func read(file string) ([]byte, error) {
	data, err := files.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading example: %w", err)
	}
	return data, nil
}

// Summary is the first line of a book, which says what it is for.
func Summary(name string) string {
	data, err := Book(name)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(strings.TrimPrefix(line, "#"))
}
