package strict

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// find returns the node at a path such as brands[0].topics.safety.query, or the
// nearest one above it; whole is false when that is not the one asked for.
func (d *Document) find(path string) (n *Node, whole bool) {
	n = d.Root()
	for path != "" {
		next, rest := step(n, path)
		if next == nil {
			// A topic may be written as its query alone.
			return n, n.kind == scalar && path == "query"
		}
		n, path = next, strings.TrimPrefix(rest, ".")
	}
	return n, true
}

// step follows the first part of the path. Keys may hold dots, so the longest
// key that fits is taken.
func step(n *Node, path string) (next *Node, rest string) {
	if index, after, ok := strings.Cut(strings.TrimPrefix(path, "["), "]"); ok && path[0] == '[' {
		if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(n.items) {
			return n.items[i], after
		}
		return nil, path
	}
	best := -1
	for _, e := range n.entries {
		key := e.key.text
		after, ok := strings.CutPrefix(path, key)
		if ok && len(key) > best && (after == "" || after[0] == '.' || after[0] == '[') {
			next, rest, best = e.value, after, len(key)
		}
	}
	return next, rest
}

func lastWord(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		path = path[i+1:]
	}
	word, _, _ := strings.Cut(path, "[")
	return word
}

func parent(path string) string {
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)]
}

// locate returns the place of the byte at offset in a scalar's text, as it is
// written in the file. Where the two cannot be brought together it returns the
// place where the scalar begins.
func (d *Document) locate(n *Node, offset int) (line, col int) {
	offset = min(max(offset, 0), len(n.text))
	r := &reader{lines: d.lines, line: n.line - 1, col: n.col - 1, want: n.text[:offset]}
	var ok bool
	switch n.style {
	case plain, single, double:
		ok = r.flow(n.style)
	case literal, folded:
		ok = r.block(n.style)
	}
	if !ok {
		return n.line, n.col
	}
	return r.line + 1, r.col + 1
}

// reader follows the text it wants through the lines of the file. It moves over
// the characters that make it up and stops behind them.
type reader struct {
	lines     []string
	line, col int // from 0, col in characters
	want      string
}

func (r *reader) rest() string {
	if r.line >= len(r.lines) {
		return ""
	}
	line := r.lines[r.line]
	for range r.col {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
	}
	return line
}

// take moves over n characters that stand for text, if the text wanted goes on
// so.
func (r *reader) take(text string, n int) bool {
	rest, ok := strings.CutPrefix(r.want, text)
	if ok {
		r.want = rest
		r.col += n
	}
	return ok
}

// flow follows plain and quoted text, in which line breaks are folded.
func (r *reader) flow(s style) bool {
	if s != plain {
		r.col++
	}
	for r.want != "" {
		rest := r.rest()
		switch {
		case strings.TrimSpace(rest) == "":
			if !r.fold() {
				return false
			}
		case s == single && strings.HasPrefix(rest, "''"):
			if !r.take("'", 2) {
				return false
			}
		case s == double && rest[0] == '\\':
			if !r.escape(rest) {
				return false
			}
		default:
			_, size := utf8.DecodeRuneInString(rest)
			if !r.take(rest[:size], 1) {
				return false
			}
		}
	}
	return true
}

// nextLine moves to where the text goes on and returns the blank lines before.
func (r *reader) nextLine() (blank int) {
	for r.line++; r.line < len(r.lines) && strings.TrimSpace(r.lines[r.line]) == ""; r.line++ {
		blank++
	}
	r.col = 0
	if r.line < len(r.lines) {
		line := r.lines[r.line]
		r.col = len(line) - len(strings.TrimLeft(line, " \t"))
	}
	return blank
}

// fold moves over a line break: a space, or one newline for each blank line.
func (r *reader) fold() bool {
	blank := r.nextLine()
	if r.line >= len(r.lines) {
		return false
	}
	text := " "
	if blank > 0 {
		text = strings.Repeat("\n", min(blank, len(r.want)+1))
	}
	if strings.HasPrefix(text, r.want) {
		r.want = ""
		return true
	}
	return r.take(text, 0)
}

// escape moves over a backslash sequence of a double-quoted text.
func (r *reader) escape(rest string) bool {
	if strings.TrimSpace(rest[1:]) == "" {
		r.nextLine()
		return r.line < len(r.lines)
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[rest[1]]
	_, size := utf8.DecodeRuneInString(r.want)
	return r.take(r.want[:size], 2+digits)
}

// block follows | and > text, whose lines share an indentation.
func (r *reader) block(s style) bool {
	r.line, r.col = r.line+1, 0
	first := r.line
	for first < len(r.lines) && strings.TrimSpace(r.lines[first]) == "" {
		first++
	}
	if first >= len(r.lines) {
		return false
	}
	margin := len(r.lines[first]) - len(strings.TrimLeft(r.lines[first], " "))
	for {
		r.col = min(margin, len(r.lines[r.line]))
		for rest := r.rest(); rest != "" && r.want != ""; rest = r.rest() {
			_, size := utf8.DecodeRuneInString(rest)
			if !r.take(rest[:size], 1) {
				return false
			}
		}
		if r.want == "" {
			return true
		}
		if r.line++; r.line >= len(r.lines) || !r.lineBreak(s) {
			return false
		}
	}
}

// lineBreak accepts what the end of a line stands for in a block.
func (r *reader) lineBreak(s style) bool {
	if s == literal || r.want[0] == '\n' {
		return r.take("\n", 0)
	}
	// Folded: a break is a space, and none at all before a blank line that
	// stands for the newline itself.
	return r.take(" ", 0) || (r.line > 0 && strings.TrimSpace(r.lines[r.line-1]) == "")
}

// excerpt returns the line of a text that holds the bytes at offset, short
// enough for a terminal, with the columns before them and their width.
func excerpt(text string, offset, length int) (line string, indent, carets int) {
	const before, after = 60, 40
	offset = min(max(offset, 0), len(text))
	end := min(offset+max(length, 0), len(text))
	start := strings.LastIndexByte(text[:offset], '\n') + 1
	stop := len(text)
	if i := strings.IndexByte(text[offset:], '\n'); i >= 0 {
		stop = offset + i
	}
	end = min(end, stop)
	left := lastRunes(text[start:offset], before)
	right := firstRunes(text[end:stop], after)
	middle := firstRunes(text[offset:end], before)
	return show(left) + show(middle) + show(right), columns(left), max(columns(middle), 1)
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

func lastRunes(s string, n int) string {
	for i := utf8.RuneCountInString(s) - n; i > 0; i-- {
		_, size := utf8.DecodeRuneInString(s)
		s = s[size:]
	}
	return s
}

// show makes control characters harmless on a terminal.
func show(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// columns returns how wide a terminal shows s.
func columns(s string) int {
	n := 0
	for _, r := range show(s) {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me):
		case k == width.EastAsianWide || k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
