package query

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot"
	"earshot/rules/text"
)

// Signs that nobody expects to be searched for: those of trademarks, and in a
// phrase those of sentences.
const (
	marksOfTrade     = "™®©*"
	marksOfSentences = ".,;:!?…'’‘\"()[]-–—/。、，！？"
)

// warnDropped warns of signs right beside letters, such as the + of C++, that
// are not searched for. Signs with letters on both sides make a phrase.
func (p *parser) warnDropped(it item, elements []text.Element) {
	if strings.Contains(it.text, "://") || it.kind == exact {
		return
	}
	for i := range elements {
		if elements[i].Holes > 0 {
			return
		}
	}
	harmless := marksOfTrade
	if it.kind == phrase {
		harmless += marksOfSentences
	}
	from, to := droppedSigns(it.text, harmless)
	if from == to {
		return
	}
	inside := it.span[0] + strings.Index(p.s[it.span[0]:it.span[1]], it.text)
	read := make([]string, len(elements))
	for i := range elements {
		read[i] = elements[i].Key
	}
	sign := strconv.Quote(it.text[from:to])
	p.warn(earshot.Span{inside + from, inside + to}, fmt.Sprintf("%s is not searched for: this finds every %q", sign, strings.Join(read, " ")),
		"take it away, or join the term with a word that tells it apart: NEAR/5, AND")
}

// droppedSigns finds the first signs beside a word of s, on one side of it only.
func droppedSigns(s, harmless string) (from, to int) {
	covered := make([]bool, len(s)+1)
	var t text.Tokens
	t.Add(text.Body, s)
	for _, token := range t.List {
		for i := token.From; i < token.To; i++ {
			covered[i] = true
		}
	}
	isSign := func(i int) (r rune, size int, sign bool) {
		r, size = utf8.DecodeRuneInString(s[i:])
		return r, size, size > 0 && !covered[i] && !unicode.IsSpace(r) && !unicode.In(r, unicode.M, unicode.Cf)
	}
	for from < len(s) {
		_, size, sign := isSign(from)
		if !sign {
			from += size
			continue
		}
		bad := false
		for to = from; to < len(s); {
			r, size, sign := isSign(to)
			if !sign {
				break
			}
			bad = bad || !strings.ContainsRune(harmless, r)
			to += size
		}
		before, after := from > 0 && covered[from-1], covered[to]
		if bad && (before != after || before && to > from+size) {
			return from, to
		}
		from = to
	}
	return 0, 0
}
