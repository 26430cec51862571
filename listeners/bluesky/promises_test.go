package bluesky_test

import (
	"testing"

	"earshot/listeners"
	"earshot/listeners/bluesky"
	"earshot/listeners/bluesky/blueskytest"
	"earshot/listeners/sourcetest"
)

func TestBlueskyKeepsThePromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		server := blueskytest.New()
		t.Cleanup(server.Close)
		return network(t, server)
	}})
}

// The same holds of instances that do not number what they say.
func TestLegacyKeepsThePromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		server := blueskytest.NewNetwork().Serve(blueskytest.Options{Legacy: true, Plain: true})
		t.Cleanup(server.Close)
		return network(t, server)
	}})
}

func network(t *testing.T, server *blueskytest.Server) sourcetest.Network {
	return sourcetest.Network{
		Publish: server.Publish,
		Stall:   server.Stall,
		Open: func() listeners.Source {
			return source(t, bluesky.Config{Servers: []string{server.URL()}})
		},
	}
}
