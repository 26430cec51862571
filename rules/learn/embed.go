package learn

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// Vectors place words so that those which stand in the same company are near each
// other: what a model learns of one, it then knows of its neighbours.
type Vectors struct {
	Dims  int
	rows  map[uint32]int
	table []float32 // Dims a row, of length 1
}

const (
	company = 5   // words on each side that count as company
	seldom  = 5   // words that occur less often get no vector
	passes  = 5   // over the table, to find its main directions
	common  = .75 // flattens how often common words are expected
)

// Embed learns vectors from unlabelled posts, each the hashes of its words in
// order: the main directions of the table of positive pointwise mutual information
// (Levy, Goldberg, Dagan 2015), found by subspace iteration.
func Embed(posts [][]uint32, dims int) *Vectors {
	v := &Vectors{Dims: dims, rows: map[uint32]int{}}
	v.count(posts)
	cells := v.information(posts)
	v.table = make([]float32, len(v.rows)*dims)
	random := rand.New(rand.NewPCG(1, 3))
	for i := range v.table {
		v.table[i] = float32(random.NormFloat64())
	}
	for range passes {
		v.orthogonal()
		v.table = v.times(cells)
	}
	for i := range len(v.rows) {
		normalise(v.table[i*dims : (i+1)*dims])
	}
	return v
}

// count numbers the words that are common enough, in the order of their hashes.
func (v *Vectors) count(posts [][]uint32) {
	counts := map[uint32]int{}
	for _, post := range posts {
		for _, h := range post {
			counts[h]++
		}
	}
	var words []uint32
	for h, n := range counts {
		if n >= seldom {
			words = append(words, h)
		}
	}
	slices.Sort(words)
	for i, h := range words {
		v.rows[h] = i
	}
}

// cell is an entry of a symmetric table.
type cell struct {
	row, column uint32
	value       float32
}

func (v *Vectors) information(posts [][]uint32) []cell {
	pairs := v.pairs(posts)
	slices.Sort(pairs)
	var cells []cell
	totals := make([]float64, len(v.rows))
	for i := 0; i < len(pairs); {
		end := i
		for end < len(pairs) && pairs[end] == pairs[i] {
			end++
		}
		c := cell{uint32(pairs[i] >> 32), uint32(pairs[i]), float32(end - i)}
		totals[c.row] += float64(c.value)
		totals[c.column] += float64(c.value)
		cells = append(cells, c)
		i = end
	}
	sum, flat := 0.0, 0.0
	for _, n := range totals {
		sum += n
		flat += math.Pow(n, common)
	}
	kept := cells[:0]
	for _, c := range cells {
		a, b := totals[c.row], totals[c.column]
		expected := max(a*math.Pow(b, common), b*math.Pow(a, common)) / flat
		if c.value = float32(math.Log(float64(c.value) / expected)); c.value > 0 {
			kept = append(kept, c)
		}
	}
	return kept
}

// pairs are the rows of two words in each other's company, the lower one first.
func (v *Vectors) pairs(posts [][]uint32) []uint64 {
	var pairs []uint64
	var known []uint32
	for _, post := range posts {
		known = known[:0]
		for _, h := range post {
			if row, ok := v.rows[h]; ok {
				known = append(known, uint32(row))
			}
		}
		for i, a := range known {
			for _, b := range known[i+1 : min(i+1+company, len(known))] {
				if a != b {
					pairs = append(pairs, uint64(min(a, b))<<32|uint64(max(a, b)))
				}
			}
		}
	}
	return pairs
}

// times multiplies the table of information with that of vectors.
func (v *Vectors) times(cells []cell) []float32 {
	out := make([]float32, len(v.table))
	d := v.Dims
	for _, c := range cells {
		a, b := int(c.row)*d, int(c.column)*d
		ra, rb := v.table[a:a+d], v.table[b:b+d]
		oa, ob := out[a:a+d], out[b:b+d]
		for k := range d {
			oa[k] += float32(c.value * rb[k])
			ob[k] += float32(c.value * ra[k])
		}
	}
	return out
}

// orthogonal makes the columns orthogonal and of length 1 (Gram and Schmidt).
func (v *Vectors) orthogonal() {
	d := v.Dims
	columns := make([][]float64, d)
	for k := range columns {
		columns[k] = make([]float64, len(v.rows))
		for i := range columns[k] {
			columns[k][i] = float64(v.table[i*d+k])
		}
		for _, other := range columns[:k] {
			along := dot(columns[k], other)
			for i, o := range other {
				columns[k][i] -= float64(along * o)
			}
		}
		size := 1 / math.Sqrt(max(dot(columns[k], columns[k]), 1e-30))
		for i := range columns[k] {
			columns[k][i] *= size
			v.table[i*d+k] = float32(columns[k][i])
		}
	}
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += float64(x * b[i])
	}
	return sum
}

func normalise(row []float32) {
	sum := 0.0
	for _, x := range row {
		sum += float64(x) * float64(x)
	}
	if sum == 0 {
		return
	}
	for k := range row {
		row[k] *= float32(1 / math.Sqrt(sum))
	}
}

// Place is the sum of the vectors of a post's words.
func (v *Vectors) Place(words []uint32) []float32 {
	sum := make([]float32, v.Dims)
	for _, h := range words {
		if row, ok := v.rows[h]; ok {
			for k, x := range v.table[row*v.Dims:][:v.Dims] {
				sum[k] += x
			}
		}
	}
	return sum
}

// Fold turns what was learnt of places, the last of the numbers, into weights of
// the words themselves, so that a model does not need the vectors. scale is what
// places were multiplied with. The weights are added to the words' own rows, or, if
// shared, to those that they share with other features.
func (v *Vectors) Fold(w *Weights, scale float32, shared bool) {
	first := len(w.Dense) - v.Dims*w.Outputs
	mask := uint32(len(w.Table)/w.Outputs - 1)
	for _, h := range slices.Sorted(maps.Keys(v.rows)) { // sums depend on their order
		row := v.rows[h]
		var worth []float32
		if shared {
			worth = w.Table[int(h&mask)*w.Outputs:][:w.Outputs]
		} else {
			worth = w.OwnRow(h)
		}
		for k := range worth {
			var sum float32
			for d, x := range v.table[row*v.Dims:][:v.Dims] {
				sum += float32(x * w.Dense[first+d*w.Outputs+k])
			}
			worth[k] += float32(scale * sum)
		}
	}
	w.Dense = w.Dense[:first]
}
