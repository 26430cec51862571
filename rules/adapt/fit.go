package adapt

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// How weights are fitted.
const (
	pull   = 80 // of every weight to 0: three corrections move a word by about a tenth
	steep  = 6  // of the chance that a score means yes, per unit of distance from the line
	stiff  = 5  // of the distance between a sentiment and its value
	sweeps = 40 // over all words
)

// vocabulary are the words that several people wrote and that tell mentions apart,
// the most supported first, and the examples of each.
func vocabulary(examples []example) (words []string, in [][]int) {
	index := map[string][]int{}
	people := map[string]map[string]bool{}
	for i := range examples {
		e := &examples[i]
		for _, word := range e.words {
			index[word] = append(index[word], i)
			if people[word] == nil {
				people[word] = map[string]bool{}
			}
			people[word][cmp.Or(e.author, strings.Join(e.words, " "))] = true
		}
	}
	for word, at := range index {
		if len(people[word]) >= leastSupport && float64(len(at)) <= mostCommon*float64(len(examples)) {
			words = append(words, word)
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(len(index[b]), len(index[a])), cmp.Compare(a, b)) })
	words = words[:min(len(words), mostWords)]
	for _, word := range words {
		in = append(in, index[word])
	}
	return words, in
}

// fit finds the weights of words by coordinate descent: logistic loss on which side
// of the line a score is, squared loss for sentiments on the wrong side, and a
// pull to 0. The problem is convex and each weight is bounded.
func fit(field Field, examples []example) map[string]float64 {
	words, in := vocabulary(examples)
	scores := make([]float64, len(examples))
	for i := range examples {
		scores[i] = examples[i].base
	}
	weights := make([]float64, len(words))
	for range sweeps {
		for j := range words {
			slope, curve := pull*weights[j], float64(pull)
			for _, i := range in[j] {
				s, c := loss(field, &examples[i], scores[i])
				slope, curve = slope+s, curve+c
			}
			next := min(max(weights[j]-slope/curve, -mostWord), mostWord)
			for _, i := range in[j] {
				scores[i] += next - weights[j]
			}
			weights[j] = next
		}
	}
	fitted := make(map[string]float64, len(words))
	for j, word := range words {
		fitted[word] = weights[j]
	}
	return fitted
}

// settled reports whether a sentiment is what people say it is, with a margin to the
// line: what is right already teaches nothing, however far it is from a value that
// people chose among a few.
func settled(value, score float64) bool {
	const margin = 0.1
	switch side(Sentiment, value, 0) {
	case 1:
		return score >= min(value, feels+margin)
	case -1:
		return score <= max(value, -feels-margin)
	}
	return max(score, -score) <= feels-margin
}

// loss is the slope of what a score costs, and a bound of how the slope grows.
func loss(field Field, e *example, score float64) (slope, curve float64) {
	if field == Sentiment {
		if settled(e.value, score) {
			return 0, stiff
		}
		return stiff * (score - e.value), stiff
	}
	chance := 1 / (1 + math.Exp(-steep*(score-e.line)))
	return steep * (chance - e.value), steep * steep / 4
}

// adjusted is the score of an example under weights, as a layer makes it.
func adjusted(field Field, e *example, weights map[string]float64) float64 {
	sum, least := 0.0, 0.0
	if field == Sentiment {
		least = -1
	}
	for _, word := range e.words {
		sum += rounded(weights[word]).Float()
	}
	return min(max(e.base+min(max(sum, -mostSum), mostSum), least), 1)
}
