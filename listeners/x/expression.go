package x

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// expression is a query in X's syntax, as a tree.
type expression struct {
	op    operator
	text  string // of a term, with - before it if it excludes
	nodes []expression
}

type operator int

const (
	everything operator = iota // X cannot say it
	nothing                    // there is no such thing on X
	term
	allOf
	anyOf
)

func (e *expression) excludes() bool { return e.op == term && strings.HasPrefix(e.text, "-") }

// simple is the expression without the parts that say nothing.
func (e expression) simple() expression {
	none, every := nothing, everything // of an anyOf
	if e.op == allOf {
		none, every = everything, nothing
	}
	var kept []expression
	positive := false
	for _, n := range e.nodes {
		switch n.op {
		case none:
			continue
		case every:
			return expression{op: every}
		case e.op:
			kept = append(kept, n.nodes...)
			positive = true
		default:
			kept = append(kept, n)
			positive = positive || !n.excludes()
		}
	}
	switch {
	case !positive: // X takes no query that only excludes
		return expression{op: none}
	case len(kept) == 1:
		return kept[0]
	}
	return expression{op: e.op, nodes: kept}
}

// write is the expression in X's syntax.
func (e *expression) write() string {
	if e.op == term {
		return e.text
	}
	between := " "
	if e.op == anyOf {
		between = " OR "
	}
	parts := make([]string, len(e.nodes))
	for i := range e.nodes {
		parts[i] = e.nodes[i].grouped()
	}
	return strings.Join(parts, between)
}

func (e *expression) grouped() string {
	if e.op == term {
		return e.text
	}
	return "(" + e.write() + ")"
}

// characters is how X counts, or more.
func characters(s string) int { return len(utf16.Encode([]rune(s))) }

// mostSplit bounds the queries that one expression becomes. One that would need
// more is widened instead.
const mostSplit = 64

// split writes an expression as queries of at most so many characters, any of
// which may find what it does.
func split(e expression, most int) []string {
	left := mostSplit
	return e.split(most, &left)
}

func (e *expression) split(most int, left *int) []string {
	text := e.write()
	if characters(text) <= most-len("()") { // it may stand in a group
		*left--
		return []string{text}
	}
	switch e.op {
	case anyOf:
		var all []string
		for i := range e.nodes {
			all = append(all, e.nodes[i].split(most, left)...)
		}
		return all
	case allOf:
		if i := e.widest(); i >= 0 && *left > 0 {
			return e.halve(i, most, left)
		}
		shorter := e.shorter()
		return shorter.split(most, left)
	}
	*left--
	return []string{shortTerm(e.text, most-len("()"))}
}

// widest is the longest alternative of an AND, -1 without one.
func (e *expression) widest() int {
	at, length := -1, 0
	for i := range e.nodes {
		if n := characters(e.nodes[i].write()); e.nodes[i].op == anyOf && n > length {
			at, length = i, n
		}
	}
	return at
}

// halve asks for one half of an alternative and for the other.
func (e *expression) halve(i, most int, left *int) []string {
	nodes := e.nodes[i].nodes
	var all []string
	for _, half := range [][]expression{nodes[:len(nodes)/2], nodes[len(nodes)/2:]} {
		one := expression{op: anyOf, nodes: half}.simple()
		rest := slices.Clone(e.nodes)
		rest[i] = one
		e := expression{op: allOf, nodes: rest}.simple()
		all = append(all, e.split(most, left)...)
	}
	return all
}

// shorter leaves out one condition, which finds more: the last exclusion, else
// the longest of the others.
func (e *expression) shorter() expression {
	drop, length := -1, 0
	for i := range e.nodes {
		if e.nodes[i].excludes() {
			drop, length = i, 1<<30
		} else if n := characters(e.nodes[i].write()); n > length {
			drop, length = i, n
		}
	}
	nodes := slices.Delete(slices.Clone(e.nodes), drop, drop+1)
	return expression{op: allOf, nodes: nodes}.simple()
}

// shortTerm leaves out the last words of a phrase until it fits, or cuts a word
// that X could not hold anyway.
func shortTerm(text string, most int) string {
	for characters(text) > most {
		head, _, more := cutLast(text)
		if !more {
			r := []rune(strings.Trim(text, `"`))
			return string(r[:min(len(r), most/2)])
		}
		text = head + `"`
	}
	return text
}

func cutLast(text string) (head, tail string, ok bool) {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// pack joins queries by OR into as few as fit, in their order.
func pack(queries []string, most int) []string {
	var packed []string
	for _, q := range queries {
		if strings.Contains(q, " ") && !isTerm(q) {
			q = "(" + q + ")"
		}
		last := len(packed) - 1
		if last >= 0 && characters(packed[last])+len(" OR ")+characters(q) <= most {
			packed[last] += " OR " + q
			continue
		}
		packed = append(packed, q)
	}
	return packed
}

// isTerm reports whether a query is one phrase.
func isTerm(q string) bool {
	body := strings.TrimPrefix(q, "url:")
	return len(body) > 1 && body[0] == '"' && strings.Count(body, `"`) == 2 && strings.HasSuffix(body, `"`)
}
