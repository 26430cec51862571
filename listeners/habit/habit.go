// Package habit learns how much is usually heard at an hour of the week and tells
// when it is clearly less. It counts and compares; what is counted and who is told
// is in listeners. It is pure: times are handed in.
package habit

import (
	"math"
	"slices"
	"time"
)

// Weeks is how many weeks a habit looks back.
const Weeks = 5

const hours = 7 * 24

// Habit is how much was heard in past hours, by hour of the week in UTC. The zero
// value knows nothing. It is not for concurrent use.
type Habit struct {
	// Past holds the counts of the last weeks, the newest last.
	Past [hours][]int `json:"past"`
}

func hourOf(at time.Time) int {
	at = at.UTC()
	return int(at.Weekday())*24 + at.Hour()
}

// Learn adds a whole hour, named by any time in it. Hours in which nobody counted,
// or in which it was silent, are not to be learnt.
func (h *Habit) Learn(at time.Time, count int) {
	past := &h.Past[hourOf(at)]
	*past = append(*past, count)
	if len(*past) > Weeks {
		*past = slices.Clone((*past)[len(*past)-Weeks:])
	}
}

// Expect returns how much is usual in the hour of a time: the middle of what this
// hour of the week and its neighbours brought. Before it has seen the hour in two
// weeks it goes by the hour of the day, which takes three days; earlier it knows
// nothing.
func (h *Habit) Expect(at time.Time) (count float64, known bool) {
	hour := hourOf(at)
	if len(h.Past[hour]) >= 2 {
		sum, weight := 0.0, 0.0
		for offset, share := range [...]float64{1, 2, 1} {
			if past := h.Past[(hour+offset-1+hours)%hours]; len(past) > 0 {
				sum += share * middle(past)
				weight += share
			}
		}
		return sum / weight, true
	}
	var days []int
	for day := range 7 {
		days = append(days, h.Past[day*24+hour%24]...)
	}
	if len(days) < 3 {
		return 0, false
	}
	return middle(days), true
}

// middle is the median: one festival, or one outage, does not move it.
func middle(counts []int) float64 {
	sorted := slices.Sorted(slices.Values(counts))
	n := len(sorted)
	return float64(sorted[(n-1)/2]+sorted[n/2]) / 2
}

// Hour is what was heard in a stretch of time that is no longer than an hour.
type Hour struct {
	Start time.Time
	Long  time.Duration // how much of it was counted
	Count int
}

// Bounds of what is told from what.
const (
	enough    = 10.0 // what must be expected before anything is said
	plenty    = 30.0 // what is looked back for
	clearly   = 0.2  // of what is expected: less is silence
	unlikely  = 1e-3 // how seldom so little may come about by chance
	scatter   = 4.0  // how regular the hours are: size of the negative binomial
	recovered = 0.5  // of what is expected: more is no silence any more
)

// Silent reports whether clearly less was heard than usual. recent is what was
// heard lately, the newest first; as much of it is looked at as usually brings
// thirty posts, up to a day. Where fewer than ten are usual in all that time it
// says nothing: such a listener needs a bound.
func (h *Habit) Silent(recent []Hour) (silent bool, heard int, expected float64) {
	for _, hour := range recent {
		usual, known := h.Expect(hour.Start)
		if !known {
			break
		}
		heard += hour.Count
		expected += usual * hour.Long.Hours()
		if expected >= plenty {
			break
		}
	}
	silent = expected >= enough && float64(heard) <= clearly*expected && atMost(heard, expected) < unlikely
	return silent, heard, expected
}

// Recovered reports whether what was heard since a silence is as much as usual
// again. Half of it is, once it is anything at all.
func (h *Habit) Recovered(recent Hour) bool {
	usual, known := h.Expect(recent.Start)
	return recent.Count > 0 && (!known || float64(recent.Count) >= recovered*usual*recent.Long.Hours())
}

// atMost is the probability of a negative binomial with the given mean to be n or
// less: posts come in bursts, which a Poisson distribution would not expect.
func atMost(n int, mean float64) float64 {
	p := scatter / (scatter + mean)
	sum := 0.0
	for k := range n + 1 {
		choose, _ := math.Lgamma(float64(k) + scatter)
		ways, _ := math.Lgamma(float64(k) + 1)
		size, _ := math.Lgamma(scatter)
		sum += math.Exp(choose - ways - size + scatter*math.Log(p) + float64(k)*math.Log(1-p))
	}
	return min(sum, 1)
}
