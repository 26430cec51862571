package x

import (
	"testing"

	"earshot/listeners"
	"earshot/listeners/sourcetest"
	"earshot/listeners/x/xtest"
)

// The keyword search keeps the promises of every source.
func TestPromisesOfSearch(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: standIn(xtest.Options{}, func(f *fixture) listeners.Source { return f.search("sourcetest") })})
}

// So do the mentions of an account, in the old names.
func TestPromisesOfMentions(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		n := standIn(xtest.Options{OldNames: true}, func(f *fixture) listeners.Source { return f.mentions() })(t)
		return n
	}})
}

// So does the stream.
func TestPromisesOfStream(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: standIn(xtest.Options{}, func(f *fixture) listeners.Source { return f.stream("sourcetest") })})
}

func standIn(o xtest.Options, open func(*fixture) listeners.Source) func(*testing.T) sourcetest.Network {
	return func(t *testing.T) sourcetest.Network {
		t.Helper()
		server := xtest.NewWith(o)
		t.Cleanup(server.Close)
		f := newFixture(t, server, nil)
		return sourcetest.Network{
			Publish: func(texts ...string) {
				for _, text := range texts {
					server.Post(xtest.Post{Text: text, Mentions: true})
				}
			},
			Stall: server.Stall,
			Open: func() listeners.Source {
				again := newFixture(t, server, nil)
				again.setup.Tally = f.setup.Tally
				return open(again)
			},
		}
	}
}
