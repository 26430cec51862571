package habit_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"earshot/listeners/habit"
)

// week is a busy day and a quiet night, with bursts.
func usual(at time.Time, r *rand.Rand) int {
	mean := 40.0
	if at.Hour() < 6 {
		mean = 2
	}
	if at.Weekday() == time.Sunday {
		mean /= 4
	}
	return int(mean * (0.4 + 1.2*r.Float64()))
}

func learnt(weeks int) *habit.Habit {
	h := &habit.Habit{}
	r := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	for at := start; at.Before(start.AddDate(0, 0, 7*weeks)); at = at.Add(time.Hour) {
		h.Learn(at, usual(at, r))
	}
	return h
}

func lately(end time.Time, counts ...int) []habit.Hour {
	recent := make([]habit.Hour, len(counts))
	for i, n := range counts {
		recent[i] = habit.Hour{Start: end.Add(-time.Duration(i+1) * time.Hour), Long: time.Hour, Count: n}
	}
	return recent
}

// Silence is told within the hour by day, and not at night, when little is usual.
func TestSilent(t *testing.T) {
	h := learnt(4)
	noon, dawn := time.Date(2026, 11, 4, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 4, 5, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		recent []habit.Hour
		want   bool
	}{
		"nothing by day":        {lately(noon, 0, 38), true},
		"as usual":              {lately(noon, 35, 38), false},
		"half":                  {lately(noon, 18, 20), false},
		"nothing in the night":  {lately(dawn, 0, 0, 0), false},
		"nothing all night":     {lately(noon, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), true},
		"nothing is known of":   {nil, false},
		"a quarter of an hour":  {[]habit.Hour{{Start: noon, Long: 15 * time.Minute}}, false},
		"a burst and then none": {lately(noon, 0, 400), true},
	} {
		if got, heard, expected := h.Silent(tt.recent); got != tt.want {
			t.Errorf("%s: silent %t, heard %d of %.1f", name, got, heard, expected)
		}
	}
	if silent, _, _ := (&habit.Habit{}).Silent(lately(noon, 0, 0, 0)); silent {
		t.Error("silent without a habit")
	}
}

// A month of ordinary weeks raises nothing.
func TestNoFalseSilence(t *testing.T) {
	h := learnt(4)
	r := rand.New(rand.NewPCG(3, 4))
	start := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	var recent []habit.Hour
	for at := start; at.Before(start.AddDate(0, 0, 28)); at = at.Add(time.Hour) {
		n := usual(at, r)
		recent = append([]habit.Hour{{Start: at, Long: time.Hour, Count: n}}, recent[:min(len(recent), 23)]...)
		if silent, heard, expected := h.Silent(recent); silent {
			t.Errorf("%s is silent: %d of %.1f", at, heard, expected)
		}
		h.Learn(at, n)
	}
}

// The first days know nothing, then the hour of the day is enough; an old habit
// gives way to a new one.
func TestColdStart(t *testing.T) {
	h := &habit.Habit{}
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for day := range 3 {
		if _, known := h.Expect(at); known {
			t.Errorf("known after %d days", day)
		}
		h.Learn(at.AddDate(0, 0, day), 10)
	}
	if n, known := h.Expect(at.AddDate(0, 0, 5)); !known || n != 10 {
		t.Errorf("Expect = %v %t", n, known)
	}
	for week := range 8 {
		h.Learn(at.AddDate(0, 0, 7*week), 100)
	}
	if n, _ := h.Expect(at); n != 100 {
		t.Errorf("Expect = %v", n)
	}
	if !h.Recovered(habit.Hour{Start: at, Long: 30 * time.Minute, Count: 30}) || h.Recovered(habit.Hour{Start: at, Long: 30 * time.Minute, Count: 5}) {
		t.Error("recovered at the wrong count")
	}
}
