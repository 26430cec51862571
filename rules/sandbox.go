package rules

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// sandbox lets through what is known to be cheap. expr's own memory limit has
// holes, so conditions can neither build strings or lists nor loop in a loop.
type sandbox struct {
	when   *whenCompiler
	uses   attributes
	topics []*ast.StringNode // "…" in topics
	effort int
}

// operators and functions that conditions may use.
var (
	allowedOperators = []string{
		"==", "!=", "<", ">", "<=", ">=", "and", "or", "&&", "||", "not", "!", "in", "contains", "startsWith", "endsWith",
		"matches", "+", "-", "*", "/", "%", "??",
	}
	allowedFunctions = []string{"len", "lower", "upper", "trim", "abs", "ceil", "floor", "round", "int", "float", "min", "max", "duration", "date"}
	allowedLoops     = []string{"any", "all", "none", "one", "count"}
)

// check walks a parsed condition; inLoop is true within any(…) and the like.
func (s *sandbox) check(n ast.Node, inLoop bool) {
	switch n := n.(type) {
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode:
	case *ast.IdentifierNode:
		s.attribute(n, n.Value, inLoop)
	case *ast.PointerNode:
		if n.Name != "" {
			s.when.failNode(n, "#"+n.Name+" is not allowed in a condition", "# is the element")
		}
	case *ast.UnaryNode:
		s.operator(n, n.Operator)
		s.check(n.Node, inLoop)
	case *ast.BinaryNode:
		s.binary(n, inLoop)
	case *ast.ConditionalNode:
		s.each(inLoop, n.Cond, n.Exp1, n.Exp2)
	case *ast.ArrayNode:
		s.each(inLoop, n.Nodes...)
	case *ast.ChainNode:
		s.check(n.Node, inLoop)
	case *ast.MemberNode:
		s.member(n, inLoop)
	case *ast.BuiltinNode:
		s.function(n, inLoop)
	case *ast.CallNode:
		if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
			s.when.failNode(n, callee.Value+" is not allowed in a condition", "allowed are "+strings.Join(allowedFunctions, ", "))
			return
		}
		s.when.failNode(n, "methods are not allowed in a condition", "compare the attribute itself")
	default:
		s.when.failNode(n, "this is not allowed in a condition", "a condition compares attributes; see docs/rules.md")
	}
}

func (s *sandbox) each(inLoop bool, nodes ...ast.Node) {
	for _, n := range nodes {
		s.check(n, inLoop)
	}
}

func (s *sandbox) operator(n ast.Node, operator string) {
	if !slices.Contains(allowedOperators, operator) {
		s.when.failNode(n, operator+" is not allowed in a condition", "allowed are "+strings.Join(allowedOperators, " "))
	}
}

func (s *sandbox) binary(n *ast.BinaryNode, inLoop bool) {
	s.operator(n, n.Operator)
	s.textOperator(n, inLoop)
	if left, ok := n.Left.(*ast.StringNode); ok && n.Operator == "in" {
		if list, ok := n.Right.(*ast.IdentifierNode); ok && list.Value == "topics" {
			s.topics = append(s.topics, left)
		}
	}
	s.each(inLoop, n.Left, n.Right)
}

// member checks mention.author.name and list[0].
func (s *sandbox) member(n *ast.MemberNode, inLoop bool) {
	if path, ok := dotted(n); ok && strings.HasPrefix(path, mentionPrefix) {
		s.attribute(n, path, inLoop)
		return
	}
	s.check(n.Node, inLoop)
	switch n.Property.(type) {
	case *ast.StringNode, *ast.IntegerNode:
	default:
		s.when.failNode(n.Property, "only a number or a name may stand here", "mention.links[0]")
	}
}

// dotted returns the path of names that a member is made of.
func dotted(n ast.Node) (path string, ok bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, true
	case *ast.ChainNode:
		return dotted(n.Node)
	case *ast.MemberNode:
		property, isName := n.Property.(*ast.StringNode)
		if !isName {
			return "", false
		}
		path, ok = dotted(n.Node)
		return path + "." + property.Value, ok
	}
	return "", false
}

// attribute notes that one is used.
func (s *sandbox) attribute(n ast.Node, path string, inLoop bool) {
	i := slices.IndexFunc(table, func(a attribute) bool { return a.name == path })
	if i >= 0 {
		s.uses |= 1 << i
		if inLoop && table[i].isLong() {
			s.when.failNode(n, path+" is not allowed within "+strings.Join(allowedLoops, ", "), "write it outside, and # for the element")
		}
		return
	}
	if parts := attributeNames(path + "."); len(parts) > 0 {
		s.when.failNode(n, path+" is not a value by itself", "name one of its parts: "+path+"."+parts[0])
		return
	}
	if member, ok := n.(*ast.MemberNode); ok {
		s.when.bad[n] = true
		parent, name := path[:strings.LastIndexByte(path, '.')+1], path[strings.LastIndexByte(path, '.')+1:]
		s.when.failNode(member.Property, strings.TrimSuffix(parent, ".")+" has no "+strconv.Quote(name), s.when.suggestName(name, parent))
		return
	}
	s.when.failNode(n, "there is no attribute "+strconv.Quote(path), s.when.suggestName(path, ""))
}

// checkSums refuses + on anything but numbers and times: joined strings could
// grow without end. It looks at the typed tree of a compiled condition.
func (s *sandbox) checkSums(n ast.Node) {
	ast.Walk(&n, visitor(func(n ast.Node) {
		sum, ok := n.(*ast.BinaryNode)
		if !ok || sum.Operator != "+" {
			return
		}
		for _, side := range []ast.Node{sum.Left, sum.Right} {
			if t := side.Type(); t == nil || !isCountable(t) {
				s.when.failNode(n, "+ joins no strings in a condition", `compare each of them: mention.title contains "x" || mention.text contains "x"`)
				return
			}
		}
	}))
}

type visitor func(ast.Node)

// Visit is called by ast.Walk.
func (v visitor) Visit(n *ast.Node) { v(*n) }

func isCountable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return t == reflect.TypeFor[time.Time]()
}

// topicNames are the topics that the condition names, each once.
func (s *sandbox) topicNames() []string {
	var names []string
	for _, n := range s.topics {
		if !slices.Contains(names, n.Value) {
			names = append(names, n.Value)
		}
	}
	return names
}
