package relevance

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"earshot/rules/match"
	"earshot/rules/text"
)

// spelling weighs how the name is written. A name has a capital letter where a
// common word has none; who writes everything in one case says nothing by it.
func (w *weighing) spelling() {
	proper, common := (*match.Words)(nil), (*match.Words)(nil)
	for i := range min(len(w.e.Finds), mostLooked) {
		f := &w.e.Finds[i]
		name := w.name(f)
		for j := range min(len(f.Words), mostLooked) {
			switch at := &f.Words[j]; w.spelled(at, name) {
			case asName:
				if proper == nil {
					proper = at
				}
			case asWord:
				if common == nil {
					common = at
				}
			}
		}
	}
	switch {
	case proper != nil:
		w.at([]match.Words{*proper}, RuleCapital, capital)
	case common != nil:
		w.at([]match.Words{*common}, RuleLower, lower)
	}
}

// name is the term of the query, as somebody wrote it there; "" if it is more
// than a word or a phrase.
func (w *weighing) name(f *match.Find) string {
	if f.Span[0] < 0 || f.Span[1] > len(w.e.Query) || f.Span[0] >= f.Span[1] {
		return ""
	}
	return strings.Trim(w.e.Query[f.Span[0]:f.Span[1]], `"“”{}`)
}

// spelledAs is what the case of a name says.
type spelledAs int

const (
	anyhow spelledAs = iota
	asName           // a capital where the language asks for none
	asWord           // no capital where the query has one, by somebody who writes capitals
)

func (w *weighing) spelled(at *match.Words, name string) spelledAs {
	field := w.e.Fields[at.Field]
	s := field[at.Span[0]:at.Span[1]]
	first, size := utf8.DecodeRuneInString(s)
	switch {
	case name == "" || text.Fold(s) != text.Fold(name):
		return anyhow
	case inTag(w.e.Tokens, at):
		return anyhow
	case unicode.IsUpper(first) && strings.ToUpper(s) == s && name != s && utf8.RuneCountInString(s) > 1:
		return anyhow // shouted
	case unicode.IsUpper(first) || strings.ToLower(s[size:]) != s[size:]:
		if w.e.Lang == "de" || beginsSentence(field[:at.Span[0]]) && strings.ToLower(s[size:]) == s[size:] {
			return anyhow // German writes every noun so
		}
		return asName
	case strings.ToLower(name) != name && writesCapitals(field):
		return asWord
	}
	return anyhow
}

// beginsSentence reports whether what follows s has a capital for its place alone.
func beginsSentence(s string) bool {
	s = strings.TrimRightFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) && r != '\n' || strings.ContainsRune(`"'“”„«»‘’([*_–—-`, r)
	})
	r, _ := utf8.DecodeLastRuneInString(s)
	return s == "" || strings.ContainsRune(".!?…:;\n。！？¿¡•", r) || unicode.Is(unicode.So, r)
}

// writesCapitals reports whether a text has a word with a capital and small letters
// after it, outside addresses, handles and hashtags.
func writesCapitals(s string) bool {
	const enough = 1 << 10 // bytes that show how somebody writes
	for word := range strings.FieldsSeq(s[:min(len(s), enough)]) {
		first, n := utf8.DecodeRuneInString(word)
		next, _ := utf8.DecodeRuneInString(word[n:])
		if unicode.IsUpper(first) && unicode.IsLower(next) {
			return true
		}
	}
	return false
}
