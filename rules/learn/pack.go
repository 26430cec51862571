package learn

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"earshot/rules/features"
	"earshot/rules/linear"
)

// Hashes appends the hashes of the post's features in some groups to dst.
func Hashes(dst []uint32, p *features.Post, groups []features.Group) []uint32 {
	for _, g := range groups {
		for _, f := range p.Groups[g] {
			dst = append(dst, f.Hash)
		}
	}
	return dst
}

// Pack rounds fitted weights to bytes and completes the header.
func (w *Weights) Pack(h linear.Header) ([]byte, error) {
	const largest = 127
	own := slices.Sorted(maps.Keys(w.Own))
	size := quantile(w.Table, 0.99999)
	for _, hash := range own {
		for _, v := range w.Own[hash] {
			size = max(size, math.Abs(float64(v)))
		}
	}
	h.Unit = size / (largest * largest)
	h.Bias, h.Dense = nil, nil
	for k := range w.Outputs {
		h.Bias = append(h.Bias, round(float64(w.Bias[k])))
	}
	for i := 0; i < len(w.Dense); i += w.Outputs {
		var row []float64
		for k := range w.Outputs {
			row = append(row, round(float64(w.Dense[i+k])))
		}
		h.Dense = append(h.Dense, row)
	}
	pack := func(row []float32) []int8 {
		packed := make([]int8, len(row))
		for i, v := range row {
			q := math.Round(largest * math.Sqrt(min(math.Abs(float64(v))/size, 1)))
			packed[i] = int8(math.Copysign(q, float64(v)))
		}
		return packed
	}
	rows := make([]linear.OwnRow, len(own))
	for i, hash := range own {
		rows[i] = linear.OwnRow{Hash: hash, Weights: pack(w.Own[hash])}
	}
	return linear.Write(h, pack(w.Table), rows)
}

// round keeps six digits after the point, so that a file reads well.
func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// quantile is the size that this share of the weights does not exceed, and 1 if
// all are 0.
func quantile(weights []float32, share float64) float64 {
	var sizes []float64
	for _, v := range weights {
		if v != 0 {
			sizes = append(sizes, math.Abs(float64(v)))
		}
	}
	if len(sizes) == 0 {
		return 1
	}
	slices.Sort(sizes)
	return sizes[min(int(float64(len(sizes))*share), len(sizes)-1)]
}

// Save writes a file that is new or complete, never half.
func Save(name string, content []byte) error {
	temporary := name + ".new"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(name), err)
	}
	return os.Rename(temporary, name)
}
