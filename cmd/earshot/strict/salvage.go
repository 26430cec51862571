package strict

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// Bounds of reading a broken file in pieces.
const (
	maxSyntaxFindings = 100 // worth reading before correcting some
	maxPieceDepth     = 8   // each level is parsed again
)

// salvager reads what holds of a file that is no YAML as a whole.
type salvager struct {
	b     *builder
	lines []string // of the file, without the dashes of items that were opened
	under string   // the key that what is read now belongs to
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

// read returns what the lines hold, of which not all is YAML. What is not is
// reported and leaves a lost node in its place.
func (s *salvager) read(from, to, level int) *Node {
	n := &Node{line: from + 1, col: 1}
	seen := map[string]*Node{}
	for _, p := range pieces(s.lines, from, to) {
		s.add(n, s.piece(p, level), seen)
	}
	n.lost = n.lost || n.kind == empty
	return n
}

// add puts the content of a piece to that of the pieces before.
func (s *salvager) add(n, more *Node, seen map[string]*Node) {
	if n.kind == empty && more.kind != scalar {
		n.kind, n.line, n.col = more.kind, more.line, more.col
	}
	n.lost = n.lost || more.lost || n.kind != more.kind
	n.size += more.size
	if n.kind != more.kind {
		return
	}
	n.items = append(n.items, more.items...)
	for _, e := range more.entries {
		if earlier := seen[e.key.text]; earlier != nil {
			s.b.d.Report(e.key, fmt.Sprintf("key %q is there twice, first in line %d", e.key.text, earlier.line), "keep one of them")
			continue
		}
		seen[e.key.text] = e.key
		n.entries = append(n.entries, e)
	}
}

var anchorName = regexp.MustCompile(`&([^\s,\[\]{}]+)`)

// anchorNames lists what looks like an anchor.
func anchorNames(lines []string) map[string]bool {
	names := map[string]bool{}
	for _, line := range lines {
		for _, m := range anchorName.FindAllStringSubmatch(line, -1) {
			names[m[1]] = true
		}
	}
	return names
}

// piece returns a mapping or a list with what is in one piece.
func (s *salvager) piece(p piece, level int) *Node {
	d := s.b.d
	if len(d.findings) >= maxSyntaxFindings {
		return &Node{line: p.from + 1, col: 1, lost: true}
	}
	text := strings.Join(s.lines[p.from:p.to], "\n")
	body, err := parseYAML(text)
	if err == nil {
		s.b.above = p.from
		if body == nil {
			return &Node{line: p.from + 1, col: 1}
		}
		return s.b.node(body)
	}
	before := len(d.findings)
	n := s.open(p, level)
	if len(d.findings) == before {
		d.findings = append(d.findings, d.syntaxFinding(err, fragment{text, p.from, s.under}))
	}
	return n
}

var itemStart = regexp.MustCompile(`^ *-(?: |$)`)

var keyStart = regexp.MustCompile(`^ *["']?([A-Za-z0-9_.-]+)["']?:(?: |$)`)

// open returns what can be told of a piece that is not YAML: a list of one item,
// or a mapping of one key, in which something is lost.
func (s *salvager) open(p piece, level int) *Node {
	line := s.lines[p.from]
	deeper := level < maxPieceDepth
	at := &Node{line: p.from + 1, col: utf8.RuneCountInString(line[:max(indent(line), 0)]) + 1}
	lost := &Node{line: at.line, col: at.col, lost: true}
	if itemStart.MatchString(line) {
		at.kind, at.items = list, []*Node{lost}
		s.lines[p.from] = strings.Replace(line, "-", " ", 1)
		if deeper {
			at.items[0] = s.read(p.from, p.to, level+1)
		}
		return at
	}
	m := keyStart.FindStringSubmatch(line)
	if m == nil {
		at.lost = true
		return at
	}
	key := &Node{kind: scalar, text: m[1], line: at.line, col: at.col}
	if deeper && opens(line) {
		outer := s.under
		s.under = key.text
		lost = s.read(p.from+1, p.to, level+1)
		s.under = outer
		lost.lost = lost.lost || lost.kind == empty
	}
	at.kind, at.entries = mapping, []entry{{key, lost}}
	return at
}

// opens reports whether a line only introduces what is indented below it.
func opens(line string) bool {
	if i := strings.Index(line, " #"); i >= 0 {
		line = line[:i]
	}
	return strings.HasSuffix(strings.TrimRight(line, " "), ":")
}

// eatenKey returns the key of the first text for people that a comment cuts off,
// if it begins no later than in the given line. All of them are under a key.
func (d *Document) eatenKey(tokens token.Tokens, line int, under string) string {
	for i, tk := range tokens {
		if tk.Type != token.CommentType || i == 0 || tokens[i-1].Position.Line > tk.Position.Line {
			continue
		}
		k := lastKey(tokens, i)
		if k < 0 || tokens[k].Position.Line > line || !follows(tokens[k:i], tk) {
			continue
		}
		if slices.Contains(d.options.Verbatim, tokens[k].Value) {
			return tokens[k].Value
		}
		if parent := keyAbove(tokens, k); parent >= 0 {
			under = tokens[parent].Value
		}
		if slices.Contains(d.options.VerbatimIn, under) {
			return "query"
		}
	}
	return ""
}

// follows reports whether the comment stands behind text of the value and not
// alone.
func follows(value token.Tokens, comment *token.Token) bool {
	last := value[len(value)-1]
	lines := strings.Count(strings.TrimSpace(last.Origin), "\n")
	return last.Type == token.StringType && last.Position.Line+lines >= comment.Position.Line
}

// lastKey returns the key before tokens[i], -1 for none.
func lastKey(tokens token.Tokens, i int) int {
	for i--; i > 0; i-- {
		if tokens[i].Type == token.MappingValueType {
			return i - 1
		}
	}
	return -1
}

// keyAbove returns the key whose value holds the key tokens[k], -1 for none.
func keyAbove(tokens token.Tokens, k int) int {
	depth := 0
	for i := k - 1; i > 0; i-- {
		switch tokens[i].Type {
		case token.MappingEndType, token.SequenceEndType:
			depth++
		case token.MappingStartType, token.SequenceStartType:
			if depth--; depth < 0 {
				return lastKey(tokens, i)
			}
		case token.MappingValueType:
			if key := tokens[i-1]; depth == 0 && key.Position.Line < tokens[k].Position.Line && key.Position.Column < tokens[k].Position.Column {
				return i - 1
			}
		}
	}
	return -1
}

// Complete reports whether all below a key of the file could be read. Values of
// the keys that are ignored do not count.
func (d *Document) Complete(key string, ignored ...string) bool {
	n := d.Root().Get(key)
	if n == nil {
		return !d.Root().lost
	}
	return !d.holds(n, d.unread, ignored)
}

// Unread reports whether something is written at path that could not be read.
func (d *Document) Unread(path string) bool {
	n, whole := d.find(path)
	return whole && d.unread(n)
}

func (d *Document) unread(n *Node) bool { return n.lost || d.wrong[n] }

// holds reports whether something of the kind is at the node or below.
func (d *Document) holds(n *Node, something func(*Node) bool, ignored []string) bool {
	if something(n) {
		return true
	}
	return slices.ContainsFunc(n.items, func(item *Node) bool { return d.holds(item, something, ignored) }) ||
		slices.ContainsFunc(n.entries, func(e entry) bool {
			return !slices.Contains(ignored, e.key.text) && d.holds(e.value, something, ignored)
		})
}
