package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"

	"earshot"
)

// explainer writes verdicts for people.
type explainer struct {
	judge
	color bool
}

func (e explainer) line(number int, line []byte, out *bytes.Buffer) error {
	judged, ok, err := e.read(number, line)
	if err != nil || !ok {
		return err
	}
	m := &judged.Mention
	fmt.Fprintf(out, "%s\n", printable(m.ID))
	if m.Title != "" {
		fmt.Fprintf(out, "  %s\n", e.marked(m.Title, "title", judged.Verdicts))
	}
	fmt.Fprintf(out, "  %s\n", e.marked(m.Text, "text", judged.Verdicts))
	if below := e.below(out, m); len(judged.Verdicts) == 0 && !below {
		out.WriteString("  concerns no brand\n")
	}
	for i := range judged.Verdicts {
		e.verdict(out, m, &judged.Verdicts[i])
	}
	out.WriteByte('\n')
	return nil
}

func (e explainer) verdict(out *bytes.Buffer, m *earshot.Mention, v *earshot.Verdict) {
	fmt.Fprintf(out, "  brand %s", e.in(bold, v.Brand))
	for _, list := range []struct {
		what  string
		words []string
	}{{"topics", v.Topics}, {"labels", v.Labels}} {
		if len(list.words) > 0 {
			fmt.Fprintf(out, ", %s %s", list.what, strings.Join(list.words, ", "))
		}
	}
	if v.OwnedAuthor {
		out.WriteString(", written by the brand itself")
	}
	out.WriteByte('\n')
	for _, quality := range []struct {
		name  earshot.Quality
		score earshot.Score
	}{{earshot.OfRelevance, v.Relevance}, {earshot.OfSentiment, v.Sentiment}, {earshot.OfUrgency, v.Urgency}, {earshot.OfDelight, v.Delight}} {
		if quality.name == earshot.OfDelight && !argues(v.Reasons, quality.name) {
			continue // nothing is felt: there is nothing to explain
		}
		fmt.Fprintf(out, "    %-10s %10s\n", quality.name, quality.score)
		e.table(out, m, v.Reasons, quality.name)
	}
	for _, r := range v.Routes {
		fmt.Fprintf(out, "    goes to %s as %s", e.in(bold, r.Team), r.Kind)
		if r.Topic != "" {
			fmt.Fprintf(out, ", topic %s", r.Topic)
		}
		out.WriteByte('\n')
	}
}

// argues reports whether there are reasons for a quality.
func argues(reasons []earshot.Reason, of earshot.Quality) bool {
	return slices.ContainsFunc(reasons, func(r earshot.Reason) bool { return r.Of == of })
}

// table lists what argues for a quality, and below a rule what it adds up to.
// Numbers stand first, so that the width and the direction of words move nothing.
func (e explainer) table(out *bytes.Buffer, m *earshot.Mention, reasons []earshot.Reason, of earshot.Quality) {
	sum, rows := earshot.Score(0), 0
	for _, r := range reasons {
		if r.Of == of {
			sum += r.Weight
			rows++
			fmt.Fprintf(out, "      %s  %s%s\n", e.in(toneOf(r.Weight), column(signed(r.Weight))), printable(r.Rule), e.words(m, r))
		}
	}
	if rows > 0 {
		fmt.Fprintf(out, "      %s\n    = %s\n", strings.Repeat("─", columnBefore+columnAfter), e.in(bold, strings.TrimRight(column(sum.String()), " ")))
	}
}

// Characters of a number before and after its decimal point.
const (
	columnBefore = 7
	columnAfter  = 7 // with the point
)

// column writes a number so that those below each other have their points below
// each other.
func column(number string) string {
	whole, fraction, found := strings.Cut(number, ".")
	if found {
		fraction = "." + fraction
	}
	return fmt.Sprintf("%*s%-*s", columnBefore, whole, columnAfter, fraction)
}

func signed(s earshot.Score) string {
	if s > 0 {
		return "+" + s.String()
	}
	return s.String()
}

// words quotes what a reason is about.
func (e explainer) words(m *earshot.Mention, r earshot.Reason) string {
	text := fieldOf(m, r.Field)
	if r.Span == nil || r.Span[0] < 0 || r.Span[1] > len(text) || r.Span[0] >= r.Span[1] {
		return ""
	}
	return " “" + e.apart(printable(text[r.Span[0]:r.Span[1]])) + "”"
}

func fieldOf(m *earshot.Mention, field string) string {
	if field == "title" {
		return m.Title
	}
	return m.Text
}

// apart keeps what is read from right to left from turning what stands beside it,
// on a terminal that turns text at all.
func (e explainer) apart(s string) string {
	if !e.color || !strings.ContainsFunc(s, rightToLeft) {
		return s
	}
	const isolate, pop = "\u2068", "\u2069"
	return isolate + s + pop
}

func rightToLeft(r rune) bool {
	properties, _ := bidi.LookupRune(r)
	class := properties.Class()
	return class == bidi.R || class == bidi.AL
}

// printable keeps what strangers wrote from commanding the terminal or from
// looking like other text than it is.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, s)
}
