package main

import (
	"cmp"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/cmd/earshot/strict"
)

// tone is how words are shown on a terminal, as the parameters of an SGR escape.
type tone string

const (
	plain   tone = ""
	bold    tone = "1"
	counted tone = "1;33" // yellow: it counts, for no feeling
	forIt   tone = "1;32" // green
	against tone = "1;31" // red
)

func toneOf(weight earshot.Score) tone {
	switch {
	case weight > 0:
		return forIt
	case weight < 0:
		return against
	}
	return plain
}

// in writes a text in a tone, if there are colours.
func (e explainer) in(t tone, s string) string {
	if !e.color || t == plain || s == "" {
		return printable(s)
	}
	return "\x1b[" + string(t) + "m" + printable(s) + "\x1b[0m"
}

// addColorFlag adds --color, whose value wantsColor takes.
func addColorFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("color", "auto", "colour what is printed: `WHEN` is auto (on a terminal, unless NO_COLOR is set), always or never")
}

// wantsColor decides on colours: as the call says, else whether a person looks at
// w, on a terminal, and has not set NO_COLOR.
func wantsColor(mode string, w io.Writer) (bool, error) {
	switch mode {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return os.Getenv("NO_COLOR") == "" && isTerminal(w), nil
	}
	return false, usageError{"--color knows no " + mode + " (" + strict.Suggest(mode, []string{"auto", "always", "never"}) + ")"}
}

// mark is a stretch of text that counted, and how much it did for the sentiment.
type mark struct {
	span    earshot.Span
	feeling earshot.Score
}

// marked is the text with the words that counted in colour: green and red as they
// argue for a better or a worse sentiment, yellow where they count otherwise.
func (e explainer) marked(text, field string, verdicts []earshot.Verdict) string {
	if !e.color {
		return printable(text)
	}
	var marks []mark
	var cuts []int
	for _, v := range verdicts {
		for _, r := range v.Reasons {
			if r.Span == nil || r.Field != field || r.Span[0] < 0 || r.Span[1] > len(text) || r.Span[0] >= r.Span[1] {
				continue
			}
			m := mark{span: whole(text, *r.Span)}
			if r.Of == earshot.OfSentiment {
				m.feeling = r.Weight
			}
			marks, cuts = append(marks, m), append(cuts, m.span[0], m.span[1])
		}
	}
	slices.Sort(cuts)
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Compare(a.span[0], b.span[0]) })
	return e.apart(e.toned(text, marks, slices.Compact(cuts)))
}

// toned writes a text whose tone may change at the cuts. The marks are in order.
func (e explainer) toned(text string, marks []mark, cuts []int) string {
	var b strings.Builder
	var open []mark
	current, began, from := plain, 0, 0
	for _, at := range append(cuts, len(text)) {
		open = slices.DeleteFunc(open, func(m mark) bool { return m.span[1] <= from })
		for ; len(marks) > 0 && marks[0].span[0] <= from; marks = marks[1:] {
			open = append(open, marks[0])
		}
		if t := toneAt(open); at > from && t != current {
			b.WriteString(e.in(current, text[began:from]))
			current, began = t, from
		}
		from = at
	}
	return b.String() + e.in(current, text[began:])
}

// toneAt is the tone of what some marks cover.
func toneAt(open []mark) tone {
	if len(open) == 0 {
		return plain
	}
	feeling := earshot.Score(0)
	for _, m := range open {
		feeling += m.feeling
	}
	if feeling == 0 {
		return counted
	}
	return toneOf(feeling)
}

// whole widens a span to whole characters as people see them: no mark, joiner or
// skin tone is torn from what it belongs to.
func whole(text string, s earshot.Span) earshot.Span {
	for s[0] > 0 {
		r, _ := utf8.DecodeRuneInString(text[s[0]:])
		_, size := utf8.DecodeLastRuneInString(text[:s[0]])
		if utf8.RuneStart(text[s[0]]) && !joined(r) {
			break
		}
		s[0] -= size
	}
	for s[1] < len(text) {
		r, size := utf8.DecodeRuneInString(text[s[1]:])
		if utf8.RuneStart(text[s[1]]) && !joined(r) {
			break
		}
		s[1] += size
	}
	return s
}

func joined(r rune) bool {
	return unicode.IsMark(r) || r == '\u200d' || r >= 0x1f3fb && r <= 0x1f3ff
}
