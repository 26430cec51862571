package main

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"

	"earshot/rules/features"
	"earshot/rules/learn"
	"earshot/rules/linear"
	"earshot/rules/metrics"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

// groups are the features that the models read.
var groups = []features.Group{
	features.Words, features.Signs, features.Pairs, features.Denied, features.Style, features.Runs3,
}

const (
	votes = 5 // fits with other seeds, averaged
	folds = 5
	decay = 1e-4
)

func (h *trained) examples(data string) ([]learn.Example, error) {
	rows, err := learn.Read(filepath.Join(data, filepath.FromSlash(h.file)))
	if err != nil {
		return nil, err
	}
	var post features.Post
	var tokens text.Tokens
	var meter urgency.Meter
	var examples []learn.Example
	for _, row := range rows {
		if slices.Contains(h.skip, row.Label) {
			continue
		}
		post.Read("", row.Text)
		tokens.Reset()
		tokens.Add(text.Body, row.Text)
		e := learn.Example{Hashes: learn.Hashes(nil, &post, groups), Weight: 1, Set: h.head.String()}
		for _, v := range meter.NumbersOf(urgency.Input{Tokens: &tokens, Post: &post, Fields: [2]string{"", row.Text}, Lang: "en"}) {
			e.Dense = append(e.Dense, float32(v))
		}
		if row.Label == h.yes {
			e.Label = 1
		}
		if h.group > 0 {
			e.Group = row.More[h.group-1]
		}
		examples = append(examples, e)
	}
	return examples, nil
}

func (h *trained) fit(examples []learn.Example) *learn.Weights {
	fits := make([]*learn.Weights, votes)
	for i := range fits {
		fits[i] = learn.Fit(examples, learn.Options{
			Classes: 2, Bits: h.bits, Epochs: h.epochs, Rate: h.rate, Decay: decay, Seed: uint64(i + 1),
		})
	}
	return learn.Average(fits...)
}

// validate prints what models say of posts of groups that they have not read, and
// returns the odds from which on yes is the better answer.
func (h *trained) validate(w io.Writer, examples []learn.Example) float64 {
	parts, how := learn.Folds(examples, folds, 1), "5-fold"
	if h.group > 0 {
		parts, how = learn.GroupFolds(examples), "leave one group out"
	}
	found := learn.CrossValidate(examples, parts, h.fit)
	best, shift := 0.0, 0.0
	for odds := -2.0; odds <= 2; odds += 0.1 {
		if f1 := metrics.MacroF1(h.cases(examples, found, odds), 2); f1 > best {
			best, shift = f1, odds
		}
	}
	plain, cases := h.cases(examples, found, 0), h.cases(examples, found, shift)
	fmt.Fprintf(w, "%s, %s: macro-F1 %.3f (%.3f at odds of %.1f), AUC %.3f, average precision %.3f\n",
		h.head, how, metrics.MacroF1(plain, 2), best, shift, metrics.AUC(cases), metrics.AveragePrecision(cases))
	return shift
}

// cases is what the head says when yes begins at some odds: what its model sees or
// its phrases sum to, whichever is higher.
func (h *trained) cases(examples []learn.Example, found [][]float64, from float64) []metrics.Case {
	cases := make([]metrics.Case, len(examples))
	for i, p := range found {
		odds := math.Log(p[1]/p[0]) - from
		score := 1 / (1 + math.Exp(-odds))
		if h.head < urgency.Danger {
			score = max(score, float64(examples[i].Dense[h.head]))
		}
		cases[i] = metrics.Case{Want: examples[i].Label, Score: score}
		if score >= 0.5 {
			cases[i].Got = 1
		}
	}
	return cases
}

func (h *trained) pack(examples []learn.Example, shift float64) ([]byte, error) {
	w := h.fit(examples)
	w.Bias[0] -= float32(shift)
	return w.Pack(linear.Header{
		Head: h.head.String(), Classes: []string{"no", "yes"}, Groups: groups, Bits: h.bits, Data: []string{h.data},
	})
}
