package learn_test

import (
	"math"
	"slices"
	"testing"

	"earshot/rules/learn"
)

// Where the pull and the loss are even can be told by hand: of one example without
// features the bias alone is learnt; of two that differ in one word its weight w
// solves 2/(1+exp(w/2)) = 2w for a pull of 1, by symmetry with a bias of -w/2.
func TestSolve(t *testing.T) {
	two := []learn.Example{
		{Label: 1, Hashes: []uint32{3}, Weight: 1},
		{Label: 0, Weight: 1},
	}
	w := learn.Solve(two, learn.Problem{Bits: 4, Pull: 1})
	v := float64(w.Table[3])
	if slope := v - 1/(1+math.Exp(v/2)); math.Abs(slope) > 1e-2 || math.Abs(v/2+float64(w.Bias[0])) > 1e-2 {
		t.Errorf("weight %v, bias %v, slope %v", v, w.Bias[0], slope)
	}
	for i, other := range w.Table {
		if i != 3 && other != 0 {
			t.Errorf("row %d, of which nobody spoke, is %v", i, other)
		}
	}
}

// The same examples give the same weights, whoever is heavier counts more, and
// numbers are learnt as words are.
func TestSolveAgain(t *testing.T) {
	var all []learn.Example
	for i, e := range examples(90) {
		e.Label = i % 2
		e.Hashes = e.Hashes[1:]
		e.Dense = []float32{float32(e.Label) - 0.5}
		e.Weight = 1 + 3*float32(e.Label)
		all = append(all, e)
	}
	problem := learn.Problem{Bits: 8, Pull: 0.5}
	first, again := learn.Solve(all, problem), learn.Solve(all, problem)
	if !slices.Equal(first.Table, again.Table) || !slices.Equal(first.Dense, again.Dense) || !slices.Equal(first.Bias, again.Bias) {
		t.Error("the second time differs")
	}
	if first.Dense[0] <= 1 || first.Bias[0] <= 0 {
		t.Errorf("number %v, bias %v", first.Dense[0], first.Bias[0])
	}
	for i := range all {
		if p := learn.Probabilities(first, &all[i]); p[all[i].Label] < 0.5 {
			t.Fatalf("class %d: %v", all[i].Label, p)
		}
	}
}

// Nothing to learn from is learnt from in no time.
func TestSolveNothing(t *testing.T) {
	if w := learn.Solve(nil, learn.Problem{Bits: 2, Pull: 1}); len(w.Table) != 4 || w.Table[0] != 0 || w.Bias[0] != 0 {
		t.Errorf("learnt %+v", w)
	}
}
