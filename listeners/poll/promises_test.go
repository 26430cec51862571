package poll_test

import (
	"testing"

	"earshot/listeners"
	"earshot/listeners/poll/polltest"
	"earshot/listeners/sourcetest"
)

// The poll source keeps the promises of every source, whichever way a network
// lists its posts.
func TestPromises(t *testing.T) {
	for name, o := range map[string]polltest.Options{
		"newest first": {PerPage: 4}, "oldest first": {PerPage: 4, Oldest: true},
	} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
				s := network(t, o)
				text := section(t, s, "every: 5ms")
				return sourcetest.Network{
					Publish: s.Publish,
					Open:    func() listeners.Source { return try(t, text).parts[0].Source },
					Stall:   s.Stall,
				}
			}})
		})
	}
}
