package adapt

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/rules/metrics"
	"earshot/rules/text"
)

// What it takes to learn a field.
const (
	leastCorrections = 20   // mentions
	leastOfASide     = 5    // of them on each of two sides
	mostDisputed     = 0.2  // share of mentions on which people contradict each other
	leastSupport     = 3    // people who wrote a word
	mostCommon       = 0.5  // share of mentions that may have a word
	folds            = 5    // in which corrections are left out to measure
	samples          = 1000 // that the intervals are drawn from
)

// Lesson is a correction, and what the book says of the mention without a layer.
type Lesson struct {
	Correction
	Base earshot.Score // the field's score
	Line earshot.Score // from where on it means yes; sentiment has lines of its own
}

// example is a mention of which one field is known.
type example struct {
	key, author string
	words       []string
	base, line  float64
	value       float64
	fold        int
}

// Refused is a field that was not learnt.
type Refused struct {
	Field Field
	Why   string
}

// Learn makes a layer of what people corrected for a brand. Fields of which there
// is too little, or which do not get better on corrections that were left out, are
// refused; without any field there is an error and no layer. The same lessons, in
// any order, give the same layer.
func Learn(brand string, made time.Time, lessons []Lesson) (*Layer, []Refused, error) {
	layer := &Layer{Format: format, Brand: brand, Made: made.UTC().Truncate(time.Second), By: map[string]int{}, Fields: map[Field]*Learnt{}}
	var refused []Refused
	taught := map[string]bool{}
	for _, field := range Fields() {
		of := slices.DeleteFunc(slices.Clone(lessons), func(l Lesson) bool { return l.Field != field || l.Brand != brand })
		if len(of) == 0 {
			continue
		}
		learnt, keys, err := learn(field, of)
		if err != nil {
			refused = append(refused, Refused{field, err.Error()})
			continue
		}
		layer.Fields[field] = learnt
		for _, key := range keys {
			taught[key] = true
		}
		for _, l := range of {
			layer.By[l.By]++
		}
	}
	if len(layer.Fields) == 0 {
		why := []string{"nothing was learnt"}
		for _, r := range refused {
			why = append(why, string(r.Field)+": "+r.Why)
		}
		if len(refused) == 0 {
			why = append(why, "there are no corrections for "+brand)
		}
		return nil, refused, errors.New(strings.Join(why, "\n  "))
	}
	layer.Corrections = slices.Sorted(maps.Keys(taught))
	return layer, refused, nil
}

func learn(field Field, lessons []Lesson) (*Learnt, []string, error) {
	examples, disputed := settle(field, lessons)
	sides := map[int]int{}
	for _, e := range examples {
		sides[side(field, e.value, 0.5)]++
	}
	enough := 0
	for _, n := range sides {
		if n >= leastOfASide {
			enough++
		}
	}
	switch all := len(examples) + disputed; {
	case float64(disputed) > mostDisputed*float64(all):
		return nil, nil, fmt.Errorf("people contradict each other on %d of %d mentions (agree on what is meant first)", disputed, all)
	case len(examples) < leastCorrections:
		return nil, nil, fmt.Errorf("%d corrected mentions are too few: %d are needed", len(examples), leastCorrections)
	case enough < 2:
		return nil, nil, fmt.Errorf("the corrections are nearly all alike: %d mentions of another kind are needed (confirm what was right, too)", leastOfASide)
	}
	learnt := &Learnt{Corrections: len(examples)}
	before := func(e *example) float64 { return e.base }
	learnt.Before = measure(field, examples, before)
	var without [folds]map[string]float64
	for fold := range without {
		without[fold] = fit(field, slices.DeleteFunc(slices.Clone(examples), func(e example) bool { return e.fold == fold }))
	}
	after := func(e *example) float64 { return adjusted(field, e, without[e.fold]) }
	learnt.After = measure(field, examples, after)
	if fixed, broken := compare(field, examples, before, after); !helps(fixed, broken) {
		return nil, nil, fmt.Errorf("on corrections it did not learn from it is no better, or not clearly: %d put right and %d wrong, %s right before, %s after",
			fixed, broken, learnt.Before.Right, learnt.After.Right)
	}
	learnt.Words = map[string]earshot.Score{}
	for word, weight := range fit(field, examples) {
		if s := rounded(weight); s != 0 {
			learnt.Words[word] = s
		}
	}
	keys := make([]string, len(examples))
	for i := range examples {
		keys[i] = examples[i].key
	}
	return learnt, keys, nil
}

