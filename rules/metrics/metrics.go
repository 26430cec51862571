// Package metrics measures how often models are right, with intervals of
// confidence. It knows neither models nor texts: it compares labels.
package metrics

import (
	"cmp"
	"math"
	"slices"
)

// Case is one labelled item and what a model says of it.
type Case struct {
	Want, Got  int     // classes
	Confidence float64 // that Got is right, from 0 to 1
	Score      float64 // of class 1 where there are two: higher is surer
}

// Confusion counts: row wanted, column got.
func Confusion(cases []Case, classes int) [][]int {
	table := make([][]int, classes)
	for i := range table {
		table[i] = make([]int, classes)
	}
	for _, c := range cases {
		table[c.Want][c.Got]++
	}
	return table
}

// Accuracy is the share that is right.
func Accuracy(cases []Case) float64 {
	right := 0
	for _, c := range cases {
		if c.Want == c.Got {
			right++
		}
	}
	return float64(right) / float64(max(len(cases), 1))
}

// MacroRecall is the mean over the classes that occur of the share found.
func MacroRecall(cases []Case, classes int) float64 {
	return macro(Confusion(cases, classes), func(hit, want, _ float64) float64 { return hit / want })
}

// MacroF1 is the mean over the classes that occur of the harmonic mean of recall
// and precision.
func MacroF1(cases []Case, classes int) float64 {
	return macro(Confusion(cases, classes), func(hit, want, got float64) float64 { return 2 * hit / (want + got) })
}

func macro(table [][]int, of func(hit, want, got float64) float64) float64 {
	sum, n := 0.0, 0
	for k := range table {
		want, got := 0, 0
		for j := range table {
			want += table[k][j]
			got += table[j][k]
		}
		if want > 0 {
			sum += of(float64(table[k][k]), float64(want), float64(got))
			n++
		}
	}
	return sum / float64(max(n, 1))
}

// AUC is the chance that an item of class 1 scores higher than one of class 0;
// equal scores count half. It is NaN when a class is missing.
func AUC(cases []Case) float64 {
	sorted := slices.SortedFunc(slices.Values(cases), func(a, b Case) int { return cmp.Compare(a.Score, b.Score) })
	ranks, yes := 0.0, 0
	for i := 0; i < len(sorted); {
		end := i
		for end < len(sorted) && sorted[end].Score == sorted[i].Score {
			end++
		}
		for _, c := range sorted[i:end] {
			if c.Want == 1 {
				ranks += float64(i+end+1) / 2
				yes++
			}
		}
		i = end
	}
	no := len(sorted) - yes
	if yes == 0 || no == 0 {
		return math.NaN()
	}
	return (ranks - float64(yes)*float64(yes+1)/2) / float64(yes) / float64(no)
}

// AveragePrecision is the mean precision at each item of class 1, the surest
// first; items of equal score share a place. It is NaN when class 1 is missing.
func AveragePrecision(cases []Case) float64 {
	sorted := slices.SortedFunc(slices.Values(cases), func(a, b Case) int { return cmp.Compare(b.Score, a.Score) })
	sum, yes := 0.0, 0
	for i := 0; i < len(sorted); {
		end, here := i, 0
		for end < len(sorted) && sorted[end].Score == sorted[i].Score {
			if sorted[end].Want == 1 {
				here++
			}
			end++
		}
		yes += here
		sum += float64(here) * float64(yes) / float64(end)
		i = end
	}
	if yes == 0 {
		return math.NaN()
	}
	return sum / float64(yes)
}

// CalibrationError is the mean distance between confidence and accuracy over ten
// equally wide ranges of confidence, weighted by how many items they hold.
func CalibrationError(cases []Case) float64 {
	const ranges = 10
	var sure, right, count [ranges]float64
	for _, c := range cases {
		at := min(max(int(c.Confidence*ranges), 0), ranges-1)
		sure[at] += c.Confidence
		count[at]++
		if c.Want == c.Got {
			right[at]++
		}
	}
	sum := 0.0
	for i := range count {
		sum += math.Abs(sure[i] - right[i])
	}
	return sum / float64(max(len(cases), 1))
}
