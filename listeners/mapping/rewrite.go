package mapping

import (
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// What expressions may use besides functions. expr's own limits have holes, so
// that only what is known to be cheap is let through; and whatever goes over a
// text or a list becomes a function of ours, which counts its work.
var (
	allowedOperators = []string{"==", "!=", "<", ">", "<=", ">=", "and", "or", "&&", "||", "not", "!", "in", "-", "*", "/", "%", "??"}
	textOperators    = []string{"contains", "startsWith", "endsWith", "matches"}
	allowedLoops     = []string{"map", "filter", "any", "all", "none", "one", "count", "find"}
)

// rewrite returns the node as it is compiled: names are fields of the item, what
// is missing is nil instead of an error, and nothing is unbounded. inLoop is true
// for what is evaluated for each element of a list.
func (c *compilation) rewrite(n ast.Node, inLoop bool) ast.Node {
	switch n := n.(type) {
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode:
	case *ast.IdentifierNode:
		return c.name(n)
	case *ast.PointerNode:
		if n.Name != "" {
			c.failNode(n, "#"+n.Name+" is not known here", "# is the element")
		}
	case *ast.ChainNode:
		return c.rewrite(n.Node, inLoop)
	case *ast.MemberNode:
		return c.member(n, inLoop)
	case *ast.UnaryNode:
		return c.unary(n, inLoop)
	case *ast.BinaryNode:
		return c.binary(n, inLoop)
	case *ast.ConditionalNode:
		n.Cond = call(n.Cond, "$flag", c.rewrite(n.Cond, inLoop))
		n.Exp1, n.Exp2 = c.rewrite(n.Exp1, inLoop), c.rewrite(n.Exp2, inLoop)
	case *ast.ArrayNode:
		c.each(n.Nodes, inLoop)
	case *ast.MapNode:
		c.object(n, inLoop)
	case *ast.BuiltinNode:
		c.loop(n, inLoop)
	case *ast.CallNode:
		return c.function(n, inLoop)
	default:
		c.failNode(n, "this is not known here", "an expression names fields and calls functions; see docs/sources/mapping.md")
	}
	return n
}

func (c *compilation) each(nodes []ast.Node, inLoop bool) {
	for i := range nodes {
		nodes[i] = c.rewrite(nodes[i], inLoop)
	}
}

// name makes a bare name a field of the item.
func (c *compilation) name(n *ast.IdentifierNode) ast.Node {
	switch {
	case n.Value == itemName || n.Value == docName || n.Value == requestName:
		return n
	case strings.HasPrefix(n.Value, "$"):
		c.failNode(n, n.Value+" is not known here", "")
		return n
	}
	return call(n, "$get", identifier(n, itemName), &ast.StringNode{Value: n.Value})
}

func (c *compilation) member(n *ast.MemberNode, inLoop bool) ast.Node {
	property := n.Property
	switch n.Property.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.UnaryNode:
	default:
		property = c.rewrite(n.Property, inLoop)
	}
	return call(n, "$get", c.rewrite(n.Node, inLoop), property)
}

func (c *compilation) unary(n *ast.UnaryNode, inLoop bool) ast.Node {
	c.operator(n, n.Operator)
	n.Node = c.rewrite(n.Node, inLoop)
	if n.Operator == "not" || n.Operator == "!" {
		n.Node = call(n.Node, "$flag", n.Node)
	}
	return n
}

func (c *compilation) binary(n *ast.BinaryNode, inLoop bool) ast.Node {
	right := n.Right
	n.Left, n.Right = c.rewrite(n.Left, inLoop), c.rewrite(n.Right, inLoop)
	switch {
	case n.Operator == "+":
		return call(n, "$add", n.Left, n.Right)
	case slices.Contains(textOperators, n.Operator):
		cost := 1
		if n.Operator == "matches" {
			cost = c.pattern(right)
		}
		n.Left = call(n.Left, "$text", n.Left, &ast.IntegerNode{Value: cost})
		if _, written := right.(*ast.StringNode); !written {
			n.Right = call(n.Right, "$text", n.Right, &ast.IntegerNode{Value: cost})
		}
		return n
	case n.Operator == "in":
		if _, written := right.(*ast.ArrayNode); !written {
			n.Right = call(n.Right, "$list", n.Right)
		}
	case slices.Contains([]string{"and", "or", "&&", "||"}, n.Operator):
		n.Left, n.Right = call(n.Left, "$flag", n.Left), call(n.Right, "$flag", n.Right)
	}
	c.operator(n, n.Operator)
	return n
}

