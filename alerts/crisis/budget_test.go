package crisis_test

import (
	"os"
	"testing"

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
