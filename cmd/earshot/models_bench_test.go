package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"earshot"
)

// BenchmarkModel is how many posts a model that answers after a while is asked of:
// from the file to the bus, the question, and the opinion stored with the mention.
func BenchmarkModel(b *testing.B) {
	for _, c := range []struct {
		answer     time.Duration
		concurrent int
	}{{0, 2}, {0, 64}, {50 * time.Millisecond, 64}} {
		b.Run(fmt.Sprintf("answer=%s/concurrent=%d", c.answer, c.concurrent), func(b *testing.B) {
			benchModel(b, c.answer, c.concurrent)
		})
	}
}

func benchModel(b *testing.B, answer time.Duration, concurrent int) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-time.After(answer):
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, `{"sentiment": -0.5, "urgency": 0.5}`)
	}))
	b.Cleanup(server.Close)
	path := filepath.Join(b.TempDir(), "posts.ndjson")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	addrs, state := benchDaemon(b, fmt.Sprintf("  - {name: replay, type: file, path: %s}\nmodels:\n"+
		"  - {name: sage, url: %s, form: json, brands: [acme], when: 'true', urgency: 10, concurrent: %d}\n", path, server.URL, concurrent))
	js := connectAsDaemon(b, addrs.Bus, state)
	eventually(b, "the model begins", func() error {
		return atLeastOne(float64(len(readAll(b, js, "KV_earshot_settings", "$KV.earshot_settings.tally._models.sage.progress"))))
	})
	var lines strings.Builder
	posted := time.Now().UTC().Format(time.RFC3339)
	for i := range b.N {
		fmt.Fprintf(&lines, `{"id":"bench:%d","network":"bench","text":"post %d about acme, as people write them all day long","posted":%q}`+"\n", i, i, posted)
	}
	b.ResetTimer()
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	last := "earshot.mentions.acme.bench." + earshot.Key(fmt.Sprintf("bench:%d", b.N-1))
	eventually(b, "all posts have an opinion", func() error {
		stream, err := js.Stream(b.Context(), "EARSHOT_MENTIONS")
		if err != nil {
			return err
		}
		if n := stream.CachedInfo().State.LastSeq; n < uint64(2*b.N) {
			return fmt.Errorf("%d messages for %d posts", n, b.N)
		}
		m, err := stream.GetLastMsgForSubject(b.Context(), last)
		if err == nil && !strings.Contains(string(m.Data), `"by":"sage"`) {
			return fmt.Errorf("the last has none")
		}
		return err
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}
