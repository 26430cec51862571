package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"earshot"
)

// briefReasons is how many reasons for a quality are shown where not all are asked for.
const briefReasons = 3

// brief writes what the book says of a mention: the figures in one line, below it the
// strongest reasons for each.
func (e explainer) brief(out *bytes.Buffer, m *earshot.Mention, v *earshot.Verdict) {
	line := []string{"sentiment " + rounded(v.Sentiment, "+"), "urgency " + rounded(v.Urgency, "")}
	for _, list := range []struct {
		what  string
		words []string
	}{{"topics", v.Topics}, {"labels", v.Labels}} {
		if len(list.words) > 0 {
			line = append(line, list.what+" "+strings.Join(list.words, ", "))
		}
	}
	if v.OwnedAuthor {
		line = append(line, "written by the brand itself")
	}
	for _, r := range v.Routes {
		line = append(line, fmt.Sprintf("goes to %s as %s", r.Team, kindOf(r.Kind, r.Topic)))
	}
	fmt.Fprintf(out, "  %s\n", e.in(bold, strings.Join(line, ", ")))
	for _, of := range []earshot.Quality{earshot.OfRelevance, earshot.OfSentiment, earshot.OfUrgency, earshot.OfDelight} {
		reasons := slices.DeleteFunc(slices.Clone(v.Reasons), func(r earshot.Reason) bool { return r.Of != of || r.Rule == earshot.Limit })
		slices.SortStableFunc(reasons, func(a, b earshot.Reason) int {
			return cmp.Compare(max(b.Weight, -b.Weight), max(a.Weight, -a.Weight))
		})
		if len(reasons) == 0 {
			continue
		}
		said := make([]string, 0, briefReasons+1)
		for _, r := range reasons[:min(len(reasons), briefReasons)] {
			said = append(said, fmt.Sprintf("%s %s%s", e.in(toneOf(r.Weight), rounded(r.Weight, "+")), printable(r.Rule), e.words(m, r)))
		}
		if left := len(reasons) - len(said); left > 0 {
			said = append(said, fmt.Sprintf("and %d more", left))
		}
		fmt.Fprintf(out, "    %-10s %s\n", of, strings.Join(said, "; "))
	}
}

// rounded is a score to two decimals, with a sign for what argues for something.
func rounded(s earshot.Score, plus string) string {
	text := strconv.FormatFloat(math.Round(100*s.Float())/100, 'f', -1, 64)
	switch {
	case text == "-0":
		return "0"
	case s > 0:
		return plus + text
	}
	return text
}

// kindOf is a kind, with the topic if there is one.
func kindOf(kind earshot.Kind, topic string) string {
	if topic == "" {
		return string(kind)
	}
	return string(kind) + "/" + topic
}
