// Package strict reads a YAML file into Go values and says everything that is
// wrong with it at once, each with file, line and column and what to write
// instead. It never prints a value or a line of the file, which may hold
// secrets, except where it is told that a text is meant to be read (queries).
// It knows nothing of what the file is about: that is in cmd/earshot.
package strict

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"earshot"
)

// MaxSize is the size of the largest file that is read, in bytes.
const MaxSize = 10 << 20

// Options say how the values of a file are read.
type Options struct {
	Dir         string                      // relative paths of *_file keys start here
	Credentials string                      // where *_file keys are looked up next; may be empty
	Getenv      func(string) (string, bool) // for ${NAME}; nil refuses it
	Verbatim    []string                    // keys whose texts are for people: ${NAME} stays, excerpts may be shown
	VerbatimIn  []string                    // keys of mappings whose values are such texts
	Shown       []string                    // keys of mappings below which excerpts may be shown
	Paths       []string                    // keys whose relative paths start at Dir
	Hooks       map[reflect.Type]Hook       // types with a form of their own
	Tag         string                      // that names the fields without a yaml tag, such as json; empty for none
}

// Hook decodes a node into a value of the type it is registered for.
type Hook func(d *Document, n *Node, into reflect.Value)

// Document is a parsed file with what was found wrong so far. It is not for
// concurrent use.
type Document struct {
	name     string
	lines    []string
	root     *Node
	findings []Finding
	wrong    map[*Node]bool // values that were reported
	expanded []string       // pairs of a variable's value and ${NAME}
	options  Options
	later    bool // files of secrets need not be there yet
}

// Finding is one problem with its place in the file.
type Finding struct {
	File      string
	Line, Col int // from 1, Col in characters; 0 when the file as a whole is meant
	What      string
	Hint      string
	Warning   bool
	Excerpt   string // a line of a text for people, or empty
	Indent    int    // columns before the caret under Excerpt
	Width     int    // carets
}

// Parse reads data, the content of the file called name. What is wrong with it
// is in Findings; the parts without mistakes can be decoded all the same.
func Parse(name string, data []byte, options Options) *Document {
	d := &Document{name: name, options: options, wrong: map[*Node]bool{}}
	if len(data) > MaxSize {
		d.Report(nil, fmt.Sprintf("the file is larger than %d MiB", MaxSize>>20), "split what is not configuration off")
		return d
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	d.lines = strings.Split(text, "\n")
	if !utf8.ValidString(text) {
		d.reportInvalidUTF8()
		return d
	}
	d.parse(text)
	return d
}

// Root returns the mapping at the top of the file. It is empty, never nil, when
// there is none.
func (d *Document) Root() *Node {
	if d.root == nil {
		return &Node{kind: mapping, line: 1, col: 1}
	}
	return d.root
}

// Findings returns what was found, in the order of the file, each once.
func (d *Document) Findings() []Finding {
	slices.SortStableFunc(d.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	d.findings = slices.Compact(d.findings)
	return d.findings
}

// Report adds an error at a node; a nil node means the file as a whole.
func (d *Document) Report(n *Node, what, hint string) {
	d.wrong[n] = true
	d.add(n, what, hint, false)
}

// Warn adds a warning at a node.
func (d *Document) Warn(n *Node, what, hint string) { d.add(n, what, hint, true) }

func (d *Document) add(n *Node, what, hint string, warning bool) {
	f := Finding{File: d.name, What: what, Hint: hint, Warning: warning}
	if n != nil {
		f.Line, f.Col = n.line, n.col
	}
	d.findings = append(d.findings, f)
}

func (d *Document) reportAt(line, col int, what, hint string) {
	d.findings = append(d.findings, Finding{File: d.name, Line: line, Col: col, What: what, Hint: hint})
}

// ReportProblem adds a problem that another part found below the node at path. Of
// a value that could not be read nothing more is said, nor what may only seem so
// without it.
func (d *Document) ReportProblem(p earshot.Problem, below string) {
	path := p.Path
	switch {
	case below != "" && path != "" && path[0] != '[':
		path = below + "." + path
	case below != "":
		path = below + path
	}
	n, whole := d.find(path)
	if n.lost || whole && (d.wrong[n] || p.Warning && d.holds(n, d.unread, nil) || d.holds(n, isLost, nil)) {
		return
	}
	hide := strings.NewReplacer(d.expanded...) // other parts may quote a value; from the environment it may be a secret
	f := Finding{File: d.name, What: hide.Replace(p.What), Hint: hide.Replace(p.Hint), Warning: p.Warning}
	if !whole && !strings.Contains(p.What, lastWord(path)) {
		f.What = lastWord(path) + ": " + f.What
	}
	f.Line, f.Col = n.line, n.col
	if n.kind == scalar && (p.Length > 0 || p.Offset > 0) {
		// Behind the end of a block are line ends and other keys: what is missing
		// there is missing behind its last word.
		offset := min(p.Offset, len(strings.TrimRight(n.text, " \n")))
		f.Line, f.Col = d.locate(n, offset)
		if d.verbatim(path) || d.verbatim(parent(path)) {
			f.Excerpt, f.Indent, f.Width = excerpt(n.text, offset, p.Length)
		}
	}
	d.findings = append(d.findings, f)
}

func isLost(n *Node) bool { return n.lost }

func (d *Document) verbatim(path string) bool {
	return slices.Contains(d.options.Verbatim, lastWord(path)) || slices.ContainsFunc(d.options.Shown, func(key string) bool {
		return strings.Contains(path, "."+key+".")
	})
}

func (d *Document) reportInvalidUTF8() {
	for i, line := range d.lines {
		for offset, r := range line {
			if _, size := utf8.DecodeRuneInString(line[offset:]); r == utf8.RuneError && size == 1 {
				d.reportAt(i+1, utf8.RuneCountInString(line[:offset])+1, "a byte that is not UTF-8", "save the file as UTF-8")
				break
			}
		}
		if len(d.findings) == 20 {
			return
		}
	}
}

// Position is where the finding is, as file:line:col.
func (f Finding) Position() string {
	if f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Col)
}

// Error writes the finding as people and editors read it: file:line:col, what is
// wrong, and in parentheses what to write instead.
func (f Finding) Error() string {
	var b strings.Builder
	b.WriteString(f.Position() + ": ")
	if f.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(f.What)
	if f.Hint != "" {
		b.WriteString(" (" + f.Hint + ")")
	}
	if f.Excerpt != "" {
		fmt.Fprintf(&b, "\n    %s\n    %s%s", f.Excerpt, strings.Repeat(" ", f.Indent), strings.Repeat("^", max(f.Width, 1)))
	}
	return b.String()
}
