package crisis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"earshot/alerts/crisis"
	"earshot/alerts/duty"
)

// heardIn lets a watch hear weeks in which there is much from nine to five on days of
// work by the clocks of a zone, and little else, and returns what it expects of the
// hour that begins at a moment.
func heardIn(t *testing.T, c crisis.Config, zone string, off map[string]bool, until time.Time) float64 {
	t.Helper()
	place, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c.Authors, c.Update = 1, 5*time.Minute // so that the end of it is told
	w := crisis.NewWatch(c, "lego", "")
	from, number := until.Add(-3*7*day), 0
	w.Advance(from)
	say := func(at time.Time, negative bool) {
		number++
		key := fmt.Sprint(number)
		w.Hear(crisis.Seen{Key: key, Author: key, ID: key, Network: []string{"x", "y"}[number%2], At: at, Negative: negative})
	}
	for at := from; at.Before(until); at = at.Add(5 * time.Minute) {
		here := at.In(place)
		works := here.Weekday() != time.Saturday && here.Weekday() != time.Sunday && !off[here.Format(time.DateOnly)]
		if works && here.Hour() >= 9 && here.Hour() < 17 {
			for range 5 {
				say(at, false)
			}
		}
		if here.Minute() == 0 && here.Hour() == 3 && here.Weekday() == time.Monday {
			data, err := w.Save()
			if err != nil {
				t.Fatal(err)
			}
			if w, err = crisis.Load(c, data); err != nil {
				t.Fatal(err)
			}
		}
		w.Advance(at.Add(5 * time.Minute))
	}
	expected := -1.0
	for at := until; at.Before(until.Add(time.Hour)); at = at.Add(5 * time.Minute) {
		for range 40 {
			say(at, true)
		}
		for _, tr := range w.Advance(at.Add(5 * time.Minute)) {
			expected = tr.Evidence.Expected
		}
	}
	if expected < 0 {
		t.Fatal("nothing was told of it")
	}
	return expected
}

// Habits are of the hours and days of the place that the configuration names: also
// after the clocks were changed there, and on holidays.
func TestPlace(t *testing.T) {
	sydney, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	dublin, err := time.LoadLocation("Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, zone string
		c          crisis.Config
		at         time.Time
		off        map[string]bool
		most       float64
		least      float64
	}{
		// In Sydney Monday morning is Sunday night of UTC.
		{"by its clocks", "Australia/Sydney", crisis.Config{Timezone: "Australia/Sydney"}, time.Date(2026, 3, 16, 10, 0, 0, 0, sydney), nil, 70, 50},
		{"by UTC", "Australia/Sydney", crisis.Config{}, time.Date(2026, 3, 16, 10, 0, 0, 0, sydney), nil, 20, 0},
		// St Patrick's Day 2026 is a Tuesday.
		{"on a holiday", "Europe/Dublin", crisis.Config{Timezone: "Europe/Dublin", Holidays: duty.Holidays{Country: "ie"}}, time.Date(2026, 3, 17, 10, 0, 0, 0, dublin), map[string]bool{"2026-03-17": true}, 20, 0},
		{"on a day that is none", "Europe/Dublin", crisis.Config{Timezone: "Europe/Dublin"}, time.Date(2026, 3, 17, 10, 0, 0, 0, dublin), nil, 70, 50},
		// Summer time has begun on 29 March.
		{"in summer time", "Europe/Dublin", crisis.Config{Timezone: "Europe/Dublin"}, time.Date(2026, 3, 31, 9, 0, 0, 0, dublin), nil, 70, 25},
		{"with half hours", "Asia/Kolkata", crisis.Config{Timezone: "Asia/Kolkata"}, time.Date(2026, 3, 17, 5, 0, 0, 0, time.UTC), nil, 70, 50},
	} {
		if got := heardIn(t, test.c, test.zone, test.off, test.at.UTC()); got > test.most || got < test.least {
			t.Errorf("%s: %.0f are expected, want %.0f to %.0f", test.name, got, test.least, test.most)
		}
	}
}

// What is wrong with the place is told with its place in the file.
func TestPlaceProblems(t *testing.T) {
	c := crisis.Config{Timezone: "Europe/Atlantis", Holidays: duty.Holidays{Country: "xx", Closed: []string{"12-40"}}}
	var got []string
	for _, p := range c.Check() {
		got = append(got, p.Path)
	}
	if want := "timezone holidays.country holidays.closed[0]"; strings.Join(got, " ") != want {
		t.Errorf("problems at %v, want %s", got, want)
	}
	if problems := (crisis.Config{Timezone: "Asia/Tokyo"}).Check(); problems != nil {
		t.Error(problems)
	}
}

// A watch that learnt by one zone's clocks knows its habits by another's.
func TestPlaceChanges(t *testing.T) {
	w := crisis.NewWatch(crisis.Config{}, "lego", "")
	script{hourly: 30, negative: 0.1, weeks: 2}.watch(w, script{hourly: 30, negative: 0.1, weeks: 2}.play(1))
	data, err := w.Save()
	if err != nil {
		t.Fatal(err)
	}
	there, err := crisis.Load(crisis.Config{Timezone: "Asia/Tokyo"}, data)
	if err != nil {
		t.Fatal(err)
	}
	if data, err = there.Save(); err != nil {
		t.Fatal(err)
	}
	back, err := crisis.Load(crisis.Config{}, data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		now := monday.Add(14*day + time.Duration(i+1)*5*time.Minute)
		for n := range 40 {
			key := fmt.Sprint(i, ".", n)
			for _, one := range []*crisis.Watch{w, back} {
				one.Hear(crisis.Seen{Key: key, Author: key, ID: key, Network: []string{"x", "y"}[n%2], At: now.Add(-time.Second), Negative: true})
			}
		}
		was, is := w.Advance(now), back.Advance(now)
		if len(was) != len(is) {
			t.Fatalf("%d transitions, and %d after moving there and back", len(was), len(is))
		}
		for k := range was {
			if was[k].Evidence.Expected != is[k].Evidence.Expected {
				t.Errorf("%.1f were expected, and %.1f after moving there and back", was[k].Evidence.Expected, is[k].Evidence.Expected)
			}
		}
	}
}
