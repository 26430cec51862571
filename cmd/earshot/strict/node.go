package strict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

type kind int

const (
	empty kind = iota // nothing, or null
	scalar
	mapping
	list
)

// style is how a scalar is written.
type style int

const (
	plain style = iota
	single
	double
	literal
	folded
)

// Node is one value of the file and where it begins. Aliases share the node of
// their anchor.
type Node struct {
	kind      kind
	line, col int
	text      string // of a scalar
	style     style
	entries   []entry
	items     []*Node
	size      int  // nodes in it, with aliases followed
	eaten     bool // a comment follows on the same line
	lost      bool // some of it, or all, could not be read as YAML
	number    bool // plain, and YAML reads it as a number
}

type entry struct {
	key   *Node
	value *Node
}

// Items returns the elements of a list, nil for everything else.
func (n *Node) Items() []*Node { return n.items }

// Empty reports whether nothing is written there.
func (n *Node) Empty() bool { return n == nil || n.kind == empty }

// IsMapping reports whether the node holds keys.
func (n *Node) IsMapping() bool { return n.kind == mapping }

// Get returns the value of a key, nil if there is none.
func (n *Node) Get(key string) *Node {
	for _, e := range n.entries {
		if e.key.text == key {
			return e.value
		}
	}
	return nil
}

// Key returns a key of a mapping as a node, nil if it is not there.
func (n *Node) Key(key string) *Node {
	for _, e := range n.entries {
		if e.key.text == key {
			return e.key
		}
	}
	return nil
}

// Without returns the mapping without one of its keys.
func (n *Node) Without(key string) *Node {
	rest := *n
	rest.entries = slices.DeleteFunc(slices.Clone(n.entries), func(e entry) bool { return e.key.text == key })
	return &rest
}

// Keys returns the keys of a mapping as nodes, in the order of the file.
func (n *Node) Keys() []*Node {
	keys := make([]*Node, len(n.entries))
	for i, e := range n.entries {
		keys[i] = e.key
	}
	return keys
}

// Line is where the node begins in the file, from 1.
func (n *Node) Line() int { return n.line }

// IsList reports whether the node holds a list.
func (n *Node) IsList() bool { return n.kind == list }

// Text returns what is written at a scalar, unprocessed.
func (n *Node) Text() string { return n.text }

// What aliases may make of a file: enough for every honest use.
const (
	maxNodes = 1_000_000
	maxDepth = 100
)

// builder turns goccy's tree into nodes: anchors followed, merge keys merged,
// every mistake reported.
type builder struct {
	d         *Document
	anchors   map[string]*Node
	depth     int
	elsewhere map[string]bool // anchors of a broken file, which may be in what is lost
	above     int             // lines of the file before the text that was parsed
}

func (b *builder) node(from ast.Node) *Node {
	b.depth++
	defer func() { b.depth-- }()
	n := b.convert(from)
	if b.depth > maxDepth {
		b.d.Report(n, "nested too deeply", "")
		return b.nothing(from)
	}
	n.size = 1
	for _, item := range n.items {
		n.size += item.size
	}
	for _, e := range n.entries {
		n.size += 1 + e.value.size
	}
	if n.size > maxNodes {
		b.d.Report(n, "aliases make this too large", "write out what is meant")
		return b.nothing(from)
	}
	return n
}

func (b *builder) convert(from ast.Node) *Node {
	switch from := from.(type) {
	case *ast.MappingNode:
		return b.mapping(from, from.Values)
	case *ast.MappingValueNode:
		return b.mapping(from, []*ast.MappingValueNode{from})
	case *ast.SequenceNode:
		n := b.at(from, list)
		for _, value := range from.Values {
			n.items = append(n.items, b.node(value))
		}
		return n
	case *ast.AnchorNode:
		n := b.node(from.Value)
		b.anchors[from.Name.GetToken().Value] = n
		return n
	case *ast.AliasNode:
		return b.alias(from)
	case *ast.TagNode:
		return b.tag(from)
	case *ast.LiteralNode:
		return b.block(from)
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return b.scalar(from)
	case *ast.NullNode:
		return b.nothing(from)
	}
	n := b.nothing(from)
	b.d.Report(n, "this kind of YAML is not used here", "write plain mappings, lists and texts")
	return n
}

