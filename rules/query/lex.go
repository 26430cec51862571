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
	exact // {as written}
	regex
	field // name: of what follows
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
	kind    kind
	text    string // of terms and fields, without quotes, braces, slashes and colon
	span    earshot.Span
	words   int  // of near; of a phrase or a closing parenthesis, the n of ~n, or 0
	ordered bool // of near
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
	if !l.space() {
		return item{}, false
	}
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
		return l.within(item{kind: closing, span: earshot.Span{from, l.at}})
	case r == '{':
		return l.braced()
	case closingQuote(r) != 0:
		return l.quoted(from, from+n, closingQuote(r))
	case r == '/' && from+1 < len(l.s) && !isBreakButTerm(l.s[from+1:]):
		return l.slashed()
	case r == '-' && from+1 < len(l.s) && !isBreakButTerm(l.s[from+1:]):
		l.at++
		return item{kind: minus, span: earshot.Span{from, l.at}}, true
	}
	return l.word()
}

// space skips spaces and <<<comments>>>.
func (l *lexer) space() bool {
	for l.at < len(l.s) {
		if strings.HasPrefix(l.s[l.at:], "<<<") {
			n := strings.Index(l.s[l.at:], ">>>")
			if n < 0 {
				l.fail(earshot.Span{l.at, l.at + 3}, "this comment is never closed", "put >>> at its end")
				return false
			}
			l.at += n + 3
			continue
		}
		r, n := utf8.DecodeRuneInString(l.s[l.at:])
		if !unicode.IsSpace(r) {
			break
		}
		l.at += n
	}
	return true
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
	return l.within(item{kind: phrase, text: l.s[inside : inside+n], span: earshot.Span{from, l.at}})
}

// within reads the ~n that may follow a phrase or a group.
func (l *lexer) within(it item) (item, bool) {
	if l.at >= len(l.s) || l.s[l.at] != '~' {
		return it, true
	}
	from := l.at
	for l.at++; l.at < len(l.s) && l.s[l.at] >= '0' && l.s[l.at] <= '9'; {
		l.at++
	}
	n, err := strconv.Atoi(l.s[from+1 : l.at])
	if err != nil || n < 1 || n > maxNear {
		l.fail(earshot.Span{from, l.at}, "~ needs a distance in words, from 1 to "+strconv.Itoa(maxNear), `write "first second"~5 or (first AND second)~5`)
		return item{}, false
	}
	it.words, it.span[1] = n, l.at
	return it, true
}

// braced reads {as written}.
func (l *lexer) braced() (item, bool) {
	from := l.at
	n := strings.IndexByte(l.s[from:], '}')
	if n < 0 {
		l.fail(earshot.Span{from, from + 1}, "this brace is never closed", "put a } at the end of what should be spelled so")
		return item{}, false
	}
	l.at += n + 1
	return item{kind: exact, text: l.s[from+1 : from+n], span: earshot.Span{from, l.at}}, true
}

// slashed reads /a regular expression/.
func (l *lexer) slashed() (item, bool) {
	from := l.at
	for l.at++; l.at < len(l.s) && l.s[l.at] != '/' && l.s[l.at] != '\n'; l.at++ {
		if l.s[l.at] == '\\' && l.at+1 < len(l.s) {
			l.at++
		}
	}
	if l.at >= len(l.s) || l.s[l.at] != '/' {
		l.at = min(l.at, len(l.s))
		l.fail(earshot.Span{from, from + 1}, "this regular expression is never closed", `put a / at its end and \/ inside it, or quote the words to search for them`)
		return item{}, false
	}
	l.at++
	return item{kind: regex, text: l.s[from+1 : l.at-1], span: earshot.Span{from, l.at}}, true
}

// word reads up to the next break. A name and a colon before something that is
// more than a word is a field.
func (l *lexer) word() (item, bool) {
	from := l.at
	for l.at < len(l.s) && !isBreak(l.s[l.at:]) {
		c := l.s[l.at]
		if c == ':' && isName(l.s[from:l.at]) {
			rest := l.s[l.at+1:]
			switch name := l.s[from:l.at]; {
			case isModifier(name), rest != "" && strings.IndexByte("({", rest[0]) >= 0, strings.HasPrefix(rest, "/") && !strings.HasPrefix(rest, "//"), closesQuote(rest):
				l.at++
				return item{kind: field, text: name, span: earshot.Span{from, l.at}}, true
			case strings.HasPrefix(rest, "["):
				return l.bracketed(from)
			}
		}
		_, n := utf8.DecodeRuneInString(l.s[l.at:])
		l.at += n
	}
	return l.operator(item{kind: word, text: l.s[from:l.at], span: earshot.Span{from, l.at}})
}

// bracketed reads name:[1 TO 5], whose colon stands at l.at.
func (l *lexer) bracketed(from int) (item, bool) {
	n := strings.IndexByte(l.s[l.at:], ']')
	if n < 0 {
		l.fail(earshot.Span{l.at + 1, l.at + 2}, "this range is never closed", "write it like [100 TO 5000]")
		return item{}, false
	}
	l.at += n + 1
	return item{kind: word, text: l.s[from:l.at], span: earshot.Span{from, l.at}}, true
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
	number, it.ordered = strings.CutSuffix(number, "f")
	n, err := strconv.Atoi(number)
	if head != "NEAR" || err != nil || n < 1 || n > maxNear {
		l.fail(it.span, "NEAR needs its distance in words, from 1 to "+strconv.Itoa(maxNear), "write NEAR/5, or NEAR/5f if the first must come first")
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
	return r == '(' || r == ')' || closingQuote(r) != 0 || unicode.IsSpace(r) || strings.HasPrefix(s, "<<<")
}

// isBreakButTerm reports whether s begins with what ends a word and begins no term.
func isBreakButTerm(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == ')' || unicode.IsSpace(r) || strings.HasPrefix(s, "<<<")
}

func closesQuote(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return closingQuote(r) != 0
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

// isName reports whether s could name a field.
func isName(s string) bool {
	for _, r := range s {
		if r != '_' && (r|0x20 < 'a' || r|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}
