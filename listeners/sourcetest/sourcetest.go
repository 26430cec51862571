// Package sourcetest holds the promises every source keeps, as one suite that
// each driver runs against a stand-in of its network: heard once and oldest
// first, resumed after a cursor, not moved on after a failed Emit, stopped
// promptly, nothing left running. What a driver makes of a post is tested in the
// driver.
package sourcetest

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"earshot/listeners"
)

// Harness is what a driver brings to the suite.
type Harness struct {
	New        func(t *testing.T) Network // a network without posts, closed by t.Cleanup; shares nothing with earlier ones
	Cursorless bool                       // what was read cannot be read again: the source has no cursor
	Patience   time.Duration              // how long anything may take before the test fails; 0 means two minutes
}

// Network is a stand-in for one part of a network, under the test's control.
type Network struct {
	// Publish adds posts with the given plain texts, each a post of its own,
	// oldest first. Sources hear them whether they listen now or later.
	Publish func(texts ...string)
	// Open returns a new source of the part, as after a restart of the process.
	Open func() listeners.Source
	// Stall makes the network hang: it takes requests but neither answers nor
	// hangs up. The channel is closed once somebody waits for an answer. nil if
	// the network cannot hang.
	Stall func() <-chan struct{}
}

// Run checks every promise. It looks for goroutines left behind, so the test
// that calls it must not run in parallel with others.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.Patience == 0 {
		h.Patience = 2 * time.Minute
	}
	promises := []struct {
		name  string
		check func(*suite)
		needs func(Harness) bool
	}{
		{"hears each post once and oldest first", (*suite).hearsInOrder, always},
		{"resumes after its cursor", (*suite).resumes, hasCursor},
		{"hears what was posted while nobody listened", (*suite).hearsWhatItMissed, hasCursor},
		{"does not move on after a failed emit", (*suite).survivesEmitErrors, always},
		{"hears again with a new source after a failed emit", (*suite).restartsAfterEmitErrors, hasCursor},
		{"stops promptly when idle", (*suite).stopsWhenIdle, always},
		{"stops promptly in the middle of an emit", (*suite).stopsInEmit, always},
		{"stops promptly while the network hangs", (*suite).stopsWhileStalled, always},
		{"does not listen when it is over already", (*suite).neverStarts, always},
		{"takes a foreign cursor for a beginning or an error", (*suite).foreignCursor, hasCursor},
		{"survives a damaged cursor", (*suite).damagedCursor, hasCursor},
	}
	for _, p := range promises {
		if !p.needs(h) {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			running := goleak.IgnoreCurrent()
			// The inner test closes the network before goroutines are counted.
			t.Run("network", func(t *testing.T) {
				p.check(&suite{T: t, Harness: h, network: h.New(t)})
			})
			goleak.VerifyNone(t, running)
		})
	}
}

func always(Harness) bool { return true }

func hasCursor(h Harness) bool { return !h.Cursorless }
