package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is a value and the range that holds it in 19 of 20 samples.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Bootstrap measures the cases and, to tell how much chance there is in the
// value, as many samples drawn from them with replacement. The same cases give
// the same interval.
func Bootstrap(cases []Case, samples int, measure func([]Case) float64) Interval {
	random := rand.New(rand.NewPCG(1, uint64(len(cases))))
	sample := make([]Case, len(cases))
	var values []float64
	for range samples {
		for i := range sample {
			sample[i] = cases[random.IntN(len(cases))]
		}
		if v := measure(sample); !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	in := Interval{Value: measure(cases)}
	in.Low, in.High = in.Value, in.Value
	if len(values) > 0 {
		slices.Sort(values)
		in.Low = values[len(values)*25/1000]
		in.High = values[min(len(values)*975/1000, len(values)-1)]
	}
	return in
}
