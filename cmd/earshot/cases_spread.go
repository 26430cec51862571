package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/casework"
	"earshot/alerts/wording"
)

// figure is a whole number in groups of three.
func figure(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func followers(n int64) string {
	if n == 1 {
		return "1 follower"
	}
	return figure(n) + " followers"
}

func many(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return figure(int64(n)) + " " + word + "s"
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// fact writes a line of a sheet.
func fact(out *bytes.Buffer, name, value string) {
	if value != "" {
		fmt.Fprintf(out, "  %-10s %s\n", name, value)
	}
}

// spread writes how far the crisis or the story of a case goes, and its posts to look
// at first.
func (e explainer) spread(out *bytes.Buffer, s *casework.Sheet, now time.Time) {
	if s.Evidence != nil {
		e.evidence(out, s)
	}
	if s.Story != nil {
		e.story(out, s.Story, now)
	}
	e.posts(out, s.Posts, now)
}

// story writes the size of a story.
func (e explainer) story(out *bytes.Buffer, st *earshot.Story, now time.Time) {
	networks := make([]string, len(st.Networks))
	for i, n := range st.Networks {
		networks[i] = oneLine(n)
	}
	fmt.Fprintf(out, "\n%s\n", e.in(bold, fmt.Sprintf("a story of %s by %s on %s", many(st.Count, "post"), many(st.Authors, "author"), listOr(networks, "no network"))))
	fact(out, "reach", followers(st.Reach))
	fact(out, "negative", figure(int64(st.Negative)))
	fact(out, "sharing", fmt.Sprintf("%s, %s, %s", many(st.Reposts, "repost"), copies(st.Copies), many(st.NewAuthors, "new account")))
	if !st.Began.IsZero() {
		fact(out, "began", fmt.Sprintf("%s, last post %s", ago(now, st.Began), ago(now, st.Last)))
	}
}

func copies(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return figure(int64(n)) + " copies"
}

// evidence writes what a crisis was told with last.
func (e explainer) evidence(out *bytes.Buffer, s *casework.Sheet) {
	v := s.Evidence
	told := earshot.Alert{Urgency: s.Case.Band, Brand: s.Case.Brand, Kind: s.Case.Kind, Topic: s.Case.Topic, Evidence: v}
	fmt.Fprintf(out, "\n%s\n", e.in(bold, alerts.Summary(&told)))
	tallies := func(list []earshot.Tally) string {
		said := make([]string, 0, len(list))
		for _, t := range list {
			said = append(said, fmt.Sprintf("%s (%s)", oneLine(t.Name), figure(int64(t.Count))))
		}
		return strings.Join(said, ", ")
	}
	fact(out, "mentions", fmt.Sprintf("%s, usually %s", figure(int64(v.Seen)), strconv.FormatFloat(v.Expected, 'f', 0, 64)))
	if !v.Window.From.IsZero() {
		fact(out, "in", v.Window.From.Local().Format("Mon 15:04")+" to "+v.Window.To.Local().Format("15:04"))
	}
	fact(out, "negative", fmt.Sprintf("%s, %s of all, usually %s", figure(int64(v.Negative)), percent(float64(v.Negative)/float64(max(v.Seen, 1))), percent(v.Habit)))
	fact(out, "authors", fmt.Sprintf("%s, %s new accounts, %s", figure(int64(v.Authors)), percent(v.NewShare), followers(v.Reach)))
	fact(out, "sharing", fmt.Sprintf("%s reposts, %s copies", percent(v.Reposts), percent(v.Copies)))
	fact(out, "networks", tallies(v.Networks))
	fact(out, "new words", tallies(v.Words))
	fact(out, "rules", tallies(v.Rules))
	fact(out, "heard by", tallies(v.Listeners))
	fact(out, "planned", oneLine(v.Planned))
	for _, f := range v.Because {
		met := "-"
		if f.Met {
			met = "+"
		}
		what, seen, needed := wording.Finding(f, figure)
		fmt.Fprintf(out, "  %s %s: %s, asked for %s\n", met, what, seen, needed)
	}
}

// posts writes the posts of a story or a crisis that a person should look at first.
func (e explainer) posts(out *bytes.Buffer, posts []casework.Post, now time.Time) {
	for i := range posts {
		p := &posts[i]
		name := "top"
		if p.First {
			name = "began with"
		}
		switch {
		case p.Words == "":
			fact(out, name, "a post without words")
		case i > 0 && p.Words == posts[0].Words:
			fact(out, name, "the same words")
		default:
			fact(out, name, "“"+e.apart(shortened(printable(p.Words), 160))+"”")
		}
		by := cmp.Or(printable(p.Author), "somebody") + " on " + printable(p.Network)
		if p.Reach > 0 {
			by += ", " + followers(p.Reach)
		}
		if !p.Posted.IsZero() {
			by += ", " + ago(now, p.Posted)
		}
		fmt.Fprintf(out, "  %-10s — %s: %s\n", "", by, printable(cmp.Or(p.URL, p.Mention)))
	}
}