func (c *compilation) operator(n ast.Node, operator string) {
	if !slices.Contains(allowedOperators, operator) {
		c.failNode(n, operator+" is not known here", "there are "+strings.Join(slices.Concat(allowedOperators, textOperators, []string{"+"}), " "))
	}
}

// pattern checks the right side of matches, and returns what each character of
// the text costs. The time a pattern takes grows with its size, and x{1000} is
// short to write.
func (c *compilation) pattern(n ast.Node) int {
	const longest = 200 // steps
	written, ok := n.(*ast.StringNode)
	if !ok {
		c.failNode(n, "the pattern of matches must be written out", `url matches "^https://forum[.]"`)
		return 1
	}
	parsed, err := syntax.Parse(written.Value, syntax.Perl)
	if err != nil {
		c.failNode(n, strings.TrimPrefix(err.Error(), "error parsing regexp: "), "patterns are those of https://pkg.go.dev/regexp/syntax")
		return 1
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > longest {
		c.failNode(n, "the pattern takes too long", "look for less: x{100} counts as a hundred characters")
		return 1
	}
	return 1 + len(program.Inst)
}

func (c *compilation) object(n *ast.MapNode, inLoop bool) {
	for _, node := range n.Pairs {
		pair, ok := node.(*ast.PairNode)
		if !ok {
			c.failNode(node, "this is not known here", "write {name: value}")
			continue
		}
		if _, written := pair.Key.(*ast.StringNode); !written {
			c.failNode(pair.Key, "a key must be a plain word", "write {name: value}")
		}
		pair.Value = c.rewrite(pair.Value, inLoop)
	}
}

// loop checks map(list, …) and the like, which may not stand in another.
func (c *compilation) loop(n *ast.BuiltinNode, inLoop bool) {
	switch {
	case !slices.Contains(allowedLoops, n.Name):
		c.unknown(n, n.Name)
		return
	case inLoop:
		c.failNode(n, n.Name+" may not stand in another loop", "go over one list only")
		return
	}
	for i, argument := range n.Arguments {
		if p, ok := argument.(*ast.PredicateNode); ok {
			p.Node = c.rewrite(p.Node, true)
			if n.Name != "map" {
				p.Node = call(p.Node, "$flag", p.Node)
			}
			continue
		}
		n.Arguments[i] = call(argument, "$list", c.rewrite(argument, false))
	}
}

func (c *compilation) function(n *ast.CallNode, inLoop bool) ast.Node {
	callee, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		c.failNode(n, "objects have no functions here", "write html(text), not text.html()")
		return n
	}
	if strings.HasPrefix(callee.Value, "$") || !slices.Contains(functionNames(), callee.Value) {
		c.unknown(n, callee.Value)
		return n
	}
	c.each(n.Arguments, inLoop)
	return call(n, callee.Value, n.Arguments...)
}

func (c *compilation) unknown(n ast.Node, name string) {
	c.failNode(n, "there is no function "+strconv.Quote(name), "there are "+strings.Join(slices.Concat(functionNames(), allowedLoops), ", "))
}

// call is a call of one of our functions where at stands.
func call(at ast.Node, name string, arguments ...ast.Node) ast.Node {
	n := &ast.CallNode{Callee: identifier(at, name), Arguments: append([]ast.Node{identifier(at, runName)}, arguments...)}
	for _, a := range arguments {
		if a.Location().To == 0 {
			a.SetLocation(at.Location())
		}
	}
	n.SetLocation(at.Location())
	return n
}

func identifier(at ast.Node, name string) ast.Node {
	n := &ast.IdentifierNode{Value: name}
	n.SetLocation(at.Location())
	return n
}
