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
	"earshot/rules/sentiment"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

const (
	votes = 5 // fits with other seeds, averaged
	folds = 5
)

// reader turns labelled posts into examples.
type reader struct {
	post     features.Post
	tokens   text.Tokens
	feelings sentiment.Meter
	meter    urgency.Meter
	vectors  [companies]*learn.Vectors
}

// words are those of the post that was read last, and its signs.
func (r *reader) words() []uint32 {
	return learn.Hashes(nil, &r.post, []features.Group{features.Words, features.Signs})
}

// place learns which words stand in the same company.
func (r *reader) place(c company, data string) error {
	if r.vectors[c] != nil {
		return nil
	}
	var posts [][]uint32
	for _, of := range corpora[c] {
		rows, err := learn.Read(filepath.Join(data, filepath.FromSlash(of.file)))
		if err != nil {
			return err
		}
		for _, row := range rows {
			r.post.Read("", row.Text)
			posts = append(posts, r.words())
		}
	}
	r.vectors[c] = learn.Embed(posts, dims[c])
	return nil
}

// example makes numbers of a post as the book does, and of the place of its words.
func (h *trained) example(r *reader, s string) learn.Example {
	r.post.Read("", s)
	r.tokens.Reset()
	r.tokens.Add(text.Body, s)
	fields := [2]string{text.Body: s}
	feeling := r.feelings.Measure(sentiment.Input{Tokens: &r.tokens, Post: &r.post, Fields: fields, Lang: "en"})
	e := learn.Example{Hashes: learn.Hashes(nil, &r.post, h.groups)}
	numbers := r.meter.NumbersOf(urgency.Input{
		Tokens: &r.tokens, Post: &r.post, Fields: fields, Lang: "en", Feeling: feeling.Score.Float(), Named: feeling.Named,
	})
	for _, v := range numbers[:h.numbers] {
		e.Dense = append(e.Dense, float32(v))
	}
	for _, v := range r.vectors[h.company].Place(r.words()) {
		e.Dense = append(e.Dense, h.place*v)
	}
	return e
}

func (h *trained) examples(r *reader, data string) ([]learn.Example, error) {
	if err := r.place(h.company, data); err != nil {
		return nil, fmt.Errorf("reading posts for the company of words: %w", err)
	}
	rows, err := learn.Read(filepath.Join(data, filepath.FromSlash(h.file)))
	if err != nil {
		return nil, err
	}
	var examples []learn.Example
	var counts [2]float64
	for _, row := range rows {
		if slices.Contains(h.skip, row.Label) {
			continue
		}
		e := h.example(r, row.Text)
		if row.Label == h.yes {
			e.Label = 1
		}
		if h.group > 0 {
			e.Group = row.More[h.group-1]
		}
		counts[e.Label]++
		examples = append(examples, e)
	}
	for i := range examples {
		fair := float64(len(examples)) / 2 / counts[examples[i].Label]
		examples[i].Weight = float32(math.Pow(fair, h.balance))
	}
	return examples, nil
}

func (h *trained) fit(r *reader, examples []learn.Example) *learn.Weights {
	var w *learn.Weights
	if h.pull > 0 {
		w = learn.Solve(examples, learn.Problem{Bits: h.bits, Pull: h.pull})
	} else {
		w = h.vote(examples)
	}
	r.vectors[h.company].Fold(w, h.place, true)
	return w
}

func (h *trained) vote(examples []learn.Example) *learn.Weights {
	fits := make([]*learn.Weights, votes)
	for i := range fits {
		fits[i] = learn.Fit(examples, learn.Options{
			Classes: 2, Bits: h.bits, Epochs: h.epochs, Rate: h.rate, Decay: h.decay, Seed: uint64(i + 1),
		})
	}
	return learn.Average(fits...)
}

// validate prints what models say of posts of groups that they have not read, and
// returns the odds from which on the answer is yes.
func (h *trained) validate(w io.Writer, r *reader, examples []learn.Example) float64 {
	parts, how := learn.Folds(examples, folds, 1), "5-fold"
	if h.group > 0 {
		parts, how = learn.GroupFolds(examples, h.spread...), "leave one group out"
	}
	found := learn.CrossValidate(examples, parts, func(part []learn.Example) *learn.Weights { return h.fit(r, part) })
	best, shift := h.shift(examples, found)
	h.print(w, how, h.cases(examples, found, 0, nil))
	if h.spread != nil {
		h.print(w, how+", without "+fmt.Sprint(h.spread), h.cases(examples, found, 0, h.spread))
	}
	fmt.Fprintf(w, "%s: from odds of %.1f on, macro-F1 %.3f\n", h.head, shift, best)
	return shift
}

// shift returns the odds from which on yes is the better answer, and the macro-F1
// there: the highest odds that are worse than the best by no more than the slack.
func (h *trained) shift(examples []learn.Example, found [][]float64) (f1, odds float64) {
	const steps, step = 20, 0.1
	var at [2*steps + 1]float64
	for i := range at {
		at[i] = metrics.MacroF1(h.cases(examples, found, float64(i-steps)*step, nil), 2)
	}
	best := slices.Max(at[:])
	for i := len(at) - 1; i >= 0; i-- {
		if at[i] >= best-h.slack {
			return at[i], float64(i-steps) * step
		}
	}
	return best, 0
}

func (h *trained) print(w io.Writer, how string, cases []metrics.Case) {
	fmt.Fprintf(w, "%s, %s: macro-F1 %.3f, AUC %.3f, average precision %.3f\n",
		h.head, how, metrics.MacroF1(cases, 2), metrics.AUC(cases), metrics.AveragePrecision(cases))
}

// cases is what the head says when yes begins at some odds: what its model sees, or
// what its phrases vouch for. Some groups may be left out.
func (h *trained) cases(examples []learn.Example, found [][]float64, from float64, without []string) []metrics.Case {
	var cases []metrics.Case
	for i, p := range found {
		if slices.Contains(without, examples[i].Group) {
			continue
		}
		odds := math.Log(p[1]/p[0]) - from
		c := metrics.Case{Want: examples[i].Label, Score: 1 / (1 + math.Exp(-odds))}
		if h.head < urgency.Danger { // whose phrases are the number at its place
			c.Score = max(c.Score, min(float64(examples[i].Dense[h.head]), urgency.Vouched.Float()))
		}
		if c.Score >= 0.5 {
			c.Got = 1
		}
		cases = append(cases, c)
	}
	return cases
}

func (h *trained) pack(r *reader, examples []learn.Example, shift float64) ([]byte, error) {
	w := h.fit(r, examples)
	w.Bias[0] -= float32(shift)
	data := []string{h.data}
	for _, c := range corpora[h.company] {
		data = append(data, "company of words: "+c.file+" ("+c.origin+")")
	}
	header := linear.Header{
		Head: h.head.String(), Classes: []string{"no", "yes"}, Groups: h.groups, Bits: h.bits, Data: data,
	}
	if h.numbers > urgency.Listed { // it reads feelings
		header.Reads = map[string]string{"sentiment": sentiment.Digest()}
	}
	return w.Pack(header)
}
