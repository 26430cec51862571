package markup

import (
	"strings"
	"unicode"

	"golang.org/x/net/html/atom"
)

// gap is the space due before the next word.
type gap int

const (
	none gap = iota
	space
	line
	paragraph
)

// gapOf is what a tag puts between the words before and after it.
func gapOf(tag atom.Atom) gap {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Pre, atom.Hr,
		atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Section, atom.Article, atom.Figure:
		return paragraph
	case atom.Br, atom.Div, atom.Li, atom.Tr, atom.Dt, atom.Dd, atom.Header, atom.Footer, atom.Aside, atom.Main,
		atom.Nav, atom.Address, atom.Figcaption, atom.Form, atom.Fieldset, atom.Option, atom.Caption, atom.Summary,
		atom.Details, atom.Center, atom.Legend, atom.Title:
		return line
	case atom.Td, atom.Th:
		return space
	}
	return none
}

// writer joins words with the widest gap that is due between them, and none at
// the beginning and the end.
type writer struct {
	strings.Builder
	due gap
}

// rest makes at least g due.
func (w *writer) rest(g gap) { w.due = max(w.due, g) }

// write adds text. Runs of white space become one gap; line breaks count when
// they are meant.
func (w *writer) write(s string, breaks bool) {
	for s != "" {
		i := strings.IndexFunc(s, func(c rune) bool { return !unicode.IsSpace(c) })
		if i < 0 {
			i = len(s)
		}
		w.restOver(s[:i], breaks)
		s = s[i:]
		end := strings.IndexFunc(s, unicode.IsSpace)
		if end < 0 {
			end = len(s)
		}
		w.word(s[:end])
		s = s[end:]
	}
}

func (w *writer) restOver(white string, breaks bool) {
	if white == "" {
		return
	}
	switch n := strings.Count(white, "\n"); {
	case breaks && n > 1:
		w.rest(paragraph)
	case breaks && n == 1:
		w.rest(line)
	default:
		w.rest(space)
	}
}

func (w *writer) word(s string) {
	if s == "" {
		return
	}
	if w.Len() > 0 {
		w.WriteString([...]string{none: "", space: " ", line: "\n", paragraph: "\n\n"}[w.due])
	}
	w.due = none
	w.WriteString(s)
}
