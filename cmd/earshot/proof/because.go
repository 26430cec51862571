package proof

import (
	"cmp"
	"fmt"
	"slices"

	"earshot"
)

// shownReasons is how many contributions a person is shown of a score.
const shownReasons = 6

// because says what a score is made of, the weightiest first.
func because(of earshot.Quality, m *earshot.Mention, v *earshot.Verdict) []string {
	var reasons []earshot.Reason
	for _, r := range v.Reasons {
		if r.Of == of {
			reasons = append(reasons, r)
		}
	}
	slices.SortStableFunc(reasons, func(a, b earshot.Reason) int { return cmp.Compare(size(b.Weight), size(a.Weight)) })
	var lines []string
	rest := earshot.Score(0)
	for i, r := range reasons {
		if i >= shownReasons {
			rest += r.Weight
			continue
		}
		lines = append(lines, fmt.Sprintf("%s  %s%s", signed(r.Weight), r.Rule, quoted(m, r)))
	}
	if n := len(reasons) - shownReasons; n > 0 {
		lines = append(lines, fmt.Sprintf("%s  %d more", signed(rest), n))
	}
	return lines
}

func size(s earshot.Score) earshot.Score { return max(s, -s) }

func signed(s earshot.Score) string {
	if s > 0 {
		return "+" + s.String()
	}
	return s.String()
}

// quoted is the words that a reason is about.
func quoted(m *earshot.Mention, r earshot.Reason) string {
	text := m.Text
	if r.Field == "title" {
		text = m.Title
	}
	if r.Span == nil || r.Span[0] < 0 || r.Span[1] > len(text) || r.Span[0] >= r.Span[1] {
		return ""
	}
	return " “" + text[r.Span[0]:r.Span[1]] + "”"
}
