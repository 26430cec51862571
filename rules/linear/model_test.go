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
	file, err := linear.Write(h, table)
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

// Every class has its sum, of bytes that are no text.
func TestSumN(t *testing.T) {
	h := linear.Header{Head: "test", Classes: []string{"a", "b", "c", "d"}, Groups: []features.Group{features.Words}, Bits: 1, Bias: make([]float64, 3), Unit: 1}
	file, err := linear.Write(h, []int8{-1, -2, -3, -1, -2, -3})
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
	good, err := linear.Write(linear.Header{Head: "x", Classes: []string{"a", "b", "c"}, Bits: 2, Bias: []float64{0, 0}}, make([]int8, 8))
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
		if m.Outputs() == 1 {
			m.Sum1(&p, parts)
		}
		m.SumN(&p, make([]int32, m.Outputs()))
	})
}
