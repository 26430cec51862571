package strict

import (
	"errors"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parse reads the whole text; when that fails, piece by piece, so that one
// mistake hides neither the others nor what holds.
func (d *Document) parse(text string) {
	b := &builder{d: d, anchors: map[string]*Node{}}
	body, err := parseYAML(text)
	if err == nil {
		d.root = b.top(body)
		return
	}
	whole := d.syntaxFinding(err, fragment{text: text})
	s := salvager{b: b, lines: slices.Clone(d.lines)}
	b.elsewhere = anchorNames(d.lines)
	end := len(d.lines)
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok && syntax.Message == messageDocuments {
		d.findings = append(d.findings, whole)
		end = min(end, whole.Line-1)
	}
	d.root = s.read(0, end, 0)
	if d.root.kind != mapping {
		d.root = &Node{kind: mapping, line: 1, col: 1, lost: true}
	}
	if len(d.findings) == 0 {
		d.findings = append(d.findings, whole)
	}
}

func (b *builder) top(body ast.Node) *Node {
	if body == nil {
		return nil
	}
	n := b.node(body)
	if n.kind == empty {
		return nil
	}
	if n.kind != mapping {
		b.d.Report(n, "the file must hold keys with values", "begin with brands:")
		return nil
	}
	return n
}

// parseYAML returns the body of the only document in the text, nil for none.
func parseYAML(text string) (ast.Node, error) {
	tokens := lexer.Tokenize(text)
	if err := checkTokens(tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, err
	}
	var body ast.Node
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			return nil, &yaml.SyntaxError{Message: messageDocuments, Token: doc.Body.GetToken()}
		}
		body = doc.Body
	}
	return body, nil
}

// Messages of our own, beside those of the YAML library.
const (
	messageDocuments = "a second YAML document"
	messageDepth     = "nested too deeply"
	messageDirective = "a YAML directive"
)

// checkTokens refuses what the parser, which is recursive, should not see.
func checkTokens(tokens token.Tokens) error {
	depth, run := 0, 0
	for i, tk := range tokens {
		switch tk.Type {
		case token.DirectiveType:
			return &yaml.SyntaxError{Message: messageDirective, Token: tk}
		case token.MappingStartType, token.SequenceStartType:
			depth++
		case token.MappingEndType, token.SequenceEndType:
			depth = max(depth-1, 0)
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			if i > 0 && tk.Position.Line != tokens[i-1].Position.Line {
				run = 0
			}
			run++
		}
		if depth > maxDepth || run > maxDepth || tk.Position.Column > maxColumn(tk) {
			return &yaml.SyntaxError{Message: messageDepth, Token: tk}
		}
	}
	return nil
}

// maxColumn bounds how far a key may be indented, and so how deeply keys nest.
func maxColumn(tk *token.Token) int {
	if tk.Type == token.MappingValueType && tk.Position.IndentNum > 10*maxDepth {
		return 0
	}
	return 1 << 30
}

// fragment is a part of the file that was parsed by itself.
type fragment struct {
	text  string
	above int    // lines of the file before it
	under string // key that it belongs to
}

// syntaxFinding explains an error of the YAML parser in a part of the file. Its
// own text is not used: it shows lines of the file.
func (d *Document) syntaxFinding(err error, in fragment) Finding {
	f := Finding{File: d.name, Line: in.above + 1, Col: 1, What: "this is not YAML"}
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) || syntax.Token == nil {
		return f
	}
	f.Line, f.Col = syntax.Token.Position.Line+in.above, max(syntax.Token.Position.Column, 1)
	f.What, f.Hint = explain(syntax.Message)
	line := ""
	if f.Line <= len(d.lines) {
		line = d.lines[f.Line-1]
	}
	if key := d.textKey(line); key != "" && strings.HasPrefix(f.Hint, "quote") {
		f.Hint = "quote the " + key + ", or begin it with | on a line of its own"
	}
	or, last := "", f.Line-in.above
	if strings.HasPrefix(f.Hint, "add ") {
		// What is never closed is told where it was opened: all behind it may be why.
		or, last = f.Hint+", or ", len(d.lines)
	}
	if key := d.eatenKey(lexer.Tokenize(in.text), last, in.under); key != "" {
		f.Hint = or + "does ` #` begin a comment? quote the " + key
	}
	return f
}

// textKey returns the key of a text for people that begins on the line.
func (d *Document) textKey(line string) string {
	for _, key := range d.options.Verbatim {
		if i := strings.Index(line, key+":"); i >= 0 && !strings.HasSuffix(strings.TrimSpace(line), key+":") {
			return key
		}
	}
	return ""
}

// explanations say in plain words what the YAML library means; the first whose
// key is part of the message holds.
var explanations = []struct{ part, what, hint string }{
	{messageDocuments, "a second document begins here", "keep one; --- separates documents"},
	{messageDepth, "nested too deeply", ""},
	{messageDirective, "a word may not begin with %", "quote the text"},
	{"found character '\t'", "a tab where YAML wants spaces", "indent with spaces"},
	{"tab character", "a tab where YAML wants spaces", "indent with spaces"},
	{"is a reserved character", "a text may not begin with this character", "quote the text"},
	{"undefined alias", "a * that names nothing", "quote the text if the * is part of it"},
	{"undefined anchor", "an & that names nothing", "quote the text if the & is part of it"},
	{"could not find end character of", "a quote that is never closed", "add the closing quote; double ' inside '…'"},
	{"unknown escape character", `a \ escape that YAML does not have`, `write \\ for a backslash, or use single quotes`},
	{"sequence end token", "a [ that is never closed", "add ]"},
	{"flow mapping end token", "a { that is never closed", "add }"},
	{"corresponding to ']'", "a ] without a [", "remove it, or quote the text"},
	{"corresponding to '}'", "a } without a {", "remove it, or quote the text"},
	{"',' or '}'", "a comma or } is missing before this", "quote the text if it holds , : or }"},
	{"',' or ']'", "a comma or ] is missing before this", "quote the text if it holds , : or ]"},
	{"mapping value is not allowed", "a second colon in a value", "quote the text; is the indentation right?"},
	{"map key-value is pre-defined", "more text after the value", "quote all of it; is the indentation right?"},
	{"non-map value", "a value where a key is expected", "write key: value with the indentation of the keys above"},
	{"value is not allowed", "a value that does not belong here", "is the indentation right?"},
	{"invalid key", "a colon without a key", "write key: value"},
	{"unexpected key name", "a key without a colon", "write key: value"},
	{"document separator", "--- inside a quoted text", "close the quote"},
}

func explain(message string) (what, hint string) {
	for _, e := range explanations {
		if strings.Contains(message, e.part) {
			return e.what, e.hint
		}
	}
	return "this is not YAML", "are the indentation and the quotes right?"
}
