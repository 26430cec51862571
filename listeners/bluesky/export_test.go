package bluesky

import (
	"time"

	"earshot/listeners"
)

// Hurry makes a source lose patience in a fraction of a second.
func Hurry(s listeners.Source) {
	if s, ok := s.(*source); ok {
		s.quiet, s.sweepEvery = 300*time.Millisecond, 300*time.Millisecond
	}
}
