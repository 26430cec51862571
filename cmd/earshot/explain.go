package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

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
	if len(judged.Verdicts) == 0 {
		out.WriteString("  concerns no brand\n")
	}
	for i := range judged.Verdicts {
		e.verdict(out, m, &judged.Verdicts[i])
	}
	out.WriteByte('\n')
	return nil
}

func (e explainer) verdict(out *bytes.Buffer, m *earshot.Mention, v *earshot.Verdict) {
	fmt.Fprintf(out, "  brand %s", e.bold(v.Brand))
	if len(v.Topics) > 0 {
		fmt.Fprintf(out, ", topics %s", strings.Join(v.Topics, ", "))
	}
	if v.OwnedAuthor {
		out.WriteString(", written by the brand itself")
	}
	out.WriteByte('\n')
	for _, quality := range []struct {
		name  earshot.Quality
		score earshot.Score
	}{{earshot.OfRelevance, v.Relevance}, {earshot.OfSentiment, v.Sentiment}, {earshot.OfUrgency, v.Urgency}} {
		fmt.Fprintf(out, "    %-10s %10s\n", quality.name, quality.score)
		for _, r := range v.Reasons {
			if r.Of == quality.name {
				fmt.Fprintf(out, "      %19s  %s%s\n", signed(r.Weight), printable(r.Rule), words(m, r))
			}
		}
	}
	for _, r := range v.Routes {
		fmt.Fprintf(out, "    goes to %s as %s", e.bold(r.Team), r.Kind)
		if r.Topic != "" {
			fmt.Fprintf(out, ", topic %s", r.Topic)
		}
		out.WriteByte('\n')
	}
}

func signed(s earshot.Score) string {
	if s > 0 {
		return "+" + s.String()
	}
	return s.String()
}

// words quotes what a reason is about.
func words(m *earshot.Mention, r earshot.Reason) string {
	text := fieldOf(m, r.Field)
	if r.Span == nil || r.Span[0] < 0 || r.Span[1] > len(text) || r.Span[0] >= r.Span[1] {
		return ""
	}
	return " “" + printable(text[r.Span[0]:r.Span[1]]) + "”"
}

func fieldOf(m *earshot.Mention, field string) string {
	if field == "title" {
		return m.Title
	}
	return m.Text
}

// marked is the text with the words that counted in bold, on a terminal.
func (e explainer) marked(text, field string, verdicts []earshot.Verdict) string {
	if !e.color {
		return printable(text)
	}
	var spans []earshot.Span
	for _, v := range verdicts {
		for _, r := range v.Reasons {
			if r.Span != nil && r.Field == field && r.Span[0] >= 0 && r.Span[1] <= len(text) {
				spans = append(spans, *r.Span)
			}
		}
	}
	slices.SortFunc(spans, func(a, b earshot.Span) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) })
	var b strings.Builder
	at := 0
	for _, s := range spans {
		from := max(s[0], at)
		if from >= s[1] {
			continue
		}
		b.WriteString(printable(text[at:from]) + e.bold(text[from:s[1]]))
		at = s[1]
	}
	return b.String() + printable(text[at:])
}

func (e explainer) bold(s string) string {
	if !e.color {
		return printable(s)
	}
	return "\x1b[1;33m" + printable(s) + "\x1b[0m"
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