// rounded keeps weights readable, and the same on all machines.
func rounded(weight float64) earshot.Score {
	const steps = 1000
	s := earshot.ScoreOf(math.Round(weight*steps) / steps)
	if max(s, -s) < earshot.ScoreOf(leastWord) {
		return 0
	}
	return s
}

// settle makes one example of each mention. A person's last word counts, and what
// people do not agree on is left out and counted.
func settle(field Field, lessons []Lesson) (examples []example, disputed int) {
	slices.SortStableFunc(lessons, func(a, b Lesson) int {
		return cmp.Or(cmp.Compare(a.Mention.ID, b.Mention.ID), cmp.Compare(a.By, b.By), a.At.Compare(b.At), cmp.Compare(a.Value, b.Value))
	})
	var tokens text.Tokens
	for from := 0; from < len(lessons); {
		to := from
		var last []Lesson // of each person
		for ; to < len(lessons) && lessons[to].Mention.ID == lessons[from].Mention.ID; to++ {
			if n := len(last); n > 0 && last[n-1].By == lessons[to].By {
				last[n-1] = lessons[to]
			} else {
				last = append(last, lessons[to])
			}
		}
		from = to
		sum := 0.0
		one := side(field, last[0].Value, 0.5)
		for _, l := range last {
			sum += l.Value
		}
		if slices.ContainsFunc(last, func(l Lesson) bool { return side(field, l.Value, 0.5) != one }) {
			disputed++
			continue
		}
		m := &last[0].Mention
		tokens.Reset()
		tokens.Add(text.Title, m.Title)
		tokens.Add(text.Body, m.Text)
		key := m.Key()
		hash := fnv.New32a()
		words := wordsOf(&tokens)
		_, _ = hash.Write([]byte(strings.Join(words, " "))) // copies of a text stay together
		examples = append(examples, example{
			key: key, author: author(m), words: words,
			base: last[0].Base.Float(), line: last[0].Line.Float(), value: sum / float64(len(last)), fold: int(hash.Sum32() % folds),
		})
	}
	return examples, disputed
}

// feels is from where on a sentiment is one.
const feels = 0.2

// side is which answer a score or value stands for; line is from where on it means
// yes.
func side(field Field, v, line float64) int {
	if field == Sentiment {
		switch {
		case v >= feels:
			return 1
		case v <= -feels:
			return -1
		}
		return 0
	}
	if v >= line {
		return 1
	}
	return 0
}

func measure(field Field, examples []example, score func(*example) float64) Measure {
	cases, distance := make([]metrics.Case, len(examples)), 0.0
	for i := range examples {
		e := &examples[i]
		s := score(e)
		cases[i] = metrics.Case{Want: side(field, e.value, 0.5), Got: side(field, s, e.line)}
		distance += max(s-e.value, e.value-s)
	}
	in := metrics.Bootstrap(cases, samples, metrics.Accuracy)
	return Measure{
		Right: earshot.ScoreOf(in.Value), Low: earshot.ScoreOf(in.Low), High: earshot.ScoreOf(in.High),
		Distance: earshot.ScoreOf(distance / float64(len(examples))),
	}
}

// compare counts the examples that only one of two scores puts on the right side.
func compare(field Field, examples []example, before, after func(*example) float64) (fixed, broken int) {
	for i := range examples {
		e := &examples[i]
		want := side(field, e.value, 0.5)
		was, is := side(field, before(e), e.line) == want, side(field, after(e), e.line) == want
		switch {
		case is && !was:
			fixed++
		case was && !is:
			broken++
		}
	}
	return fixed, broken
}

// helps reports whether chance alone would seldom put so many more right than wrong:
// one time in twenty.
func helps(fixed, broken int) bool {
	const deviations = 1.64
	return float64(fixed-broken) > deviations*math.Sqrt(float64(fixed+broken))
}

// author tells people apart, "" if it is not known who wrote.
func author(m *earshot.Mention) string {
	if m.Author.Handle == "" {
		return ""
	}
	return m.Network + " " + text.Name(m.Author.Handle)
}
