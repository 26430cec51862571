package crisis

import (
	"math"
	"slices"
	"time"

	"earshot/alerts/duty"
)

// Sizes of a habit.
const (
	cells     = 48      // hours of the day, on days of work and on days off
	remembers = 10      // hours that a cell looks back on: two weeks of work, five weekends
	residuals = 14 * 24 // hours by which it is known how far hours stray from habit
	softness  = 10      // added to counts before they are compared: two against one is no doubling
	minKnown  = 24      // hours before anything can be said at all
)

// habit is how much is usual at an hour of the day, on days of work and on
// days off: weekends and holidays. It goes by medians of hours, and so by no single hour: what happens
// once, were it a crisis, is no habit. Its fields are exported for gob only.
type habit struct {
	Past  [cells][]float32
	Stray []float32 // how far the last hours strayed, as logarithms
	Hours int       // learnt

	usual  [cells]float64 // expected, by cell; filled by refresh
	scale  float64        // size of the negative binomial
	filled bool
	days   *duty.Workdays // where the brand's people are; nil for UTC
}

// cellOf is the cell of the hour, of those that begin with the hours of UTC, that a
// moment is in.
func (h *habit) cellOf(at time.Time) int {
	shown, works := h.days.At(at.Truncate(time.Hour))
	if works {
		return shown.Hour()
	}
	return shown.Hour() + cells/2
}

// move has what was learnt hold in a place whose clocks show so many hours more.
func (h *habit) move(hours int) {
	const half = cells / 2
	past := h.Past
	for cell := range past {
		kind, hour := cell/half*half, cell%half
		h.Past[kind+((hour+hours)%half+half)%half] = past[cell]
	}
	h.filled = false
}

// learn adds what a whole hour brought.
func (h *habit) learn(at time.Time, count float64) {
	h.refresh()
	cell := h.cellOf(at)
	if h.Hours >= minKnown {
		stray := math.Log((count + softness) / (h.usual[cell] + softness))
		h.Stray = lately(append(h.Stray, float32(stray)), residuals)
	}
	h.Past[cell] = lately(append(h.Past[cell], float32(count)), remembers)
	h.Hours++
	h.filled = false
}

// lately is the end of a list, at most so long.
func lately(list []float32, long int) []float32 {
	if len(list) <= long {
		return list
	}
	return slices.Delete(list, 0, len(list)-long)
}

func (h *habit) known() bool { return h.Hours >= minKnown }

// expect is how much an hour brings that begins at a time, which need not be a
// full hour.
func (h *habit) expect(from time.Time) float64 {
	h.refresh()
	part := float64(from.Minute())/60 + float64(from.Second())/3600
	return h.usual[h.cellOf(from)]*(1-part) + h.usual[h.cellOf(from.Add(time.Hour))]*part
}

// size tells how regular the hours are: the size of a negative binomial, large for
// hours that stray no further than chance would have it.
func (h *habit) size() float64 {
	h.refresh()
	return h.scale
}

// refresh computes what is asked often from what was learnt.
func (h *habit) refresh() {
	if h.filled {
		return
	}
	pool := make([]float32, 0, 4*remembers)
	mean := 0.0
	for cell := range cells {
		pool = h.pool(pool[:0], cell)
		h.usual[cell] = median(pool)
		mean += h.usual[cell] / cells
	}
	h.scale = 1
	if len(h.Stray) >= minKnown {
		middle := median(append(pool[:0], h.Stray...))
		away := make([]float32, len(h.Stray))
		for i, stray := range h.Stray {
			away[i] = float32(math.Abs(float64(stray) - middle))
		}
		spread := 1.4826 * median(away)                       // the standard deviation, were they normal
		h.scale = 1 / max(1e-3, spread*spread-1/max(1, mean)) // what is more than chance
	}
	h.filled = true
}

// pool gathers the hours that tell what is usual in a cell: its own, those before
// and after it, and as long as it knows hardly any, those of the other kind of day;
// in the first days everything.
func (h *habit) pool(pool []float32, cell int) []float32 {
	const half = cells / 2
	kind, hour := cell/half*half, cell%half
	for _, beside := range [...]int{0, 1, half - 1} {
		pool = append(pool, h.Past[kind+(hour+beside)%half]...)
	}
	if len(h.Past[cell]) < 2 {
		pool = append(pool, h.Past[(cell+half)%cells]...)
	}
	if len(pool) == 0 {
		for _, past := range h.Past {
			pool = append(pool, past...)
		}
	}
	return pool
}

// median is the middle of the numbers, which it sorts; 0 without any.
func median(numbers []float32) float64 {
	n := len(numbers)
	if n == 0 {
		return 0
	}
	slices.Sort(numbers)
	return (float64(numbers[(n-1)/2]) + float64(numbers[n/2])) / 2
}
