package strict

import (
	"errors"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// parse reads the whole text; when that fails, piece by piece, so that one
// mistake does not hide the others.
func (d *Document) parse(text string) {
	b := &builder{d: d, anchors: map[string]*Node{}}
	body, err := parseYAML(text)
	if err == nil {
		d.root = b.top(body)
		return
	}
	d.broken = true
	whole := d.syntaxFinding(err, 0)
	d.root = &Node{kind: mapping, line: 1, col: 1}
	for _, p := range pieces(d.lines, 0, len(d.lines)) {
		d.parsePiece(b, p, 0)
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

// piece is a range of lines that stands for itself: a key or a list item with
// all that is indented below it.
type piece struct{ from, to int }

// pieces cuts the lines where the least indented of them begin.
func pieces(lines []string, from, to int) []piece {
	least := -1
	for _, line := range lines[from:to] {
		if n := indent(line); n >= 0 && (least < 0 || n < least) {
			least = n
		}
	}
	var found []piece
	if least < 0 {
		return nil
	}
	for i := from; i < to; i++ {
		if indent(lines[i]) == least {
			found = append(found, piece{i, to})
			if n := len(found); n > 1 {
				found[n-2].to = i
			}
		}
	}
	return found
}

// indent returns the spaces before the first word, -1 for a line without one or
// with a tab before it.
func indent(line string) int {
	trimmed := strings.TrimLeft(line, " ")
	if trimmed == "" || trimmed[0] == '#' || trimmed[0] == '\t' {
		return -1
	}
	return len(line) - len(trimmed)
}

// parsePiece adds what a piece at the top of the file holds, or reports the
// mistakes in it: those of its own pieces if they have any.
func (d *Document) parsePiece(b *builder, p piece, level int) {
	if len(d.findings) >= maxSyntaxFindings {
		return
	}
	body, err := parseYAML(strings.Join(d.lines[p.from:p.to], "\n"))
	if err == nil {
		b.above = p.from
		if level == 0 && body != nil {
			if n := b.node(body); n.kind == mapping {
				d.root.entries = append(d.root.entries, n.entries...)
			}
		}
		return
	}
	before := len(d.findings)
	if level < 3 && opens(d.lines[p.from]) {
		for _, inner := range pieces(d.lines, p.from+1, p.to) {
			d.parsePiece(b, inner, level+1)
		}
	}
	if len(d.findings) == before {
		d.findings = append(d.findings, d.syntaxFinding(err, p.from))
	}
}

// maxSyntaxFindings is how many mistakes are worth reading before correcting some.
const maxSyntaxFindings = 100

// opens reports whether a line only introduces what is indented below it.
func opens(line string) bool {
	if i := strings.Index(line, " #"); i >= 0 {
		line = line[:i]
	}
	return strings.HasSuffix(strings.TrimRight(line, " "), ":")
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

// syntaxFinding explains an error of the YAML parser in a text that begins below
// so many lines of the file. Its own text is not used: it shows lines of the file.
func (d *Document) syntaxFinding(err error, above int) Finding {
	f := Finding{File: d.name, Line: above + 1, Col: 1, What: "this is not YAML"}
	var syntax *yaml.SyntaxError
	if !errors.As(err, &syntax) || syntax.Token == nil {
		return f
	}
	f.Line, f.Col = syntax.Token.Position.Line+above, max(syntax.Token.Position.Column, 1)
	f.What, f.Hint = explain(syntax.Message)
	line := ""
	if f.Line <= len(d.lines) {
		line = d.lines[f.Line-1]
	}
	if key := d.textKey(line); key != "" && strings.HasPrefix(f.Hint, "quote") {
		f.Hint = "quote the " + key + ", or begin it with | on a line of its own"
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
