package learn

import (
	"maps"
	"slices"
)

// FoldIn moves what the last numbers of an example are worth into the weights of
// the features that they are sums over, and drops those numbers: values holds
// what a feature adds to them.
func (w *Weights) FoldIn(from int, values map[uint32][]float32) {
	mask := uint32(len(w.Table)/w.Outputs - 1)
	for _, hash := range slices.Sorted(maps.Keys(values)) {
		for i, v := range values[hash] {
			for k := range w.Outputs {
				w.Table[int(hash&mask)*w.Outputs+k] += v * w.Dense[(from+i)*w.Outputs+k]
			}
		}
	}
	w.Dense = w.Dense[:from*w.Outputs]
}
