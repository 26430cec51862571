package x

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"earshot"
)

// syntax is what one of X's endpoints takes.
type syntax struct {
	most   int    // characters of a query
	suffix string // of every query
}

// X no longer finds reposts by search, and each would cost as much as a post; who
// repeats a post shows in its counts.
var (
	searchSyntax = syntax{most: 512}
	streamSyntax = syntax{most: 1024, suffix: " -is:retweet"}
)

// compiled is what to ask X for so that everything comes that the brands ask for.
type compiled struct {
	queries []string
	notes   []remark
}

// remark is something a person should know of how X is asked.
type remark struct{ what, hint string }

// compile translates the brands' queries. What X has no words for is left out so
// that more comes, never less. Only where nothing would remain to be asked for is
// an alternative given up, and noted.
func compile(queries []earshot.Query, s syntax) compiled {
	var out compiled
	var all []expression
	for i := range queries {
		q := &queries[i]
		c := &compiler{query: q}
		all = append(all, c.alternatives(&q.Root)...)
		out.notes = append(out.notes, c.notes...)
	}
	var asked []string
	for i := range all {
		for _, text := range split(all[i], s.room()) {
			if !slices.Contains(asked, text) {
				asked = append(asked, text)
			}
		}
	}
	for _, text := range pack(asked, s.room()) {
		out.queries = append(out.queries, s.finish(text))
	}
	return out
}

func (s syntax) room() int {
	if s.suffix == "" {
		return s.most
	}
	return s.most - len(s.suffix) - len("()")
}

func (s syntax) finish(text string) string {
	if s.suffix == "" {
		return text
	}
	return "(" + text + ")" + s.suffix
}

// compiler translates one query.
type compiler struct {
	query *earshot.Query
	notes []remark
}

func (c *compiler) note(n *earshot.QueryNode, format, hint string) {
	text := c.query.Text
	from, to := n.Span[0], n.Span[1]
	if from < 0 || to > len(text) || from >= to {
		from, to = 0, len(text)
	}
	c.notes = append(c.notes, remark{what: fmt.Sprintf(format, clean(text[from:to], 60)), hint: hint})
}

// alternatives are what any of must be asked for.
func (c *compiler) alternatives(root *earshot.QueryNode) []expression {
	nodes := []earshot.QueryNode{*root}
	if root.Op == earshot.QueryOr {
		nodes = root.Nodes
	}
	var all []expression
	for i := range nodes {
		e := c.wide(&nodes[i])
		switch {
		case e.op == nothing: // what is not on X
		case e.op != everything:
			all = append(all, e)
		default:
			e = c.nearest(&nodes[i])
			if e.op == everything {
				c.note(&nodes[i], "X cannot search for %s, so that it is not heard there", "add a word that such posts have")
				continue
			}
			all = append(all, e)
			c.note(&nodes[i], "X cannot search for all of %s: it is asked for "+strings.ReplaceAll(clean(e.write(), 60), "%", "%%"), "name the words that matter one by one")
		}
	}
	return all
}

// wide is a translation that finds everything that the node does, and may find
// more.
func (c *compiler) wide(n *earshot.QueryNode) expression {
	switch n.Op {
	case earshot.QueryAnd, earshot.QueryNear:
		return c.all(n)
	case earshot.QueryOr:
		e := expression{op: anyOf}
		for i := range n.Nodes {
			e.nodes = append(e.nodes, c.wide(&n.Nodes[i]))
		}
		return e.simple()
	case earshot.QueryNot:
		return expression{op: everything} // alone; below an AND see all
	}
	if n.Title {
		return expression{op: nothing} // X has no titles
	}
	return wideLeaf(n)
}

// all translates an AND.
func (c *compiler) all(n *earshot.QueryNode) expression {
	e := expression{op: allOf}
	for i := range n.Nodes {
		child := &n.Nodes[i]
		if child.Op == earshot.QueryNot {
			e.nodes = append(e.nodes, excluded(&child.Nodes[0])...)
			continue
		}
		wide := c.wide(child)
		if wide.op == everything && costly(child) {
			c.note(child, "X cannot search for %s: what it finds without is matched here, and paid for", "")
		}
		e.nodes = append(e.nodes, wide)
	}
	return e.simple()
}

// costly reports whether leaving a node out makes X find much more.
func costly(n *earshot.QueryNode) bool {
	switch n.Op {
	case earshot.QueryIs, earshot.QueryBetween:
		return false
	}
	return true
}

