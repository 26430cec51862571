package learn

import "math"

const (
	rounds  = 80   // at most
	enough  = 1e-5 // share of the loss that a round must save to be followed by another
	memory  = 8    // rounds that tell how the slope bends
	halving = 20   // tries to find a step that goes down
)

// bend is a step that was taken and how it changed the slope.
type bend struct {
	step, change []float64
	scale        float64 // 1 / step·change
}

// minimise goes down a smooth convex function from x on (L-BFGS; Liu, Nocedal 1989)
// and returns where it came to. f returns the value and fills the slope.
func minimise(x []float64, f func(x, slope []float64) float64) []float64 {
	slope := make([]float64, len(x))
	value := f(x, slope)
	var bends []bend
	for range rounds {
		way := direction(slope, bends)
		next, nextSlope := make([]float64, len(x)), make([]float64, len(x))
		nextValue, ok := descend(x, way, value, dot(way, slope), f, next, nextSlope)
		if !ok {
			break
		}
		b := bend{minus(next, x), minus(nextSlope, slope), 0}
		if along := dot(b.step, b.change); along > 1e-10 {
			b.scale = 1 / along
			bends = append(bends[max(len(bends)+1-memory, 0):], b)
		}
		saved := value - nextValue
		x, slope, value = next, nextSlope, nextValue
		if saved < enough*math.Abs(value) {
			break
		}
	}
	return x
}

// direction is the way down that the slope and its last bends suggest.
func direction(slope []float64, bends []bend) []float64 {
	way := make([]float64, len(slope))
	for i, v := range slope {
		way[i] = -v
	}
	if len(bends) == 0 {
		scale(way, 1/max(1, math.Sqrt(dot(slope, slope))))
		return way
	}
	shares := make([]float64, len(bends))
	for k := len(bends) - 1; k >= 0; k-- {
		shares[k] = float64(bends[k].scale * dot(bends[k].step, way))
		add(way, bends[k].change, -shares[k])
	}
	last := &bends[len(bends)-1]
	scale(way, 1/(last.scale*dot(last.change, last.change)))
	for k := range bends {
		add(way, bends[k].step, shares[k]-float64(bends[k].scale*dot(bends[k].change, way)))
	}
	return way
}

// descend halves the step until it goes down as far as the slope promises.
func descend(x, way []float64, value, along float64, f func(x, slope []float64) float64, next, slope []float64) (float64, bool) {
	step := 1.0
	for range halving {
		copy(next, x)
		add(next, way, step)
		if v := f(next, slope); v <= value+float64(1e-4*step*along) {
			return v, true
		}
		step /= 2
	}
	return value, false
}

func add(to, from []float64, times float64) {
	for i, v := range from {
		to[i] += float64(v * times)
	}
}

func scale(x []float64, by float64) {
	for i := range x {
		x[i] *= by
	}
}

func minus(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i, v := range a {
		out[i] = v - b[i]
	}
	return out
}
