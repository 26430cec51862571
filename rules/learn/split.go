package learn

import (
	"math/rand/v2"
	"slices"
)

// Folds deals the examples out into n parts at random and returns the part of
// each.
func Folds(examples []Example, n int, seed uint64) []int {
	parts := make([]int, len(examples))
	for i := range parts {
		parts[i] = i % n
	}
	rand.New(rand.NewPCG(seed, 2)).Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return parts
}

// GroupFolds makes a part of every group. Groups that are spread make none of their
// own: their examples are dealt out among the other parts in turn.
func GroupFolds(examples []Example, spread ...string) []int {
	var groups []string
	parts := make([]int, len(examples))
	for i := range examples {
		group := examples[i].Group
		if slices.Contains(spread, group) {
			continue
		}
		at := slices.Index(groups, group)
		if at < 0 {
			at = len(groups)
			groups = append(groups, group)
		}
		parts[i] = at
	}
	next := 0
	for i := range examples {
		if slices.Contains(spread, examples[i].Group) {
			parts[i] = next % max(len(groups), 1)
			next++
		}
	}
	return parts
}

// CrossValidate fits on all parts but one and returns the probabilities of the
// classes for the one left out, for every part in turn.
func CrossValidate(examples []Example, parts []int, fit func([]Example) *Weights) [][]float64 {
	found := make([][]float64, len(examples))
	for part := range slices.Max(parts) + 1 {
		var train []Example
		for i := range examples {
			if parts[i] != part {
				train = append(train, examples[i])
			}
		}
		w := fit(train)
		for i := range examples {
			if parts[i] == part {
				found[i] = Probabilities(w, &examples[i])
			}
		}
	}
	return found
}

// Probabilities returns those of all classes, the first included.
func Probabilities(w *Weights, e *Example) []float64 {
	p := w.Scores([]float64{0}, e)
	Softmax(p[1:])
	p[0] = 1
	for _, v := range p[1:] {
		p[0] -= v
	}
	return p
}
