package mastodon_test

import (
	"testing"

	"earshot/listeners"
	"earshot/listeners/mastodon"
	"earshot/listeners/mastodon/mastodontest"
	"earshot/listeners/sourcetest"
)

func TestStreamKeepsThePromises(t *testing.T) {
	promises(t, mastodontest.Options{}, config)
}

// So does a server without a stream, with other IDs and without Link headers.
func TestPollingKeepsThePromises(t *testing.T) {
	promises(t, mastodontest.Options{ULID: true, NoLink: true, Shuffle: true}, polling)
}

func promises(t *testing.T, o mastodontest.Options, config func(testing.TB, *mastodontest.Server) mastodon.Config) {
	t.Helper()
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		server := start(t, o)
		return sourcetest.Network{
			Publish: server.Publish,
			Stall:   server.Stall,
			Open:    func() listeners.Source { return source(t, config(t, server)) },
		}
	}})
}
