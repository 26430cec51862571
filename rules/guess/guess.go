// Package guess finds what somebody probably meant to write. It only suggests;
// nothing is ever corrected silently.
package guess

import (
	"slices"
	"strings"
)

// Hint is a question that names the candidate closest to word, or "" when none
// is close.
func Hint(word string, candidates []string) string {
	if c := Closest(word, candidates); c != "" {
		return "did you mean " + c + "?"
	}
	return ""
}

// Closest returns the candidate that differs least from word, by at most a third
// of its letters, or "". Of equals the first in alphabetical order wins.
func Closest(word string, candidates []string) string {
	best, least := "", len(word)/3+2
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the letters to add, drop, replace or swap with the next one.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	const tooLong = 64
	if len(x) > tooLong || len(y) > tooLong {
		return tooLong
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			row[j] = min(last[j], row[j-1]) + 1
			if x[i-1] == y[j-1] {
				row[j] = min(row[j], last[j-1])
			} else {
				row[j] = min(row[j], last[j-1]+1)
			}
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
