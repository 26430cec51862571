package youtube

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/sourcetest"
	"earshot/listeners/youtube/youtubetest"
)

// The comments below a video keep the promises of every source. The video itself
// is heard too, before them; the suite does not know of it.
func TestPromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		t.Helper()
		server := youtubetest.New()
		t.Cleanup(server.Close)
		return sourcetest.Network{
			Publish: server.Publish,
			Stall:   server.Stall,
			Open:    func() listeners.Source { return newSource(t, server, fixed{threads{Video: youtubetest.Video}}) },
		}
	}})
}

// fixed finds what it was told.
type fixed struct{ threads }

func (f fixed) find(_ context.Context, _ *api, st *state) ([]post, error) {
	if len(st.Threads) == 0 {
		st.Threads = []threads{f.threads}
	}
	return nil, nil
}

// newSource is a part at the stand-in.
func newSource(t *testing.T, server *youtubetest.Server, find finder) *source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(youtubetest.Key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	config := defaults()
	config.KeyFile, config.Server, config.Budget.Day, config.Searches = file, server.URL, 0, 0
	_, searches := find.(searchFinder)
	return &source{
		part: "test", find: find, every: 5 * time.Millisecond, log: zap.NewNop(),
		api: newAPI(config, listeners.Setup{Name: "test", Client: &http.Client{Transport: transport}, Tally: &tally{}, Log: zap.NewNop()}, searches),
	}
}

// tally keeps records in memory.
type tally struct {
	mu      sync.Mutex
	records map[string][]byte
	counts  map[string]uint64
}

func (t *tally) Load(_ context.Context, name string) ([]byte, uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.records[name], t.counts[name], nil
}

func (t *tally) Save(_ context.Context, name string, value []byte, revision uint64) (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts[name] != revision {
		return 0, earshot.ErrConflict
	}
	if t.records == nil {
		t.records, t.counts = map[string][]byte{}, map[string]uint64{}
	}
	t.records[name] = value
	t.counts[name]++
	return t.counts[name], nil
}
