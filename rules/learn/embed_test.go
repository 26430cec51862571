package learn_test

import (
	"math"
	"slices"
	"testing"

	"earshot/rules/learn"
)

// Words in the same company are near each other, the same way each time, and what
// is learnt of places folds into weights of words without changing a score.
func TestEmbed(t *testing.T) {
	var posts [][]uint32
	for i := range uint32(40) {
		posts = append(posts, []uint32{1 + i%2, 10, 11, 12}, []uint32{3 + i%2, 20, 21, 22})
	}
	v, again := learn.Embed(posts, 2), learn.Embed(posts, 2)
	if !slices.Equal(v.Place([]uint32{1, 3}), again.Place([]uint32{1, 3})) {
		t.Error("the second time differs")
	}
	if near, far := cosine(v, 1, 2), cosine(v, 1, 3); near < 0.9 || near < far+0.5 {
		t.Errorf("same company %.2f, other company %.2f", near, far)
	}
	example := learn.Example{Hashes: []uint32{1, 10}, Dense: append([]float32{1}, v.Place([]uint32{1, 10})...)}
	for _, shared := range []bool{true, false} {
		w := &learn.Weights{Outputs: 1, Table: make([]float32, 64), Dense: []float32{0.5, 2, -1}, Bias: []float32{0.25}}
		before := w.Scores(nil, &example)[0]
		v.Fold(w, 1, shared)
		if after := w.Scores(nil, &example)[0]; math.Abs(before-after) > 1e-5 || len(w.Dense) != 1 {
			t.Errorf("%v became %v, shared: %v", before, after, shared)
		}
	}
}

// Posts without words that are common enough teach nothing and harm nothing.
func TestEmbedNothing(t *testing.T) {
	v := learn.Embed([][]uint32{nil, {1}, {2, 3}}, 4)
	if got := v.Place([]uint32{1, 2, 3}); slices.ContainsFunc(got, func(x float32) bool { return x != 0 }) {
		t.Errorf("got %v", got)
	}
}

func cosine(v *learn.Vectors, a, b uint32) (sum float64) {
	x, y := v.Place([]uint32{a}), v.Place([]uint32{b})
	for k := range x {
		sum += float64(x[k] * y[k])
	}
	return sum
}

// Groups that are spread are in every part.
func TestGroupFoldsSpread(t *testing.T) {
	var examples []learn.Example
	for _, group := range []string{"a", "any", "b", "any", "a", "any"} {
		examples = append(examples, learn.Example{Group: group})
	}
	if got := learn.GroupFolds(examples, "any"); !slices.Equal(got, []int{0, 0, 1, 1, 0, 0}) {
		t.Errorf("parts %v", got)
	}
}
