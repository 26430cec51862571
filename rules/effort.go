package rules

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
)

// The effort of a condition is bounded before it ever runs. One unit is what a
// pattern of one step costs on the longest text that patterns see, about a tenth
// of a millisecond.
const (
	maxEffort     = 120
	effortPattern = 8 // of each pattern, beside its steps
	effortCase    = 8 // lower and upper make a new text
	effortScan    = 2 // contains, len and trim go once over the text
	effortInLoop  = 2 // as many times more: lists are longer than the text that patterns see
)

// patternText is how much of a text patterns see, in bytes.
const patternText = 8 << 10

// loopFunctions are those of the functions that take the element of a list.
var loopFunctions = []string{"len", "lower", "upper", "trim"}

// spend counts the effort of a node.
func (s *sandbox) spend(n ast.Node, effort int, inLoop bool) {
	if inLoop {
		effort *= effortInLoop
	}
	before := s.effort
	if s.effort += effort; before <= maxEffort && s.effort > maxEffort {
		s.when.failNode(n, "the condition takes too long on a long text", "split it into several rules, or look for less: x{100} counts as a hundred characters")
	}
}

// pattern checks the right side of matches. The time a pattern takes grows with
// its size, and x{1000} is short to write.
func (s *sandbox) pattern(n ast.Node, inLoop bool) {
	written, ok := n.(*ast.StringNode)
	if !ok {
		s.when.failNode(n, "the pattern of matches must be written out", `mention.text matches "(?i)parcel \\d+"`)
		return
	}
	parsed, err := syntax.Parse(written.Value, syntax.Perl)
	if err != nil {
		s.when.failNode(n, strings.TrimPrefix(err.Error(), "error parsing regexp: "), "patterns are those of https://pkg.go.dev/regexp/syntax")
		return
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		s.when.failNode(n, err.Error(), "")
		return
	}
	s.spend(n, effortPattern+len(program.Inst), inLoop)
}

// textOperator checks an operator that goes over its left side.
func (s *sandbox) textOperator(n *ast.BinaryNode, inLoop bool) {
	switch n.Operator {
	case "matches":
		s.pattern(n.Right, inLoop)
	case "contains":
		s.spend(n, effortScan, inLoop)
	case "startsWith", "endsWith", "in":
	default:
		return
	}
	if !inLoop {
		return
	}
	s.elementOnly(n.Left, n.Operator)
	_, isList := n.Right.(*ast.ArrayNode)
	_, isText := n.Right.(*ast.StringNode)
	if n.Operator == "matches" || n.Operator == "in" && isList || n.Operator != "in" && isText {
		return
	}
	s.when.failNode(n.Right, "within "+strings.Join(allowedLoops, ", ")+" this must be written out", `any(mention.links, # contains "acme.example")`)
}

// elementOnly refuses to go over anything but the element, once for each of them.
func (s *sandbox) elementOnly(n ast.Node, operator string) {
	if !isElement(n) {
		s.when.failNode(n, fmt.Sprintf("within %s only the element can stand at %s", strings.Join(allowedLoops, ", "), operator), "write # for the element, and this outside")
	}
}

func isElement(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.PointerNode:
		return true
	case *ast.ChainNode:
		return isElement(n.Node)
	case *ast.MemberNode:
		return isElement(n.Node)
	case *ast.BuiltinNode:
		return slices.Contains(loopFunctions, n.Name) && len(n.Arguments) > 0 && isElement(n.Arguments[0])
	}
	return false
}

// function checks a call of one.
func (s *sandbox) function(n *ast.BuiltinNode, inLoop bool) {
	loop := slices.Contains(allowedLoops, n.Name)
	if !loop && !slices.Contains(allowedFunctions, n.Name) {
		allowed := strings.Join(slices.Concat(allowedFunctions, allowedLoops), ", ")
		s.when.failNode(n, n.Name+" is not allowed in a condition", "allowed are "+allowed)
		return
	}
	if inLoop && !slices.Contains(loopFunctions, n.Name) {
		s.when.failNode(n, n.Name+" is not allowed within "+strings.Join(allowedLoops, ", "), "write it outside")
		return
	}
	if loop {
		s.loop(n)
		return
	}
	switch n.Name {
	case "lower", "upper":
		s.spend(n, effortCase, inLoop)
	case "len", "trim":
		s.spend(n, effortScan, inLoop)
	case "date", "duration":
		s.written(n)
	}
	if inLoop && len(n.Arguments) > 0 {
		s.elementOnly(n.Arguments[0], n.Name)
	}
	s.each(inLoop, n.Arguments...)
}

// loop checks any(list, condition on #) and the like. The list is an attribute,
// whose length is bounded.
func (s *sandbox) loop(n *ast.BuiltinNode) {
	for i, arg := range n.Arguments {
		if p, ok := arg.(*ast.PredicateNode); ok {
			s.check(p.Node, true)
			continue
		}
		if _, ok := dotted(arg); i == 0 && !ok {
			s.when.failNode(arg, n.Name+" goes over an attribute that is a list", `any(mention.links, # contains "acme.example")`)
			continue
		}
		s.check(arg, false)
	}
}

// written refuses texts of others as dates and durations, and what is none.
func (s *sandbox) written(n *ast.BuiltinNode) {
	var words []any
	for _, arg := range n.Arguments {
		word, ok := arg.(*ast.StringNode)
		if !ok {
			s.when.failNode(arg, n.Name+" must be written out", `duration("1h"), date("2026-01-31")`)
			return
		}
		words = append(words, word.Value)
	}
	at, known := builtin.Index[n.Name]
	if !known || len(words) == 0 {
		return
	}
	if _, err := builtin.Builtins[at].Func(words...); err != nil {
		s.when.failNode(n.Arguments[0], fmt.Sprintf("%q is no %s", words[0], n.Name), `duration("1h"), date("2026-01-31")`)
	}
}

// shorten makes patterns see the beginning of a text only.
func shorten(n *ast.Node) {
	if b, ok := (*n).(*ast.BinaryNode); ok && b.Operator == "matches" {
		if _, done := b.Left.(*ast.SliceNode); !done {
			b.Left = &ast.SliceNode{Node: b.Left, To: &ast.IntegerNode{Value: patternText}}
		}
	}
}
