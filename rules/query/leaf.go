package query

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot"
	"earshot/rules/text"
)

// maxWords is the longest phrase.
const maxWords = 100

// leaf makes a node of a term and checks that it can match something.
func (p *parser) leaf(it item) (earshot.QueryNode, bool) {
	if it.kind == word {
		if name, value, ok := strings.Cut(it.text, ":"); ok && isName(name) && !strings.HasPrefix(value, "//") {
			return p.named(it.span, name, value)
		}
	}
	if f := p.inside.field; f != nil {
		if it.kind == exact || it.kind == regex {
			p.fail(it.span, p.inside.name+": takes words only", "take the signs around it away")
			return earshot.QueryNode{}, false
		}
		return p.value(it.span, f, it.text)
	}
	switch {
	case it.kind == regex:
		return p.regex(it)
	case it.kind == exact:
		return p.exactly(it)
	case it.words > 0:
		return p.loose(it)
	}
	return p.words(it)
}

// words makes a node of a word, a phrase, a tag, a handle or a share's symbol.
func (p *parser) words(it item) (earshot.QueryNode, bool) {
	n := earshot.QueryNode{Op: earshot.QueryWord, Text: it.text, Span: it.span}
	if it.kind == phrase {
		n.Op = earshot.QueryPhrase
		return n, p.checkWords(it) && p.dress(&n)
	}
	if strings.HasPrefix(it.text, "~") {
		p.fail(it.span, "~ stands after a phrase or a group", `write "first second"~5, or quote the words to search for them`)
		return n, false
	}
	var ok bool
	switch r, size := utf8.DecodeRuneInString(it.text); {
	case r == '#' || r == '＃':
		n.Op, n.Text = earshot.QueryHashtag, it.text[size:]
		ok = p.checkTag(it, "#"+n.Text, "a hashtag has letters, digits and _ only")
	case r == '@' || r == '＠':
		n.Op, n.Text = earshot.QueryHandle, it.text[size:]
		ok = p.checkTag(it, "@"+n.Text, "a handle looks like @name or @name@server.example")
	case isCashtag(it.text):
		n.Op, n.Text = earshot.QueryCashtag, it.text[size:]
		ok = p.checkTag(it, "$"+n.Text, "a share's symbol looks like $ACME")
	default:
		ok = p.checkWords(it)
	}
	return n, ok && p.dress(&n)
}

// exactly makes a node of what stands in braces.
func (p *parser) exactly(it item) (earshot.QueryNode, bool) {
	n := earshot.QueryNode{Op: earshot.QueryWord, Text: strings.TrimSpace(it.text), Exact: true, Span: it.span}
	elements := text.Literal(n.Text)
	switch {
	case len(elements) == 0:
		p.fail(it.span, "there are no letters or digits to look for", "put a word between the braces: {BT}")
		return n, false
	case len(elements) > maxWords:
		p.fail(it.span, fmt.Sprintf("there are more than %d words", maxWords), "a part of it will do")
		return n, false
	case len(elements) > 1:
		n.Op = earshot.QueryPhrase
	case elements[0].Key[0] == '#':
		n.Op, n.Text = earshot.QueryHashtag, trimSign(n.Text)
	case elements[0].Key[0] == '@':
		n.Op, n.Text = earshot.QueryHandle, trimSign(n.Text)
	case elements[0].Key[0] == '$':
		n.Op, n.Text = earshot.QueryCashtag, trimSign(n.Text)
	}
	if s := p.inside; s.evade || s.compound {
		p.fail(it.span, "{ } asks for one spelling, evade: and compound: for others", "take one of them away")
		return n, false
	}
	p.warnDropped(it, elements)
	return n, p.dress(&n)
}

func trimSign(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[size:]
}

// checkWords refuses what has no words, and wildcards in the wrong place.
func (p *parser) checkWords(it item) bool {
	elements := text.Wild(it.text)
	switch {
	case len(elements) == 0:
		p.fail(it.span, "there are no letters, digits or emoji to look for", "take it away, or put the words between the quotes")
		return false
	case len(elements) > maxWords:
		p.fail(it.span, fmt.Sprintf("the phrase has more than %d words", maxWords), "a part of it will do")
		return false
	}
	if !p.checkStars(it, elements) {
		return false
	}
	p.warnDropped(it, elements)
	return true
}

