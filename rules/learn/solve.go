package learn

import "math"

// Problem is what Solve is told: like Options, for two classes.
type Problem struct {
	Bits int     // the table has 1<<Bits rows
	Pull float64 // of all weights but the bias to 0 (half of it times their squares is added to the loss)
}

// Solve minimises the logarithmic loss of two classes with a pull of the weights to
// 0, all examples at once, until it hardly falls. Where examples are few it finds
// better weights than Fit and needs no votes; it takes memory of 20 times the
// weights.
func Solve(examples []Example, p Problem) *Weights {
	numbers := 0
	if len(examples) > 0 {
		numbers = len(examples[0].Dense)
	}
	s := &solver{examples: examples, pull: p.Pull, rows: 1 << p.Bits}
	x := minimise(make([]float64, s.rows+numbers+1), s.loss)
	w := newWeights(Options{Classes: 2, Bits: p.Bits}, numbers)
	rest := x
	for _, part := range [][]float32{w.Table, w.Dense, w.Bias} {
		for i := range part {
			part[i] = float32(rest[i])
		}
		rest = rest[len(part):]
	}
	return w
}

// solver knows the loss of weights: those of the table, of the numbers, the bias.
type solver struct {
	examples []Example
	pull     float64
	rows     int
}

// loss returns the loss of the weights and puts its slope into the second slice.
func (s *solver) loss(x, slope []float64) (sum float64) {
	bias := len(x) - 1
	for i, v := range x[:bias] {
		slope[i] = float64(s.pull * v)
		sum += float64(slope[i]*v) / 2
	}
	slope[bias] = 0
	for i := range s.examples {
		e := &s.examples[i]
		odds := x[bias]
		for _, h := range e.Hashes {
			odds += x[int(h)&(s.rows-1)]
		}
		for k, v := range e.Dense {
			odds += float64(float64(v) * x[s.rows+k])
		}
		if e.Label == 1 {
			odds = -odds
		}
		wrong := 1 / (1 + math.Exp(-odds)) // the chance given to the other class
		sum += float64(float64(e.Weight) * (max(odds, 0) + math.Log1p(math.Exp(-math.Abs(odds)))))
		step := float64(float64(e.Weight) * wrong)
		if e.Label == 1 {
			step = -step
		}
		for _, h := range e.Hashes {
			slope[int(h)&(s.rows-1)] += step
		}
		for k, v := range e.Dense {
			slope[s.rows+k] += float64(step * float64(v))
		}
		slope[bias] += step
	}
	return sum
}
