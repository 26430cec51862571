package crisis_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"earshot/alerts/crisis"
)

// series is one file of the Numenta Anomaly Benchmark.
type series struct {
	name    string
	buckets []crisis.Bucket
	windows [][2]int // first and last bucket of what was labelled
}

// probation is how many buckets are not scored.
func (s series) probation() int {
	return int(math.Min(math.Floor(0.15*float64(len(s.buckets))), 0.15*5000))
}

// weeks is how long the part is that is scored.
func (s series) weeks() float64 {
	return float64(len(s.buckets)-s.probation()) * 5 / (7 * 24 * 60)
}

// sigmoid is NAB's: near 1 at -1, the beginning of a window, 0 at its end, near -1
// a window's length after it.
func sigmoid(position float64) float64 {
	if position >= 3 {
		return -1
	}
	return 2/(1+math.Exp(5*position)) - 1
}

// nab scores alarms by NAB's standard profile (an alarm in a window 1 at most, a
// window without one -1, an alarm elsewhere -0.11 at most), as its sweeper.py does.
func nab(s series, alarms []int) (score float64, falseAlarms, found int) {
	best := make([]float64, len(s.windows))
	for i := range best {
		best[i] = -1
	}
	for _, alarm := range alarms {
		if alarm < s.probation() {
			continue
		}
		in, position := -1, 3.0
		for i, window := range s.windows {
			switch {
			case alarm >= window[0] && alarm <= window[1]:
				in = i
				position = -float64(window[1]-alarm+1) / float64(window[1]-window[0]+1)
			case alarm > window[1]:
				position = float64(alarm-window[1]) / float64(window[1]-window[0])
			}
		}
		if in < 0 {
			falseAlarms++
			score += 0.11 * sigmoid(position)
			continue
		}
		best[in] = max(best[in], sigmoid(position)/sigmoid(-1))
	}
	for _, points := range best {
		score += points
		if points > -1 {
			found++
		}
	}
	return score, falseAlarms, found
}

// normal puts a score on NAB's scale: 0 for a detector that never speaks, 100 for
// one that speaks at the beginning of each window.
func normal(score float64, windows int) float64 {
	return 100 * (score + float64(windows)) / (2 * float64(windows))
}

// The scoring gives what NAB's definition says.
func TestNABScoring(t *testing.T) {
	s := series{buckets: make([]crisis.Bucket, 6000), windows: [][2]int{{1000, 1099}, {3000, 3099}}}
	for _, test := range []struct {
		name   string
		alarms []int
		want   float64
	}{
		{"never speaks", nil, 0},
		{"speaks at once", []int{1000, 3000}, 100},
		{"speaks in one window", []int{1000}, 50},
		{"speaks in the middle", []int{1050, 3050}, 92.99},
		{"in probation", []int{10, 749}, 0},
		{"before any window", []int{800}, -2.75},
		{"long after a window", []int{2500}, -2.75},
		{"right after a window", []int{1100}, -0.07},
	} {
		score, _, _ := nab(s, test.alarms)
		if got := normal(score, 2); math.Abs(got-test.want) > 0.01 {
			t.Errorf("%s: %.2f, want %.2f", test.name, got, test.want)
		}
	}
}

// The detector finds what people labelled in half of NAB's realTweets.
func TestNAB(t *testing.T) {
	all := readNAB(t)
	readings := make([][]crisis.Reading, len(all))
	score, windows := 0.0, 0
	for k, s := range all {
		readings[k] = crisis.Detect(s.buckets)
		var raised []int
		for i, reading := range readings[k] {
			if reading.Alarm {
				raised = append(raised, i)
			}
		}
		raw, falseAlarms, found := nab(s, raised)
		score += raw
		windows += len(s.windows)
		t.Logf("%s: score %.1f, found %d of %d, %d false alarms in %.1f weeks",
			s.name, normal(raw, len(s.windows)), found, len(s.windows), falseAlarms, s.weeks())
		if float64(falseAlarms) > s.weeks() {
			t.Errorf("%s: %d false alarms are more than one a week", s.name, falseAlarms)
		}
	}
	t.Logf("all: %.1f", normal(score, windows))
	if got := normal(score, windows); got < 80 {
		t.Errorf("scored %.1f on NAB, want 80", got)
	}
	thresholds(t, all, readings, windows)
}

// thresholds logs what other thresholds would have scored, and what is scored on
// each series by the threshold that is best on the other four.
func thresholds(t *testing.T, all []series, readings [][]crisis.Reading, windows int) {
	t.Helper()
	best, bestRaw := make([]float64, len(all)), make([]float64, len(all))
	for threshold := 4.0; threshold <= 10; threshold += 0.5 {
		raws, sum, most := make([]float64, len(all)), 0.0, 0
		for k, s := range all {
			raw, falseAlarms, _ := nab(s, alarms(readings[k], threshold))
			raws[k] = raw
			sum += raw
			most = max(most, falseAlarms)
		}
		t.Logf("threshold %.1f: %.1f, at most %d false alarms in a series", threshold, normal(sum, windows), most)
		for k, raw := range raws {
			if others := sum - raw + 1000; others > best[k] {
				best[k], bestRaw[k] = others, raw
			}
		}
	}
	sum := 0.0
	for _, raw := range bestRaw {
		sum += raw
	}
	t.Logf("threshold chosen on the other four series: %.1f", normal(sum, windows))
}

// alarms are where a threshold would raise alarms, by the rules of the detector.
func alarms(readings []crisis.Reading, threshold float64) []int {
	var found []int
	var last time.Time
	peak := 0.0
	for i, r := range readings {
		since := r.At.Sub(last)
		switch {
		case !last.IsZero() && since < 24*time.Hour:
			peak = max(peak, r.Surprise)
		case r.Surprise >= threshold && (last.IsZero() || r.Surprise >= peak*math.Exp(-since.Hours()/96)):
			found = append(found, i)
			last, peak = r.At, r.Surprise
		}
	}
	return found
}

func readNAB(t testing.TB) []series {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "nab")
	text, err := os.ReadFile(filepath.Join(dir, "windows.json"))
	if err != nil {
		t.Skipf("no labelled series here (%v): docs/quality.md tells where they are from", err)
	}
	var labels map[string][][2]string
	if err := json.Unmarshal(text, &labels); err != nil {
		t.Fatal(err)
	}
	var all []series
	for _, company := range []string{"AAPL", "CRM", "FB", "IBM", "PFE"} {
		name := "Twitter_volume_" + company + ".csv"
		s, err := readSeries(filepath.Join(dir, name), labels[name])
		if err != nil {
			t.Fatal(err)
		}
		s.name = company
		all = append(all, s)
	}
	return all
}

func readSeries(path string, windows [][2]string) (series, error) {
	file, err := os.Open(path)
	if err != nil {
		return series{}, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return series{}, err
	}
	var s series
	at := map[string]int{}
	for i, row := range rows[1:] {
		from, err := time.Parse(time.DateTime, row[0])
		if err != nil {
			return series{}, err
		}
		count, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return series{}, err
		}
		at[row[0]] = i
		s.buckets = append(s.buckets, crisis.Bucket{From: from, Count: count})
	}
	for _, window := range windows {
		first, begins := at[window[0][:len(time.DateTime)]]
		last, ends := at[window[1][:len(time.DateTime)]]
		if !begins || !ends {
			return series{}, fmt.Errorf("reading labels of %s: no bucket at %v", path, window)
		}
		s.windows = append(s.windows, [2]int{first, last})
	}
	return s, nil
}
