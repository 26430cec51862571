package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/width"

	"earshot"
	"earshot/alerts/casework"
)

// choices is a flag that may be repeated, or hold several words with commas.
type choices[T ~string] struct{ to *[]T }

// Set adds words.
func (c *choices[T]) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		*c.to = append(*c.to, T(strings.TrimSpace(word)))
	}
	return nil
}

// String is the words.
func (c *choices[T]) String() string {
	if c.to == nil {
		return ""
	}
	words := make([]string, len(*c.to))
	for i, word := range *c.to {
		words[i] = string(word)
	}
	return strings.Join(words, ",")
}

// Type is what the help calls a value.
func (c *choices[T]) Type() string { return "word" }

// shortID is what a list shows of an ID: enough to name a case among thousands.
const shortID = 8

// cell is a word of a table and how it is shown.
type cell struct {
	text string
	tone tone
}

// printCases writes a table for people, and what is pinned below each row.
func printCases(w io.Writer, e explainer, page *casework.Page, now time.Time) error {
	if len(page.Cases) == 0 {
		_, err := fmt.Fprintln(w, "no cases")
		return err
	}
	heads := []string{"CASE", "DUE", "URGENCY", "STATE", "OWNER", "BRAND", "KIND", "POSTS", "REACH", "CHANGED"}
	rows := make([][]cell, 0, len(page.Cases)+1)
	head := make([]cell, len(heads))
	for i, text := range heads {
		head[i] = cell{text, bold}
	}
	rows = append(rows, head)
	for i := range page.Cases {
		rows = append(rows, caseRow(&page.Cases[i], now))
	}
	widths := make([]int, len(heads))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c.text))
		}
	}
	narrow(widths)
	var out strings.Builder
	for n, row := range rows {
		for i, c := range row {
			c.text = shortened(c.text, widths[i])
			out.WriteString(e.in(c.tone, c.text))
			if i < len(row)-1 {
				out.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c.text)+2))
			}
		}
		out.WriteByte('\n')
		if n > 0 {
			out.WriteString(e.saying(&page.Cases[n-1]))
		}
		if n > 0 && page.Cases[n-1].Pin != nil {
			fmt.Fprintf(&out, "  %s\n", e.in(counted, pinLine(page.Cases[n-1].Pin)))
		}
	}
	if left := page.Total - len(page.Cases); left > 0 {
		fmt.Fprintf(&out, "%s of %d", plural(len(page.Cases), "case"), page.Total)
		if page.Next != "" {
			fmt.Fprintf(&out, "; more with --after %s", page.Next)
		}
		out.WriteByte('\n')
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// columns is how wide the list of cases gets at most.
const columns = 120

// narrow takes from the columns of kind, brand and owner what is too wide for a line.
func narrow(widths []int) {
	const owner, brand, kind, gap, least = 4, 5, 6, 2, 8
	over := gap*(len(widths)-1) - columns
	for _, w := range widths {
		over += w
	}
	for _, i := range []int{kind, brand, owner} {
		less := min(max(over, 0), max(widths[i]-least, 0))
		widths[i], over = widths[i]-less, over-less
	}
}

// saying is a line with who opened a case, with what words; nothing where nobody knows.
func (e explainer) saying(i *casework.Item) string {
	words := printable(i.Words)
	if words == "" && i.Author == "" {
		return ""
	}
	line := "  "
	if by := shortened(printable(i.Author), 30); by != "" {
		line += by + ": "
	}
	return fitting(line+words, columns) + "\n"
}

// fitting is a text of at most so many columns of a terminal.
func fitting(s string, most int) string {
	used, end := 0, 0 // end: where an ellipsis would still fit
	for at, r := range s {
		wide := 1
		if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
			wide = 2
		}
		if used+wide > most {
			return strings.TrimRight(s[:end], " ") + "…"
		}
		if used += wide; used < most {
			end = at + utf8.RuneLen(r)
		}
	}
	return s
}

func caseRow(i *casework.Item, now time.Time) []cell {
	kind := string(i.Kind)
	if i.Topic != "" {
		kind += "/" + shortened(oneLine(i.Topic), 20)
	}
	owner := i.Owner
	if owner == "" {
		owner = nothingKnown
	}
	return []cell{
		{i.ID[:min(len(i.ID), shortID)], plain},
		{dueIn(i.Due, now), dueTone(i.Due, now)},
		{string(i.Band), bandTone(i.Band)},
		{stateOf(i, now), plain},
		{shortened(oneLine(owner), 20), plain},
		{shortened(oneLine(i.Brand), 20), plain},
		{kind, plain},
		{figure(int64(i.Count)), plain},
		{figure(i.Reach), plain},
		{ago(now, i.Changed), plain},
	}
}

func stateOf(i *casework.Item, now time.Time) string {
	switch {
	case i.Merged != "":
		return "merged " + i.Merged[:min(len(i.Merged), shortID)]
	case i.State == earshot.Muted && i.MutedTill.After(now):
		return "muted for " + roughly(max(i.MutedTill.Sub(now), time.Second))
	}
	return string(i.State)
}

func dueIn(due, now time.Time) string {
	switch {
	case due.IsZero():
		return nothingKnown
	case due.Sub(now).Abs() < time.Second:
		return "now"
	case due.After(now):
		return "in " + roughly(due.Sub(now))
	}
	return roughly(now.Sub(due)) + " late"
}

func dueTone(due, now time.Time) tone {
	if !due.IsZero() && !due.After(now) {
		return against
	}
	return plain
}

func bandTone(b earshot.Band) tone {
	switch b {
	case earshot.Critical:
		return against
	case earshot.High:
		return counted
	}
	return plain
}

// pinLine is what another team wants everybody to know.
func pinLine(p *earshot.Pin) string {
	line := fmt.Sprintf("%s (%s, %s)", p.By, p.Team, p.At.Local().Format("Mon 15:04"))
	if p.Hold {
		line += " HOLDS REPLIES"
	}
	if p.Line != "" {
		line += ": " + oneLine(p.Line)
	}
	return "! " + line
}
