package mapping

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"

	"earshot"
)

// Limits of an expression.
const (
	maxSource = 2 << 10
	maxNodes  = 200
)

// Names that expressions know besides the fields of the item.
const (
	itemName    = "item"    // the item itself, for fields with odd names: item["im:rating"]
	docName     = "doc"     // the whole document
	requestName = "request" // what is known of where it came from
	runName     = "$run"    // the *Document, first argument of all functions
)

// Kind is what an expression gives.
type Kind int

// The kinds of values.
const (
	Text   Kind = iota // missing is ""; numbers are written out
	Number             // missing is 0; texts that are numbers count
	Time               // missing is zero; texts are read as dates
	Flag               // missing is false
	List               // missing is empty; a single value is a list of one
)

// String names the kind for people.
func (k Kind) String() string {
	return [...]string{"a text", "a number", "a time", "true or false", "a list"}[k]
}

// Expression is one compiled expression. It is safe for concurrent use.
type Expression struct {
	program *vm.Program
	kind    Kind
}

// Compile compiles an expression that gives a kind of value. Bare names are
// fields of what it is evaluated on. Problems point into the source.
func Compile(source string, kind Kind) (*Expression, earshot.Problems) {
	c := &compilation{source: source}
	if len(source) > maxSource {
		c.fail(maxSource, len(source)-maxSource, fmt.Sprintf("the expression is longer than %d bytes", maxSource), "map fields; work on texts belongs elsewhere")
		return nil, c.problems
	}
	config := c.config()
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		c.failAt(err)
		return nil, c.problems
	}
	tree.Node = c.rewrite(tree.Node, false)
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	gives, err := checker.Check(tree, config)
	if err != nil {
		c.failAt(err)
		return nil, c.problems
	}
	if !fits(kind, gives) {
		c.fail(0, len(source), fmt.Sprintf("this gives %s, not %s", nameOf(gives), kind), hintFor(kind))
		return nil, c.problems
	}
	program, err := compiler.Compile(tree, config)
	if err != nil {
		c.failAt(err)
		return nil, c.problems
	}
	return &Expression{program: program, kind: kind}, nil
}

// Text evaluates the expression on a whole document; it must be of that kind.
func (e *Expression) Text(d *Document) (string, error) {
	v, err := e.value(d, d.root)
	return v.text, err
}

// Number evaluates the expression on a whole document; it must be of that kind.
func (e *Expression) Number(d *Document) (float64, error) {
	v, err := e.value(d, d.root)
	return v.number, err
}

// Flag evaluates the expression on a whole document; it must be of that kind.
func (e *Expression) Flag(d *Document) (bool, error) {
	v, err := e.value(d, d.root)
	return v.flag, err
}

// value evaluates the expression on an item and converts what it gives.
func (e *Expression) value(d *Document, item any) (value, error) {
	got, err := e.run(d, item)
	if err != nil {
		return value{}, err
	}
	return convert(d, got, e.kind)
}

func (e *Expression) run(d *Document, item any) (any, error) {
	d.env[itemName] = item
	got, err := d.machine.Run(e.program, d.env)
	if err != nil {
		if at, ok := errors.AsType[*file.Error](err); ok {
			if at.Prev != nil { // what a function of ours said
				return nil, at.Prev
			}
			return nil, errors.New(firstLine(at.Message))
		}
		return nil, err
	}
	return got, nil
}

// compilation notes the problems of one expression. expr counts characters,
// problems count bytes.
type compilation struct {
	source   string
	problems earshot.Problems
}

func (c *compilation) config() *conf.Config {
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	config.WithEnv(types.Map{itemName: types.Any, docName: types.Any, requestName: types.Any, runName: types.TypeOf(&Document{})})
	for _, f := range functions {
		config.Functions[f.name] = &builtin.Function{Name: f.name, Func: f.call, Types: f.types()}
	}
	return config
}

func (c *compilation) fail(offset, length int, what, hint string) {
	c.problems = append(c.problems, earshot.Problem{Offset: offset, Length: length, What: what, Hint: hint})
}

func (c *compilation) failNode(n ast.Node, what, hint string) {
	at := n.Location()
	from, to := c.bytes(at.From), c.bytes(at.To)
	c.fail(from, max(to-from, 0), what, hint)
}

// failAt says what expr says, in its place.
func (c *compilation) failAt(err error) {
	const hint = "docs/sources/mapping.md shows how expressions are written"
	at, ok := errors.AsType[*file.Error](err)
	if !ok {
		c.fail(0, len(c.source), firstLine(err.Error()), hint)
		return
	}
	from, to := c.bytes(at.From), c.bytes(at.To)
	c.fail(from, max(to-from, 0), firstLine(at.Message), hint)
}

// bytes is where the character at an offset begins.
func (c *compilation) bytes(characters int) int {
	at := 0
	for range characters {
		if at >= len(c.source) {
			break
		}
		_, size := utf8.DecodeRuneInString(c.source[at:])
		at += size
	}
	return at
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// fits reports whether a type that is known before it runs can be of the kind.
func fits(kind Kind, t reflect.Type) bool {
	if t == nil || t.Kind() == reflect.Interface {
		return true
	}
	switch kind {
	case Text:
		return t.Kind() == reflect.String || isNumber(t)
	case Number:
		return isNumber(t) || t.Kind() == reflect.String
	case Time:
		return t == reflect.TypeFor[time.Time]() || t.Kind() == reflect.String
	case Flag:
		return t.Kind() == reflect.Bool
	}
	return t != reflect.TypeFor[time.Time]() && t.Kind() != reflect.Bool
}

func isNumber(t reflect.Type) bool {
	return t.Kind() == reflect.Int || t.Kind() == reflect.Float64
}

func nameOf(t reflect.Type) string {
	switch {
	case isNumber(t):
		return Number.String()
	case t == reflect.TypeFor[time.Time]():
		return Time.String()
	}
	switch t.Kind() {
	case reflect.String:
		return Text.String()
	case reflect.Bool:
		return Flag.String()
	case reflect.Slice:
		return List.String()
	}
	return "an object"
}

func hintFor(k Kind) string {
	switch k {
	case Time:
		return "date(created_at) reads a date, unix(created) seconds since 1970"
	case Flag:
		return `compare it with something: state == "deleted"`
	case Text:
		return "join(list, \" \") makes a text of a list"
	case Number:
		return "len(list) counts a list"
	}
	return "name a list"
}