// excluded are the parts of a NOT that X understands just as we do, or less
// widely. Whatever is left out is matched here.
func excluded(n *earshot.QueryNode) []expression {
	if n.Op == earshot.QueryOr {
		var all []expression
		for i := range n.Nodes {
			all = append(all, excluded(&n.Nodes[i])...)
		}
		return all
	}
	if n.Exact || n.Title || strings.ContainsFunc(n.Text, func(c rune) bool { return c > unicode.MaxASCII }) {
		return nil
	}
	switch n.Op {
	case earshot.QueryWord, earshot.QueryPhrase, earshot.QueryHashtag, earshot.QueryHandle:
		if e := wideLeaf(n); e.op == term {
			return []expression{{op: term, text: "-" + e.text}}
		}
	}
	return nil
}

func leaf(text string) expression { return expression{op: term, text: text} }

// wideLeaf translates what is compared with a post.
func wideLeaf(n *earshot.QueryNode) expression {
	wild := strings.ContainsAny(n.Text, "*?")
	switch n.Op {
	case earshot.QueryWord:
		if !wild {
			return leaf(word(n.Text))
		}
	case earshot.QueryPhrase:
		return phrase(n.Text)
	case earshot.QueryHashtag:
		if tag := word(n.Text); !wild && tag == n.Text {
			return leaf("#" + tag)
		}
	case earshot.QueryCashtag:
		if symbol := word(n.Text); !wild && symbol == n.Text {
			return leaf("$" + symbol)
		}
	case earshot.QueryHandle:
		if isHandle(n.Text) {
			return leaf("@" + n.Text)
		}
		if !wild {
			return leaf(quoted(n.Text)) // of another network, and may be written out
		}
	case earshot.QueryTo:
		if isHandle(n.Text) {
			return leaf("@" + n.Text)
		}
	case earshot.QueryAuthor:
		if isHandle(n.Text) {
			return leaf("from:" + n.Text)
		}
	case earshot.QuerySite:
		if !wild && !ownHost(n.Text) {
			return leaf("url:" + quoted(n.Text))
		}
	case earshot.QueryLinks:
		if !wild {
			return leaf("url:" + quoted(n.Text))
		}
	case earshot.QueryNetwork:
		if n.Text != network {
			return expression{op: nothing}
		}
	case earshot.QueryChannel:
		return expression{op: nothing} // X has none
	}
	return expression{op: everything}
}

// ownHost reports whether every post of X is at the host.
func ownHost(host string) bool {
	return host == "x.com" || host == "com"
}

// phrase keeps the words of a phrase that are whole.
func phrase(text string) expression {
	if !strings.ContainsAny(text, "*?") {
		return leaf(quoted(text))
	}
	e := expression{op: allOf}
	for w := range strings.FieldsSeq(text) {
		if !strings.ContainsAny(w, "*?") {
			e.nodes = append(e.nodes, leaf(word(w)))
		}
	}
	return e.simple()
}

// word writes one word, in quotes unless it is of letters and digits, or symbols
// such as emoji, alone.
func word(text string) string {
	plain := !strings.EqualFold(text, "or") && !strings.EqualFold(text, "and") && text != ""
	for _, c := range text {
		plain = plain && (unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c) || unicode.Is(unicode.So, c))
	}
	if plain {
		return text
	}
	return quoted(text)
}

func quoted(text string) string {
	text = strings.Map(func(c rune) rune {
		if c == '"' || c == '\\' || unicode.IsControl(c) {
			return ' '
		}
		return c
	}, text)
	return `"` + strings.Join(strings.Fields(text), " ") + `"`
}

// nearest is a translation of what X cannot search for as a whole: the
// alternatives that it knows, and words without what stands for any letters.
func (c *compiler) nearest(n *earshot.QueryNode) expression {
	quiet := compiler{query: c.query}
	if e := quiet.wide(n); e.op != everything {
		return e
	}
	switch n.Op {
	case earshot.QueryOr:
		e := expression{op: anyOf}
		for i := range n.Nodes {
			if near := c.nearest(&n.Nodes[i]); near.op != everything {
				e.nodes = append(e.nodes, near)
			}
		}
		if len(e.nodes) > 0 {
			return e.simple()
		}
	case earshot.QueryAnd, earshot.QueryNear: // none of it is known: one is as near as all
		for i := range n.Nodes {
			if near := c.nearest(&n.Nodes[i]); near.op == term || near.op == allOf || near.op == anyOf {
				return near
			}
		}
	case earshot.QueryWord:
		if stem := strings.TrimSuffix(n.Text, "*"); stem != "" && !strings.ContainsAny(stem, "*?") {
			return leaf(word(stem))
		}
	}
	return expression{op: everything}
}
