package crisis

import (
	"math"
	"time"
)

// Bounds of the detector: docs/quality.md tells how they were chosen.
const (
	step      = 5 * time.Minute
	steps     = int(time.Hour / step)
	tooMany   = 7              // powers of ten: how unlikely by habit an alarm must be
	soon      = 24 * time.Hour // no second alarm within
	forgets   = 4 * 24 * time.Hour
	usualBusy = 10 // an hour of which fewer are usual is treated as if so many were
)

// Bucket is what five minutes brought.
type Bucket struct {
	From  time.Time
	Count float64
}

// Reading is what the detector thinks of the hour that ends with a bucket.
type Reading struct {
	At       time.Time // the end of the hour
	Seen     float64
	Expected float64 // by habit
	Surprise float64 // powers of ten: how unlikely it is by habit to see so many or more; 0 while nothing is known
	Needed   float64 // what it takes for an alarm, more for some days after one
	Alarm    bool
}

// Detect reads a series of buckets, the oldest first, and says of each hour
// whether it brought far more than usual at such an hour. It learns as it goes: a
// reading depends on the buckets before it and on nothing else. Missing buckets
// are no zeros.
func Detect(buckets []Bucket) []Reading {
	readings := make([]Reading, 0, len(buckets))
	var (
		usual  habit
		alarms alarmist
		hour   time.Time
		counts []float64 // of this hour
		sum    float64
	)
	for i, bucket := range buckets {
		if began := bucket.From.Truncate(time.Hour); !began.Equal(hour) {
			if len(counts) >= steps*3/4 {
				usual.learn(hour, total(counts)*float64(steps)/float64(len(counts)))
			}
			hour, counts = began, counts[:0]
		}
		counts = append(counts, bucket.Count)
		sum += bucket.Count
		if i >= steps {
			sum -= buckets[i-steps].Count
		}
		at := bucket.From.Add(step)
		reading := Reading{At: at, Seen: sum, Expected: usual.expect(at.Add(-time.Hour))}
		if usual.known() {
			reading.Surprise = surprise(sum, max(reading.Expected, usualBusy), usual.size())
		}
		reading.Needed = alarms.needed(at)
		reading.Alarm = alarms.hear(at, reading.Surprise)
		readings = append(readings, reading)
	}
	return readings
}

func total(counts []float64) float64 {
	sum := 0.0
	for _, count := range counts {
		sum += count
	}
	return sum
}

// alarmist decides which readings are alarms. After an alarm it is silent for a
// day, and for some days only what is more unlikely than the last one, less with
// each day, is an alarm again. Its fields are exported for gob only.
type alarmist struct {
	Last time.Time
	Peak float64
}

func (a *alarmist) needed(at time.Time) float64 {
	if a.Last.IsZero() {
		return tooMany
	}
	return max(tooMany, a.Peak*math.Exp(-float64(at.Sub(a.Last))/float64(forgets)))
}

func (a *alarmist) hear(at time.Time, surprise float64) bool {
	if !a.Last.IsZero() && at.Sub(a.Last) < soon {
		a.Peak = max(a.Peak, surprise)
		return false
	}
	if surprise < a.needed(at) {
		return false
	}
	a.Last, a.Peak = at, surprise
	return true
}

// surprise is how unlikely n or more are, in powers of ten: 3 is one in a thousand.
// They are counted as a negative binomial with a mean and a size, as posts come in
// bursts, which a Poisson distribution would not expect. What is no more than the
// mean is no surprise.
func surprise(n, mean, size float64) float64 {
	if n <= mean {
		return 0
	}
	n = math.Ceil(n)
	p := size / (size + mean)
	choose, _ := math.Lgamma(n + size)
	ways, _ := math.Lgamma(n + 1)
	gamma, _ := math.Lgamma(size)
	first := choose - ways - gamma + size*math.Log(p) + n*math.Log1p(-p)
	sum, term := 0.0, 1.0
	for k := n; term > 1e-6*sum && k < n+2000; k++ {
		sum += term
		term *= (k + size) / (k + 1) * (1 - p)
	}
	return max(0, -(first+math.Log(sum))/math.Ln10)
}
