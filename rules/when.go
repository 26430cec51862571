package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"earshot"
	"earshot/rules/guess"
)

// Limits of a condition.
const (
	maxWhenBytes = 4 << 10
	maxWhenNodes = 300
)

// condition is a compiled when.
type condition struct {
	program *vm.Program
	uses    attributes
	topics  []string // named by "…" in topics
}

// holds runs the condition.
func (c *condition) holds(machine *vm.VM, v *values) (bool, error) {
	out, err := machine.Run(c.program, v.env)
	if err != nil {
		return false, err
	}
	holds, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("condition gives %T", out)
	}
	return holds, nil
}

// onlyTopic is the one topic that the condition names, "" for none or several.
func (c *condition) onlyTopic() string {
	if len(c.topics) == 1 {
		return c.topics[0]
	}
	return ""
}

// compileWhen compiles a condition; topics are those it may name.
func (c *compiler) compileWhen(source string, topics []string) (condition, earshot.Problems) {
	w := whenCompiler{source: source, bad: map[ast.Node]bool{}}
	switch {
	case strings.TrimSpace(source) == "":
		w.fail(0, 0, "the rule has no condition", `write when: sentiment < -0.3, or when: "true" for every mention`)
		return condition{}, w.problems
	case len(source) > maxWhenBytes:
		w.fail(maxWhenBytes, len(source)-maxWhenBytes, fmt.Sprintf("the condition is longer than %d bytes", maxWhenBytes), "split it into several rules")
		return condition{}, w.problems
	}
	config := conf.CreateNew()
	config.MaxNodes = maxWhenNodes
	tree, err := parser.ParseWithConfig(source, config)
	if err != nil {
		w.failAt(err)
		return condition{}, w.problems
	}
	guard := sandbox{when: &w}
	guard.check(tree.Node, false)
	w.checkTypes(tree)
	w.checkTopics(guard.topics, topics)
	slices.SortStableFunc(w.problems, func(a, b earshot.Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	if w.problems.Fatal() {
		return condition{}, w.problems
	}
	program, err := expr.Compile(source, expr.Env(environment()), expr.AsBool(), expr.MaxNodes(maxWhenNodes), expr.Patch(replacer(shorten)))
	if err != nil {
		w.failAt(err)
		return condition{}, w.problems
	}
	guard.checkSums(program.Node())
	return condition{program: program, uses: guard.uses, topics: guard.topicNames()}, w.problems
}

// whenCompiler notes the problems of one condition. expr counts characters,
// problems count bytes.
type whenCompiler struct {
	source   string
	problems earshot.Problems
	bad      map[ast.Node]bool // told of
}

func (w *whenCompiler) fail(offset, length int, what, hint string) {
	w.problems = append(w.problems, earshot.Problem{Offset: offset, Length: length, What: what, Hint: hint})
}

// failNode points at a node, once.
func (w *whenCompiler) failNode(n ast.Node, what, hint string) {
	if w.bad[n] {
		return
	}
	w.bad[n] = true
	at := n.Location()
	from, to := w.bytes(at.From), w.bytes(at.To)
	w.fail(from, max(to-from, 0), what, hint)
}

// failAt says what expr says, in its place.
func (w *whenCompiler) failAt(err error) {
	var at *file.Error
	if !errors.As(err, &at) { // only of the condition as a whole
		if strings.HasPrefix(err.Error(), "expected bool") {
			w.fail(0, len(w.source), "the condition is neither true nor false", "compare it with something: sentiment < -0.3")
			return
		}
		w.fail(0, len(w.source), firstLine(err.Error()), "")
		return
	}
	from, to := w.bytes(at.From), w.bytes(at.To)
	what := firstLine(at.Message)
	if strings.Contains(what, "strconv.") {
		what = "no number that can be read: it is too large, or not one"
	}
	w.fail(from, max(to-from, 0), what, "docs/rules.md shows how conditions are written")
}

// suggestName finds the attribute somebody meant.
func (w *whenCompiler) suggestName(name, parent string) string {
	names := attributeNames(parent)
	if hint := guess.Hint(name, names); hint != "" {
		return hint
	}
	if parent == "" && slices.Contains(attributeNames(mentionPrefix), name) {
		return "did you mean mention." + name + "?"
	}
	return "docs/rules.md lists the attributes"
}

// checkTopics warns of topics that no brand has.
func (w *whenCompiler) checkTopics(named []*ast.StringNode, topics []string) {
	for _, n := range named {
		if slices.Contains(topics, n.Value) {
			continue
		}
		w.failNode(n, "no brand has a topic "+strconv.Quote(n.Value), guess.Hint(n.Value, topics))
		w.problems[len(w.problems)-1].Warning = true
	}
}

// bytes turns an offset in characters into one in bytes.
func (w *whenCompiler) bytes(chars int) int {
	at := 0
	for range chars {
		if at >= len(w.source) {
			break
		}
		_, n := utf8.DecodeRuneInString(w.source[at:])
		at += n
	}
	return at
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
