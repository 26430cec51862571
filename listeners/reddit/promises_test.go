package reddit

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"earshot/listeners"
	"earshot/listeners/reddit/reddittest"
	"earshot/listeners/sourcetest"
)

// A subreddit heard by the API keeps the promises of every source.
func TestPromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network { return newNetwork(t, true) }})
}

// So does one that is heard by its feed.
func TestPromisesOfFeeds(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network { return newNetwork(t, false) }})
}

func newNetwork(t *testing.T, authorised bool) sourcetest.Network {
	t.Helper()
	server := reddittest.New()
	t.Cleanup(server.Close)
	return sourcetest.Network{
		Publish: server.Publish,
		Stall:   server.Stall,
		Open: func() listeners.Source {
			s := newSource(t, server)
			if !authorised {
				s.account.config.ClientID = ""
				s.account.feedPace = rate.NewLimiter(rate.Every(time.Millisecond), 1)
			}
			return s
		},
	}
}

// newSource is the new posts of the stand-in's subreddit.
func newSource(t *testing.T, server *reddittest.Server) *source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(reddittest.Secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	config := Config{
		Subreddits: []string{reddittest.Subreddit}, ClientID: reddittest.ClientID, SecretFile: file, Server: server.URL,
		UserAgent: "linux:earshot:v1 (by /u/ida_holm)",
	}
	return &source{
		timeline: config.timelines(nil)[0], every: 5 * time.Millisecond, log: zap.NewNop(),
		account: newAccount(config, &http.Client{Transport: transport}),
	}
}
