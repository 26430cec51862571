// Package linear holds trained linear models and adds up what the features of a
// post are worth to them: table lookups in a file that is part of the program. It
// does not train, package learn does, and does not know what its sums mean.
package linear

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"

	"earshot/rules/features"
)

// Header is what a weights file says of itself, as JSON in its first line.
type Header struct {
	Head    string             `json:"head"`
	Data    []string           `json:"data"`            // what it was trained on, with licences
	Classes []string           `json:"classes"`         // the first is the one the others are measured against
	Groups  []features.Group   `json:"groups"`          // the features it reads
	Bits    int                `json:"bits"`            // the table has 1<<Bits rows of an int8 per class but the first
	Unit    float64            `json:"unit"`            // logarithmic odds of a weight of 1
	Bias    []float64          `json:"bias"`            // per class but the first
	Dense   [][]float64        `json:"dense"`           // per number that the caller gives and class but the first
	Extra   map[string]float64 `json:"extra"`           // what else was learnt, such as temperatures
	Own     int                `json:"own,omitempty"`   // how many hashes have a row for themselves, behind the table: the hash, low byte first, and its weights
	Reads   map[string]string  `json:"reads,omitempty"` // models whose results are among its numbers, and their digests
}

// Model is a trained model. It is immutable and safe for concurrent use.
type Model struct {
	Header
	table string // of int8
	mask  uint32
	slots []slot // of own rows, nil if there are none
}

// slot is a place in a table of own rows: a row stands in the first free one from
// its hash on.
type slot struct {
	hash uint32
	at   int32 // of its weights behind the table; 0 if the slot is free
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
	if m.Bits < 1 || m.Bits > 24 || m.Outputs() < 1 || m.Own < 0 || m.Own > 1<<20 ||
		len(m.table) != m.Outputs()<<m.Bits+m.Own*(4+m.Outputs()) || len(m.Bias) != m.Outputs() {
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
	m.place()
	return m, nil
}

// place puts the own rows into slots.
func (m *Model) place() {
	if m.Own == 0 {
		return
	}
	m.slots = make([]slot, 1<<bits.Len(uint(2*m.Own)))
	mask := uint32(len(m.slots) - 1) //nolint:gosec // at most 1<<21
	for at := m.Outputs() << m.Bits; at < len(m.table); at += 4 + m.Outputs() {
		hash := uint32(m.table[at]) | uint32(m.table[at+1])<<8 | uint32(m.table[at+2])<<16 | uint32(m.table[at+3])<<24
		i := hash & mask
		for m.slots[i].at != 0 {
			i = (i + 1) & mask
		}
		m.slots[i] = slot{hash, int32(at + 4)} //nolint:gosec // of a file of some megabytes
	}
}

// own is where the weights of a hash's own row begin, 0 if it has none.
func (m *Model) own(hash uint32) int32 {
	mask := uint32(len(m.slots) - 1) //nolint:gosec // at most 1<<21
	for i := hash & mask; ; i = (i + 1) & mask {
		if s := &m.slots[i]; s.at == 0 || s.hash == hash {
			return s.at
		}
	}
}

// MustRead reads a weights file that is part of the program.
func MustRead(file string) *Model {
	m, err := Read(file)
	if err != nil {
		panic(err)
	}
	return m
}

// single reports whether features of a group may have rows for themselves: words and
// signs, not what is made of several.
func single(g features.Group) bool {
	return g == features.Words || g == features.Denied || g == features.Signs
}

// OwnRow is the row that a hash has for itself.
type OwnRow struct {
	Hash    uint32
	Weights []int8
}

// Write is the file of a header, the weights of its table and rows of single hashes.
func Write(h Header, table []int8, own []OwnRow) ([]byte, error) {
	h.Own = len(own)
	first, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("writing the weights of %s: %w", h.Head, err)
	}
	file := append(first, '\n')
	for _, v := range table {
		file = append(file, byte(v))
	}
	for _, row := range own {
		file = binary.LittleEndian.AppendUint32(file, row.Hash)
		for _, v := range row.Weights {
			file = append(file, byte(v))
		}
	}
	return file, nil
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
		own := m.slots != nil && single(g)
		for _, f := range p.Groups[g] {
			v := Worth(int8(m.table[f.Hash&m.mask]))
			if own {
				if at := m.own(f.Hash); at != 0 {
					v += Worth(int8(m.table[at]))
				}
			}
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
// a language. What each span argues for the second and for the third class is added
// to parts, two a span.
func (m *Model) Sum2(p *features.Post, g features.Group, salt uint32, parts []int32) {
	own := m.slots != nil && single(g)
	for _, f := range p.Groups[g] {
		hash := f.Hash ^ salt
		at := int(hash&m.mask) * 2
		part := parts[2*f.Span:][:2]
		part[0] += Worth(int8(m.table[at]))
		part[1] += Worth(int8(m.table[at+1]))
		if own {
			if at := m.own(hash); at != 0 {
				part[0] += Worth(int8(m.table[at]))
				part[1] += Worth(int8(m.table[at+1]))
			}
		}
	}
}

// Row2 is the weights of one feature in a model of three classes, in units.
func (m *Model) Row2(hash uint32) (second, third int32) {
	at := int(hash&m.mask) * 2
	return Worth(int8(m.table[at])), Worth(int8(m.table[at+1]))
}

// SumN adds up the features of a post for every class but the first, own rows left
// out: models of many classes have none.
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
