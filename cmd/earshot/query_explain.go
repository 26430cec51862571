package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"earshot"
	"earshot/listeners/file"
	"earshot/rules"
	"earshot/rules/match"
)

// querying writes for people what a query finds.
type querying struct {
	explainer
	seeker   *rules.Seeker
	source   string
	matching bool // only what matches is written

	posts, matched atomic.Int64
}

func (q *querying) line(number int, line []byte, out *bytes.Buffer) error {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return nil
	}
	m := earshot.Mention{Text: string(line)}
	if line[0] == '{' {
		var err error
		if m, err = file.Parse(line); err != nil {
			return err
		}
	}
	if m.ID == "" {
		m.ID = "stdin:" + strconv.Itoa(number)
	}
	q.posts.Add(1)
	found := q.seeker.Seek(&m)
	sign := "-"
	if found.Matches {
		q.matched.Add(1)
		sign = q.in(counted, "+")
	} else if q.matching {
		return nil
	}
	fmt.Fprintf(out, "%s %s", sign, printable(m.ID))
	if m.Title != "" {
		fmt.Fprintf(out, "  %s:", q.brackets(m.Title, "title", found.Finds))
	}
	fmt.Fprintf(out, "  %s\n", q.brackets(m.Text, "text", found.Finds))
	for _, f := range found.Finds {
		fmt.Fprintf(out, "    found    %s%s\n", q.part(f.Span), places(&m, f.Words))
	}
	for _, g := range found.Gaps {
		what := "missing "
		if g.Present {
			what = "unwanted"
		}
		fmt.Fprintf(out, "    %s %s\n", what, q.part(g.Span))
	}
	return nil
}

// part is what the query says there.
func (q *querying) part(span earshot.Span) string {
	return printable(strings.Join(strings.Fields(q.source[span[0]:span[1]]), " "))
}

// places quotes where words were found.
func places(m *earshot.Mention, words []match.Words) string {
	const most = 8
	var b strings.Builder
	for i, w := range words {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(words)-most)
			break
		}
		field := w.Field.Name()
		fmt.Fprintf(&b, "  %s %d–%d “%s”", field, w.Span[0], w.Span[1], printable(fieldOf(m, field)[w.Span[0]:w.Span[1]]))
	}
	return b.String()
}

// brackets marks what was found: in bold on a terminal, else in brackets.
func (q *querying) brackets(s, field string, finds []match.Find) string {
	var all []match.Words
	for _, f := range finds {
		all = append(all, f.Words...)
	}
	all = match.Merged(all)
	var b strings.Builder
	at := 0
	for _, w := range all {
		if w.Field.Name() != field {
			continue
		}
		b.WriteString(printable(s[at:w.Span[0]]))
		if word := s[w.Span[0]:w.Span[1]]; q.color {
			b.WriteString(q.in(counted, word))
		} else {
			b.WriteString("[" + printable(word) + "]")
		}
		at = w.Span[1]
	}
	return b.String() + printable(s[at:])
}
