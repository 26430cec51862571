package linear_test

import (
	"strings"
	"testing"

	"earshot/rules/features"
	"earshot/rules/linear"
)

// What was written is read, and the words of a post are worth their squares.
func TestModel(t *testing.T) {
	h := linear.Header{Head: "test", Classes: []string{"no", "yes"}, Groups: []features.Group{features.Words}, Bits: 8, Bias: []float64{0}, Unit: 1}
	table := make([]int8, 1<<8)
	table[features.HashWord("good")&255], table[features.HashWord("bad")&255] = 10, -5
	file, err := linear.Write(h, table, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := linear.Read(string(file))
	if err != nil {
		t.Fatal(err)
	}
	var p features.Post
	p.Read("", "good bad good")
	parts := make([]int32, len(p.Spans))
	if sum := m.Sum1(&p, parts); sum != 175 || parts[0] != 100 || parts[1] != -25 {
		t.Errorf("the sum is %d, its parts %v", sum, parts)
	}
}

// A hash that has a row for itself is worth that and the table's row, which others
// share.
func TestOwnRows(t *testing.T) {
	h := linear.Header{
		Head: "test", Classes: []string{"a", "b", "c"}, Groups: []features.Group{features.Words}, Bits: 1, Bias: make([]float64, 2), Unit: 1,
	}
	good := features.HashWord("good")
	rows := []linear.OwnRow{{Hash: good, Weights: []int8{-3, 5}}, {Hash: good + 1, Weights: []int8{9, 9}}, {Hash: good ^ 4, Weights: []int8{1, 2}}}
	file, err := linear.Write(h, []int8{1, 1, 1, 1}, rows)
	if err != nil {
		t.Fatal(err)
	}
	m, err := linear.Read(string(file))
	if err != nil {
		t.Fatal(err)
	}
	var p features.Post
	p.Read("", "good day")
	var parts [4]int32
	if m.Sum2(&p, features.Words, 0, parts[:]); parts != [4]int32{-8, 26, 1, 1} {
		t.Errorf("without salt: %v", parts)
	}
	parts = [4]int32{}
	if m.Sum2(&p, features.Words, 4, parts[:]); parts != [4]int32{2, 5, 1, 1} {
		t.Errorf("with salt: %v", parts)
	}
	if _, err := linear.Read(string(file[:len(file)-1])); err == nil {
		t.Error("a file that was cut short is read")
	}
}

// Every class has its sum, of bytes that are no text.
func TestSumN(t *testing.T) {
	h := linear.Header{Head: "test", Classes: []string{"a", "b", "c", "d"}, Groups: []features.Group{features.Words}, Bits: 1, Bias: make([]float64, 3), Unit: 1}
	file, err := linear.Write(h, []int8{-1, -2, -3, -1, -2, -3}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := linear.Read(string(file))
	if err != nil {
		t.Fatal(err)
	}
	var p features.Post
	p.Read("", "one word")
	var sums [3]int32
	if m.SumN(&p, sums[:]); sums != [3]int32{-2, -8, -18} {
		t.Errorf("the sums are %v", sums)
	}
}

// What is no weights file is refused, whatever the bytes.
func FuzzReadFile(f *testing.F) {
	good, err := linear.Write(linear.Header{Head: "x", Classes: []string{"a", "b", "c"}, Bits: 2, Bias: []float64{0, 0}}, make([]int8, 8), []linear.OwnRow{{Hash: 7, Weights: []int8{1, 2}}, {Hash: 7, Weights: []int8{3, 4}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(good))
	f.Add("")
	f.Add("{}\n")
	f.Add(strings.Replace(string(good), `"bits":2`, `"bits":63`, 1))
	var p features.Post
	p.Read("", "what does it make of this?")
	parts := make([]int32, len(p.Spans))
	f.Fuzz(func(_ *testing.T, file string) {
		m, err := linear.Read(file)
		if err != nil {
			return
		}
		switch m.Outputs() {
		case 1:
			m.Sum1(&p, parts)
		case 2:
			for _, g := range m.Groups {
				m.Sum2(&p, g, 1, make([]int32, 2*len(p.Spans)))
			}
		}
		m.SumN(&p, make([]int32, m.Outputs()))
	})
}
