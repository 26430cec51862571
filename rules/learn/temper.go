package learn

import "math"

// Temper returns the temperature by which the logarithmic odds behind some
// probabilities must be divided to fit the labels best, from 0.5 to 4.
func Temper(examples []Example, found [][]float64) float64 {
	best, least := 1.0, math.Inf(1)
	for t := 0.5; t <= 4; t += 0.05 {
		if loss := tempered(examples, found, t); loss < least {
			best, least = t, loss
		}
	}
	return round(best)
}

// tempered is the logarithmic loss at a temperature.
func tempered(examples []Example, found [][]float64, t float64) float64 {
	loss := 0.0
	for i, p := range found {
		loss -= math.Log(max(Tempered(p, t)[examples[i].Label], 1e-12))
	}
	return loss
}

// Tempered returns the chances that some chances become at a temperature.
func Tempered(chances []float64, t float64) []float64 {
	out := make([]float64, len(chances))
	sum := 0.0
	for k, v := range chances {
		out[k] = math.Pow(max(v, 1e-12), 1/t)
		sum += out[k]
	}
	for k := range out {
		out[k] /= sum
	}
	return out
}
