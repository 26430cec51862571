package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"earshot/rules/learn"
	"earshot/rules/linear"
	"earshot/rules/metrics"
	"earshot/rules/sentiment"
)

// What the fit is told. The figures were chosen by cross-validation.
const (
	bits   = 19
	votes  = 3 // fits with other seeds, averaged
	epochs = 3
	rate   = 0.03
	decay  = 1e-4
	folds  = 5
	band   = 0.05 // scores nearer to 0 are neutral
	tilt   = 0.15 // in English, what neutral's odds must exceed: see decide
)

func (r *reader) fit(examples []learn.Example) *learn.Weights {
	fits := make([]*learn.Weights, votes)
	for i := range fits {
		fits[i] = learn.Fit(examples, learn.Options{
			Classes: len(classes), Bits: bits, Epochs: epochs, Rate: rate, Decay: decay, Seed: uint64(i + 1),
		})
	}
	w := learn.Average(fits...)
	r.vectors.Fold(w, place, false)
	r.valence.fold(w)
	return w
}

// pack fits to all examples and makes a file of it.
func (r *reader) pack(examples []learn.Example, temperatures map[string]float64) ([]byte, error) {
	w := r.fit(examples)
	for i := range w.Dense {
		w.Dense[i] *= listed
	}
	h := linear.Header{
		Head: "sentiment", Classes: classes, Groups: groups, Bits: bits,
		Extra: map[string]float64{sentiment.Band: band, sentiment.Tilt: tilt},
	}
	for lang, t := range temperatures {
		h.Extra[sentiment.Temperature+lang] = t
	}
	for _, s := range sets {
		h.Data = append(h.Data, s.file+" ("+s.origin+")")
	}
	h.Data = append(h.Data, "VADER lexicon (MIT)", "earshot's word lists")
	for _, name := range corpora {
		h.Data = append(h.Data, "company of words: "+name)
	}
	return w.Pack(h)
}

// validate prints what models say of posts that they have not read, a line a
// file, and returns the temperatures that make them as sure as they are right, by
// language.
func (r *reader) validate(w io.Writer, examples []learn.Example) map[string]float64 {
	found := learn.CrossValidate(examples, learn.Folds(examples, folds, 1), r.fit)
	temperatures := map[string]float64{}
	fmt.Fprintf(w, "%d-fold cross-validation\n", folds)
	for _, s := range sets {
		var own []learn.Example
		var chances [][]float64
		for i := range examples {
			if examples[i].Set == s.file {
				own = append(own, examples[i])
				chances = append(chances, found[i])
			}
		}
		t, known := temperatures[s.lang]
		if !known { // of English, the first file counts
			t = learn.Temper(own, chances)
			temperatures[s.lang] = t
		}
		var cases []metrics.Case
		for i := range own {
			cases = append(cases, decide(s.lang, own[i].Label, learn.Tempered(chances[i], t)))
		}
		fmt.Fprintf(w, "%-22s %6d posts  macro-recall %.3f  macro-F1 %.3f  accuracy %.3f  calibration error %.3f at temperature %.2f\n", s.file,
			len(cases), metrics.MacroRecall(cases, 3), metrics.MacroF1(cases, 3), metrics.Accuracy(cases), metrics.CalibrationError(cases), t)
	}
	return temperatures
}

// decide picks the likeliest class. Of English posts that neutral is tilted against:
// posts about matters that were not learnt from have words that say nothing yet, and
// would seem neutral too often.
func decide(lang string, want int, chances []float64) metrics.Case {
	worth := slices.Clone(chances)
	if lang == "en" {
		worth[0] *= math.Exp(-tilt)
	}
	best := slices.Index(worth, slices.Max(worth))
	return metrics.Case{Want: want, Got: best, Confidence: chances[best]}
}
