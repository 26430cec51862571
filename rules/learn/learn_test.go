package learn_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"earshot/rules/features"
	"earshot/rules/learn"
	"earshot/rules/linear"
)

// words are the examples of a tiny world: three classes, a word of its own each,
// and noise.
func examples(n int) []learn.Example {
	random := rand.New(rand.NewPCG(1, 1))
	all := make([]learn.Example, n)
	for i := range all {
		label := i % 3
		all[i] = learn.Example{Label: label, Weight: 1, Dense: []float32{float32(label), 1}}
		word := features.HashWord([]string{"so", "bad", "good"}[label])
		all[i].Hashes = []uint32{word, features.HashWord("the"), random.Uint32()}
	}
	return all
}

var options = learn.Options{Classes: 3, Bits: 10, Epochs: 6, Rate: 0.1, Decay: 1e-4, Seed: 1}

// The same examples give the same bytes, and the bytes tell the classes.
func TestReproducible(t *testing.T) {
	pack := func() []byte {
		w := learn.Average(learn.Fit(examples(300), options), learn.Fit(examples(300), options))
		file, err := w.Pack(linear.Header{
			Head: "test", Classes: []string{"neu", "neg", "pos"}, Bits: options.Bits, Groups: []features.Group{features.Words},
			Extra: map[string]float64{"b": 1, "a": 2},
		})
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	first := pack()
	if !bytes.Equal(first, pack()) {
		t.Error("the second file is another")
	}
	m, err := linear.Read(string(first))
	if err != nil {
		t.Fatal(err)
	}
	var p features.Post
	p.Read("", "bad")
	var sums [2]int32
	if m.SumN(&p, sums[:]); sums[0] <= 0 || sums[0] <= sums[1] {
		t.Errorf("bad is worth %v", sums)
	}
}

// Models that have not read a group are still right about it.
func TestCrossValidate(t *testing.T) {
	all := examples(300)
	for i := range all {
		all[i].Group = string(rune('a' + i/100))
	}
	for _, parts := range [][]int{learn.Folds(all, 5, 1), learn.GroupFolds(all)} {
		found := learn.CrossValidate(all, parts, func(e []learn.Example) *learn.Weights { return learn.Fit(e, options) })
		for i, p := range found {
			if sum := p[0] + p[1] + p[2]; math.Abs(sum-1) > 1e-9 || p[all[i].Label] < 0.5 {
				t.Fatalf("class %d: %v", all[i].Label, p)
			}
		}
		if temperature := learn.Temper(all, found); temperature > 1 {
			t.Errorf("models that are always right are cooled by %v", temperature)
		}
	}
}

func TestReadRows(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.tsv")
	if err := os.WriteFile(name, []byte("one\tpos\n\tneg\tmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows, err := learn.Read(name)
	if err != nil || len(rows) != 2 || rows[0].Text != "one" || rows[1].Label != "neg" || rows[1].More[0] != "more" {
		t.Errorf("%+v, %v", rows, err)
	}
	if err := os.WriteFile(name, []byte("one\tpos\nno label\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := learn.Read(name); err == nil || err.Error() != name+":2: no tab between text and label" {
		t.Error(err)
	}
}

func TestSave(t *testing.T) {
	name := filepath.Join(t.TempDir(), "weights")
	for _, want := range []string{"a", "b"} {
		if err := learn.Save(name, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
}
