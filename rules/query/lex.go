package query

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot"
	"earshot/rules/text"
)

type kind uint8

const (
	end kind = iota
	word
	phrase
	opening
	closing
	and
	or
	not
	minus
	near
)

// item is one lexical item of a query.
type item struct {
	kind  kind
	text  string // of words and phrases, without quotes
	span  earshot.Span
	words int // of near
}

// lexer cuts a query into items. It stops at the first problem.
type lexer struct {
	s        string
	at       int
	problems earshot.Problems
}

func (l *lexer) fail(span earshot.Span, what, hint string) {
	l.problems = append(l.problems, earshot.Problem{Offset: span[0], Length: span[1] - span[0], What: what, Hint: hint})
}

func (l *lexer) warn(span earshot.Span, what, hint string) {
	l.fail(span, what, hint)
	l.problems[len(l.problems)-1].Warning = true
}

// next reads the item at l.at; ok is false after a problem.
func (l *lexer) next() (it item, ok bool) {
	l.space()
	from := l.at
	if from >= len(l.s) {
		return item{kind: end, span: earshot.Span{from, from}}, true
	}
	r, n := utf8.DecodeRuneInString(l.s[from:])
	switch {
	case r == '(':
		l.at++
		return item{kind: opening, span: earshot.Span{from, l.at}}, true
	case r == ')':
		l.at++
		return item{kind: closing, span: earshot.Span{from, l.at}}, true
	case closingQuote(r) != 0:
		return l.quoted(from, from+n, closingQuote(r))
	case r == '-' && from+1 < len(l.s) && !isBreak(l.s[from+1:]):
		l.at++
		return item{kind: minus, span: earshot.Span{from, l.at}}, true
	}
	return l.word()
}

func (l *lexer) space() {
	for l.at < len(l.s) {
		r, n := utf8.DecodeRuneInString(l.s[l.at:])
		if !unicode.IsSpace(r) {
			break
		}
		l.at += n
	}
}

// quoted reads a phrase whose first quote stands at from.
func (l *lexer) quoted(from, inside int, quote rune) (item, bool) {
	n := strings.IndexFunc(l.s[inside:], func(r rune) bool { return r == quote || r == '"' })
	if n < 0 {
		l.fail(earshot.Span{from, inside}, "this quote is never closed", `put a " at the end of the phrase`)
		return item{}, false
	}
	_, width := utf8.DecodeRuneInString(l.s[inside+n:])
	l.at = inside + n + width
	it := item{kind: phrase, text: l.s[inside : inside+n], span: earshot.Span{from, l.at}}
	if l.at < len(l.s) && l.s[l.at] == '~' {
		l.fail(earshot.Span{l.at, l.at + 1}, "~ after a phrase is not supported", "join the words with NEAR/n: word NEAR/5 word")
		return item{}, false
	}
	return it, true
}

// word reads up to the next break; a field's value may be quoted.
func (l *lexer) word() (item, bool) {
	from := l.at
	for l.at < len(l.s) && !isBreak(l.s[l.at:]) {
		_, n := utf8.DecodeRuneInString(l.s[l.at:])
		l.at += n
	}
	it := item{kind: word, text: l.s[from:l.at], span: earshot.Span{from, l.at}}
	if strings.HasSuffix(it.text, ":") && l.at < len(l.s) && l.s[l.at] == '"' {
		value, ok := l.quoted(l.at, l.at+1, '"')
		it.text += value.text
		it.span[1] = l.at
		return it, ok
	}
	return l.operator(it)
}

// operator tells the operators among the words.
func (l *lexer) operator(it item) (item, bool) {
	switch it.text {
	case "AND":
		it.kind = and
	case "OR":
		it.kind = or
	case "NOT":
		it.kind = not
	case "and", "or", "not", "And", "Or", "Not":
		upper := strings.ToUpper(it.text)
		l.warn(it.span, strconv.Quote(it.text)+" is searched for like any other word", "write "+upper+" to join terms")
	}
	head, number, isNear := strings.Cut(it.text, "/")
	if it.text != "NEAR" && !(isNear && strings.EqualFold(head, "NEAR")) {
		return it, true
	}
	n, err := strconv.Atoi(number)
	if head != "NEAR" || err != nil || n < 1 || n > maxNear {
		l.fail(it.span, "NEAR needs its distance in words, from 1 to "+strconv.Itoa(maxNear), "write NEAR/5")
		return item{}, false
	}
	it.kind, it.words = near, n
	return it, true
}

// maxNear is the largest distance of NEAR, which stays within a field.
const maxNear = min(100, text.MaxDistance)

// isBreak reports whether s begins with what ends a word.
func isBreak(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '(' || r == ')' || closingQuote(r) != 0 || unicode.IsSpace(r)
}

// closingQuote returns the quote that closes the one given, 0 if it is none.
// Typographic quotes come with text pasted from word processors.
func closingQuote(r rune) rune {
	switch r {
	case '"':
		return '"'
	case '“', '„', '”':
		return '”'
	case '«':
		return '»'
	}
	return 0
}
