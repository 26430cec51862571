// Package learn fits linear models to labelled texts, the same bytes each time
// for the same texts: no clock, no map order, fixed seeds, one goroutine. Only
// the train commands use it; what they write is read by package linear.
package learn

import (
	"math"
	"math/rand/v2"
)

// Example is a labelled text as numbers.
type Example struct {
	Hashes []uint32  // of its features, each counts 1
	Dense  []float32 // its other numbers, as many in every example
	Label  int       // from 0 to the number of classes - 1
	Group  string    // what is left out together in cross-validation, may be ""
	Set    string    // where it comes from
	Weight float32   // how much a mistake costs
}

// Options say how to fit.
type Options struct {
	Classes int     // at least 2; class 0 is the one that the others are measured against
	Bits    int     // the table has 1<<Bits rows
	Epochs  int     // passes over the examples
	Rate    float64 // of learning, at the beginning
	Decay   float64 // pull of the hashed weights to 0
	Seed    uint64
	Smooth  float64 // of the labels: how much of each is spread over all classes
}

// Weights is a fitted model: per class but the first, what a feature adds to its
// logarithmic odds against the first.
type Weights struct {
	Outputs int                  // classes - 1
	Table   []float32            // row by row, Outputs each
	Own     map[uint32][]float32 // rows that single hashes have beside the table's: see Fold
	Dense   []float32            // per number, Outputs each
	Bias    []float32
}

// Fit minimises the logarithmic loss by stochastic gradient descent with a rate
// per weight (AdaGrad; Duchi, Hazan, Singer 2011) and returns the average of the
// last half of the epochs.
func Fit(examples []Example, o Options) *Weights {
	f := newFitter(examples, o)
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	random := rand.New(rand.NewPCG(o.Seed, 1))
	sum, parts := newWeights(o, f.dense), 0
	for epoch := range o.Epochs {
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			f.step(&examples[i])
		}
		if epoch >= o.Epochs/2 {
			sum.add(f.weights)
			parts++
		}
	}
	sum.scale(1 / float32(parts))
	return sum
}

func newWeights(o Options, dense int) *Weights {
	out := o.Classes - 1
	return &Weights{
		Outputs: out, Table: make([]float32, out<<o.Bits),
		Dense: make([]float32, out*dense), Bias: make([]float32, out),
	}
}

func (w *Weights) each(f func(mine []float32, place int)) {
	for n, part := range [][]float32{w.Table, w.Dense, w.Bias} {
		f(part, n)
	}
}

func (w *Weights) add(other *Weights) {
	theirs := [][]float32{other.Table, other.Dense, other.Bias}
	w.each(func(mine []float32, n int) {
		for i, v := range theirs[n] {
			mine[i] += v
		}
	})
}

func (w *Weights) scale(by float32) {
	w.each(func(mine []float32, _ int) {
		for i := range mine {
			mine[i] *= by
		}
	})
}

// Average returns the mean of several fits, which for linear models is a vote.
func Average(fits ...*Weights) *Weights {
	sum := &Weights{
		Outputs: fits[0].Outputs, Table: make([]float32, len(fits[0].Table)),
		Dense: make([]float32, len(fits[0].Dense)), Bias: make([]float32, len(fits[0].Bias)),
	}
	for _, w := range fits {
		sum.add(w)
	}
	sum.scale(1 / float32(len(fits)))
	return sum
}

// OwnRow is the row that a hash has for itself, a new one if it had none.
func (w *Weights) OwnRow(hash uint32) []float32 {
	if w.Own == nil {
		w.Own = map[uint32][]float32{}
	}
	row, ok := w.Own[hash]
	if !ok {
		row = make([]float32, w.Outputs)
		w.Own[hash] = row
	}
	return row
}

// Scores appends the logarithmic odds of every class but the first to dst.
func (w *Weights) Scores(dst []float64, e *Example) []float64 {
	mask := uint32(len(w.Table)/w.Outputs - 1)
	for k := range w.Outputs {
		z := w.Bias[k]
		for i := range len(w.Dense) / w.Outputs { // the example may know more: see Vectors.Fold
			z += e.Dense[i] * w.Dense[i*w.Outputs+k]
		}
		for _, h := range e.Hashes {
			z += w.Table[int(h&mask)*w.Outputs+k]
			if w.Own != nil {
				if row, ok := w.Own[h]; ok {
					z += row[k]
				}
			}
		}
		dst = append(dst, float64(z))
	}
	return dst
}

// fitter holds the state of one fit.
type fitter struct {
	o       Options
	dense   int
	weights *Weights
	squares *Weights // sums of squared gradients
	scores  []float64
	slopes  []float64
}

func newFitter(examples []Example, o Options) *fitter {
	dense := 0
	if len(examples) > 0 {
		dense = len(examples[0].Dense)
	}
	return &fitter{o: o, dense: dense, weights: newWeights(o, dense), squares: newWeights(o, dense)}
}

// step learns from one example.
func (f *fitter) step(e *Example) {
	f.scores = f.weights.Scores(f.scores[:0], e)
	f.slopes = append(f.slopes[:0], f.scores...)
	Softmax(f.slopes)
	rest := f.o.Smooth / float64(f.o.Classes)
	for k := range f.slopes {
		f.slopes[k] -= rest
		if e.Label == k+1 {
			f.slopes[k] -= 1 - f.o.Smooth
		}
		f.slopes[k] *= float64(e.Weight)
	}
	out := f.weights.Outputs
	mask := uint32(len(f.weights.Table)/out - 1)
	for k, slope := range f.slopes {
		for _, h := range e.Hashes {
			i := int(h&mask)*out + k
			f.move(f.weights.Table, f.squares.Table, i, slope+f.o.Decay*float64(f.weights.Table[i]), f.o.Rate)
		}
		for n, v := range e.Dense {
			if v != 0 {
				f.move(f.weights.Dense, f.squares.Dense, n*out+k, slope*float64(v), f.o.Rate)
			}
		}
		f.move(f.weights.Bias, f.squares.Bias, k, slope, f.o.Rate)
	}
}

func (f *fitter) move(weights, squares []float32, i int, slope, rate float64) {
	const first = 1 // damps the first steps
	squares[i] += float32(slope * slope)
	weights[i] -= float32(rate * slope / math.Sqrt(first+float64(squares[i])))
}

// Softmax turns the logarithmic odds of all classes but the first into their
// probabilities, in place; the first has the rest.
func Softmax(z []float64) {
	most := 0.0
	for _, v := range z {
		most = max(most, v)
	}
	sum := math.Exp(-most)
	for k := range z {
		z[k] = math.Exp(z[k] - most)
		sum += z[k]
	}
	for k := range z {
		z[k] /= sum
	}
}