// checkStars refuses wildcards that would match too much.
func (p *parser) checkStars(it item, elements []text.Element) bool {
	inside := strings.Index(p.s[it.span[0]:it.span[1]], it.text)
	for i := range len(it.text) {
		if it.text[i] != '*' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(it.text[:i])
		after, _ := utf8.DecodeRuneInString(it.text[i+1:])
		if !isLetter(before) || isLetter(after) {
			p.fail(earshot.Span{it.span[0] + inside + i, it.span[0] + inside + i + 1},
				"* can only stand at the end of a word", "write at least 3 letters and then *: recall*")
			return false
		}
	}
	for i := range elements {
		e := &elements[i]
		switch {
		case e.Holes > 0 && e.Letters() > text.MaxHoled:
			p.fail(it.span, fmt.Sprintf("a word with ? has at most %d letters", text.MaxHoled), "write * after its beginning")
		case e.Holes > text.MaxHoles:
			p.fail(it.span, fmt.Sprintf("a word has at most %d ?", text.MaxHoles), "write * after its beginning, or list the words with OR")
		case e.Holes > 0 && e.Letters()-e.Holes < text.MinPrefix:
			p.fail(it.span, fmt.Sprintf("a word with ? needs at least %d letters", text.MinPrefix), "list the words with OR")
		case e.Prefix && e.Letters()-e.Holes < text.MinPrefix:
			p.fail(it.span, fmt.Sprintf("at least %d letters must stand before *", text.MinPrefix), "write more of the word, or list the words with OR")
		default:
			continue
		}
		return false
	}
	return true
}

func (p *parser) checkTag(it item, tag, hint string) bool {
	elements := text.Wild(tag)
	if len(elements) != 1 || elements[0].Key[0] != tag[0] {
		p.fail(it.span, strconv.Quote(it.text)+" can never match", hint)
		return false
	}
	if !p.checkStars(it, elements) {
		return false
	}
	p.warnDropped(it, elements)
	return true
}

// isCashtag reports whether s is a share's symbol; $5 is an amount.
func isCashtag(s string) bool {
	if !strings.HasPrefix(s, "$") && !strings.HasPrefix(s, "＄") {
		return false
	}
	elements := text.Wild(s)
	return len(elements) == 1 && elements[0].Key[0] == '$'
}

func isLetter(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.M, r))
}

// dress gives a leaf what the fields around it ask for.
func (p *parser) dress(n *earshot.QueryNode) bool {
	s := &p.inside
	n.Title = s.title
	plain := n.Op == earshot.QueryWord || n.Op == earshot.QueryPhrase
	n.Camel = s.camel && plain
	if !s.evade && !s.compound {
		return true
	}
	elements := text.Wild(n.Text)
	longest := func(least int) bool {
		return slices.ContainsFunc(elements, func(e text.Element) bool { return e.Letters() >= least })
	}
	if s.evade {
		if !longest(text.MinDisguised) {
			p.fail(n.Span, fmt.Sprintf("evade: needs a word of at least %d letters", text.MinDisguised), "shorter ones are found in everything")
			return false
		}
		if slices.ContainsFunc(elements, func(e text.Element) bool { return e.Holes > 0 }) {
			p.fail(n.Span, "evade: knows no ?", "take one of them away")
			return false
		}
		n.Evade = true
	}
	if s.compound && plain {
		if len(elements) > 1 || !longest(text.MinInside) {
			p.fail(n.Span, fmt.Sprintf("compound: needs single words of at least %d letters", text.MinInside), "shorter ones are inside of everything")
			return false
		}
		n.Compound = !elements[0].Prefix && elements[0].Holes == 0
		if !n.Compound {
			p.fail(n.Span, "compound: finds all endings by itself", "take * and ? away")
			return false
		}
	}
	return true
}
