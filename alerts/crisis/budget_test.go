package crisis_test

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/crisis"
)

// Ordinary weeks bring fewer false pages than the budget: one in ten weeks of a
// brand at most.
func TestFalsePages(t *testing.T) {
	seeds := uint64(1)
	if os.Getenv("EARSHOT_LONG") != "" {
		seeds = 40
	} else {
		t.Log("one seed of each brand: set EARSHOT_LONG=1 for forty")
	}
	weeks, paged := 0, 0
	for seed := range seeds {
		for _, s := range []script{
			{hourly: 1, negative: 0.3, weeks: 3},
			{hourly: 8, negative: 0.2, weeks: 3},
			{hourly: 40, negative: 0.35, weeks: 2},
			{hourly: 150, negative: 0.6, weeks: 2},
		} {
			states, _ := pages(s.watch(crisis.NewWatch(crisis.Config{}, "lego", ""), s.play(seed)))
			weeks += s.weeks
			if len(states) > 0 {
				paged++
				t.Logf("seed %d, %.0f an hour, %.0f %% negative: %v", seed, s.hourly, 100*s.negative, states)
			}
		}
	}
	t.Logf("%d false alarms in %d weeks", paged, weeks)
	if 10*paged > weeks {
		t.Errorf("%d false alarms in %d ordinary weeks, want one in ten at most", paged, weeks)
	}
}

// Real bursts, of companies' names on Twitter, with complaints in their usual share
// are no crisis, and tell PR of something in one week of five at most.
func TestRealBursts(t *testing.T) {
	all := readNAB(t)
	if os.Getenv("EARSHOT_LONG") == "" {
		t.Log("the smallest series only: set EARSHOT_LONG=1 for all")
		all = slices.DeleteFunc(all, func(s series) bool { return s.name != "PFE" })
	}
	weeks, paged := 0.0, 0
	for _, s := range all {
		r := rand.New(rand.NewPCG(1, 1))
		w := crisis.NewWatch(crisis.Config{}, s.name, "")
		w.Advance(s.buckets[0].From)
		number := 0
		var told []crisis.Transition
		for _, bucket := range s.buckets {
			for range int(bucket.Count) {
				number++
				key := strconv.Itoa(number)
				w.Hear(crisis.Seen{
					Key: key, Author: key, ID: key, Network: everywhere[r.IntN(len(everywhere))], At: bucket.From, Negative: r.IntN(5) == 0,
				})
			}
			told = append(told, w.Advance(bucket.From.Add(5*time.Minute))...)
		}
		states, _ := pages(told)
		t.Logf("%s: %d mentions, PR was told %v", s.name, number, states)
		weeks += float64(len(s.buckets)) * 5 / (7 * 24 * 60)
		for _, state := range states {
			if state == earshot.InCrisis {
				t.Errorf("%s: ordinary complaints are a crisis", s.name)
			}
			if state == earshot.Elevated {
				paged++
			}
		}
	}
	t.Logf("%d elevated states in %.0f weeks", paged, weeks)
	if float64(paged) > weeks/5 {
		t.Errorf("%d elevated states in %.0f weeks, want one in five at most", paged, weeks)
	}
}