func (b *builder) mapping(from ast.Node, values []*ast.MappingValueNode) *Node {
	n := b.at(from, mapping)
	if len(values) > 0 && !isFlow(from) {
		first := values[0].Key.GetToken().Position
		n.line, n.col = first.Line+b.above, first.Column
	}
	var merged []*Node
	seen := make(map[string]*Node, len(values))
	for _, value := range values {
		if value.Key.IsMergeKey() {
			merged = append(merged, b.mergeSources(value.Value)...)
			continue
		}
		key := b.key(value.Key)
		v := b.node(value.Value)
		if v.kind == empty {
			v.eaten = v.line == key.line && onlyComment(b.d.lines, key)
		}
		if earlier := seen[key.text]; earlier != nil {
			b.d.Report(key, fmt.Sprintf("key %q is there twice, first in line %d", key.text, earlier.line), "keep one of them")
			continue
		}
		seen[key.text] = key
		n.entries = append(n.entries, entry{key, v})
	}
	for _, source := range merged {
		for _, e := range source.entries {
			if seen[e.key.text] == nil {
				seen[e.key.text] = e.key
				n.entries = append(n.entries, e)
			}
		}
	}
	return n
}

func isFlow(n ast.Node) bool {
	m, ok := n.(*ast.MappingNode)
	return ok && m.IsFlowStyle
}

func (b *builder) key(from ast.MapKeyNode) *Node {
	switch from := from.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.BoolNode, *ast.FloatNode:
		return b.scalar(from)
	case *ast.NullNode:
		n := b.at(from, scalar)
		n.text = "null"
		return n
	}
	n := b.nothing(from)
	n.kind = scalar
	b.d.Report(n, "a key must be a plain word", "")
	return n
}

func (b *builder) mergeSources(from ast.Node) []*Node {
	n := b.node(from)
	sources := []*Node{n}
	if n.kind == list {
		sources = n.items
	}
	for _, s := range sources {
		if s.kind != mapping {
			b.d.Report(n, "<< merges mappings only", "write <<: *anchor")
			return nil
		}
	}
	return sources
}

func (b *builder) alias(from *ast.AliasNode) *Node {
	name := from.Value.GetToken().Value
	if n, ok := b.anchors[name]; ok {
		return n
	}
	n := b.at(from, empty)
	if b.elsewhere[name] {
		n.lost = true // with the piece that the anchor is in
		return n
	}
	b.d.Report(n, fmt.Sprintf("*%s refers to an anchor that is not defined above", name),
		"define it as &"+name+", or quote the text if the * is part of it")
	return n
}

func (b *builder) tag(from *ast.TagNode) *Node {
	if from.Value == nil {
		return b.nothing(from)
	}
	n := *b.node(from.Value)
	switch from.GetToken().Value {
	case "!!str":
		if n.kind == scalar && n.style == plain {
			n.style, n.number = double, false
		}
	case "!!int", "!!float", "!!bool", "!!map", "!!seq", "!!null":
	default:
		b.d.Report(b.at(from, empty), "tags are not used here", "quote the text if the ! is part of it")
	}
	return &n
}

func (b *builder) scalar(from ast.Node) *Node {
	n := b.at(from, scalar)
	tk := from.GetToken()
	n.text = tk.Value
	switch from.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		n.number = true
	}
	switch tk.Type {
	case token.SingleQuoteType:
		n.style = single
	case token.DoubleQuoteType:
		n.style = double
	default:
		n.eaten = commentFollows(tk)
	}
	return n
}

func (b *builder) block(from *ast.LiteralNode) *Node {
	n := b.at(from, scalar)
	n.text = from.Value.Value
	n.style = literal
	if strings.HasPrefix(from.Start.Value, ">") {
		n.style = folded
	}
	return n
}

func (b *builder) at(from ast.Node, k kind) *Node {
	n := &Node{kind: k}
	if tk := from.GetToken(); tk != nil {
		n.line, n.col = tk.Position.Line+b.above, max(tk.Position.Column, 1)
	}
	return n
}

func (b *builder) nothing(from ast.Node) *Node { return b.at(from, empty) }

// onlyComment reports whether nothing but a comment follows the key on its line.
func onlyComment(lines []string, key *Node) bool {
	if key.line > len(lines) {
		return false
	}
	_, after, found := strings.Cut(lines[key.line-1], key.text)
	return found && strings.HasPrefix(strings.TrimLeft(after, `"': `), "#")
}

// commentFollows reports whether a comment begins on the line where the token
// ends.
func commentFollows(tk *token.Token) bool {
	next := tk.Next
	if next == nil || next.Type != token.CommentType {
		return false
	}
	lines := strings.Count(strings.TrimSpace(tk.Origin), "\n")
	return next.Position.Line == tk.Position.Line+lines
}
