// Package linear holds trained linear models and adds up what the features of a
// post are worth to them: table lookups in a file that is part of the program. It
// does not train, package learn does, and does not know what its sums mean.
package linear

import (
	"bytes"
	"encoding/json"
	"fmt"

	"earshot/rules/features"
)

// Header is what a weights file says of itself, as JSON in its first line.
type Header struct {
	Head    string             `json:"head"`
	Data    []string           `json:"data"`    // what it was trained on, with licences
	Classes []string           `json:"classes"` // the first is the one the others are measured against
	Groups  []features.Group   `json:"groups"`  // the features it reads
	Bits    int                `json:"bits"`    // the table has 1<<Bits rows of an int8 per class but the first
	Unit    float64            `json:"unit"`    // logarithmic odds of a weight of 1
	Bias    []float64          `json:"bias"`    // per class but the first
	Dense   [][]float64        `json:"dense"`   // per number that the caller gives and class but the first
	Extra   map[string]float64 `json:"extra"`   // what else was learnt, such as temperatures
}

// Model is a trained model. It is immutable and safe for concurrent use.
type Model struct {
	Header
	table string // of int8
	mask  uint32
}

// Outputs is the number of classes but the first.
func (h *Header) Outputs() int { return len(h.Classes) - 1 }

// Read reads a weights file. The model refers to it.
func Read(file string) (*Model, error) {
	first := 0
	for first < len(file) && file[first] != '\n' {
		first++
	}
	if first == len(file) {
		return nil, fmt.Errorf("reading weights: the first line has no end")
	}
	m := &Model{table: file[first+1:]}
	if err := json.Unmarshal([]byte(file[:first]), &m.Header); err != nil {
		return nil, fmt.Errorf("reading the first line of the weights: %w", err)
	}
	if m.Bits < 1 || m.Bits > 24 || m.Outputs() < 1 || len(m.table) != m.Outputs()<<m.Bits || len(m.Bias) != m.Outputs() {
		return nil, fmt.Errorf("reading the weights of %s: %d bytes do not make %d outputs of %d bits", m.Head, len(m.table), m.Outputs(), m.Bits)
	}
	for _, g := range m.Groups {
		if g >= features.GroupCount {
			return nil, fmt.Errorf("reading the weights of %s: there is no group %d of features", m.Head, g)
		}
	}
	for _, d := range m.Dense {
		if len(d) != m.Outputs() {
			return nil, fmt.Errorf("reading the weights of %s: %d numbers for %d outputs", m.Head, len(d), m.Outputs())
		}
	}
	m.mask = 1<<m.Bits - 1
	return m, nil
}

// MustRead reads a weights file that is part of the program.
func MustRead(file string) *Model {
	m, err := Read(file)
	if err != nil {
		panic(err)
	}
	return m
}

// Write is the file of a header and the weights of its table.
func Write(h Header, table []int8) ([]byte, error) {
	first, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("writing the weights of %s: %w", h.Head, err)
	}
	file := bytes.NewBuffer(append(first, '\n'))
	for _, v := range table {
		file.WriteByte(byte(v))
	}
	return file.Bytes(), nil
}

// Worth is what a weight stands for, in units: its square with its sign, so that
// small weights are kept finer than large ones.
func Worth(weight int8) int32 {
	w := int32(weight)
	sign := w >> 31
	return w * ((w ^ sign) - sign)
}

// Sum1 adds up the features of a post for a model of two classes. What each span
// is worth is added to parts, one per span of the post; without parts only the
// sum is made.
func (m *Model) Sum1(p *features.Post, parts []int32) (sum int32) {
	for _, g := range m.Groups {
		for _, f := range p.Groups[g] {
			v := Worth(int8(m.table[f.Hash&m.mask]))
			sum += v
			if int(f.Span) < len(parts) {
				parts[f.Span] += v
			}
		}
	}
	return sum
}

// Sum2 adds up the features of a group for a model of three classes; their hashes
// are changed by salt, 0 for none, so that a model can have weights of its own for
// a language; names may be left out. What each span argues for the second and for
// the third class is added to parts, two a span.
func (m *Model) Sum2(p *features.Post, g features.Group, salt uint32, names bool, parts []int32) {
	for _, f := range p.Groups[g] {
		if !names && p.Spans[f.Span].Name {
			continue
		}
		at := int((f.Hash^salt)&m.mask) * 2
		part := parts[2*f.Span:][:2]
		part[0] += Worth(int8(m.table[at]))
		part[1] += Worth(int8(m.table[at+1]))
	}
}

// Row2 is the weights of one feature in a model of three classes, in units.
func (m *Model) Row2(hash uint32) (second, third int32) {
	at := int(hash&m.mask) * 2
	return Worth(int8(m.table[at])), Worth(int8(m.table[at+1]))
}

// SumN adds up the features of a post for every class but the first.
func (m *Model) SumN(p *features.Post, sums []int32) {
	n := m.Outputs()
	sums = sums[:n]
	for _, g := range m.Groups {
		for _, f := range p.Groups[g] {
			row := m.table[int(f.Hash&m.mask)*n:][:n]
			for k := range n { // not over row: it is a string, of bytes and not of runes
				sums[k] += Worth(int8(row[k]))
			}
		}
	}
}
