package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot/bus"
)

const benchDaemonConfig = `
state: %[1]s
bus: {listen: %[2]s}
http: {listen: %[3]s}
client: {allow_private: [127.0.0.1], per_second: 100000, burst: 1000}
log: {level: warn}
brands:
  - {name: acme, query: acme, topics: {delivery: 'parcel OR delivery'}}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 50, send: [cs]}
teams:
  - {name: cs, respond_within: {high: 1h}}
listeners:
`

// benchDaemon runs a daemon in this process on the given listeners and returns
// where it is once it is ready.
func benchDaemon(b *testing.B, listeners string) (daemonAddrs, string) {
	b.Helper()
	state := filepath.Join(b.TempDir(), "state")
	path := filepath.Join(b.TempDir(), "earshot.yaml")
	text := fmt.Sprintf(benchDaemonConfig, state, "127.0.0.1:0", "127.0.0.1:0") + listeners
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	config, err := Load(path)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan daemonAddrs, 1), make(chan error, 1)
	go func() {
		ended <- runDaemon(ctx, config, daemonOptions{Log: zap.NewNop(), Ready: func(a daemonAddrs) { ready <- a }})
	}()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	select {
	case addrs := <-ready:
		return addrs, state
	case err := <-ended:
		ended <- err
		b.Fatalf("the daemon ended before it was ready: %v", err)
		return daemonAddrs{}, ""
	}
}

// BenchmarkFileToAlert is the way of b.N matched mentions from a file to the
// embedded bus, one in ten of which raises an alert: mentions/s until all are
// durable, and alerted/s until all of them have been dealt with.
func BenchmarkFileToAlert(b *testing.B) {
	path := filepath.Join(b.TempDir(), "posts.ndjson")
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	addrs, state := benchDaemon(b, fmt.Sprintf("  - {name: replay, type: file, path: %s}\n", path))
	alerts := subscribeAlerts(b, addrs, state, b.N/10+1)

	var lines strings.Builder
	posted := time.Now().UTC().Format(time.RFC3339)
	for i := range b.N {
		text := fmt.Sprintf("post %d about acme and nothing in particular, as people write them all day long, with a link", i)
		if i%10 == 0 {
			text += " and furious"
		}
		line, err := json.Marshal(map[string]any{
			"id": fmt.Sprintf("bench:%d", i), "network": "bench", "text": text, "posted": posted,
			"author": map[string]any{"handle": fmt.Sprintf("@user%d", i%1000), "followers": i % 5000},
		})
		if err != nil {
			b.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	b.SetBytes(int64(lines.Len() / b.N))
	b.ResetTimer()
	if _, err := file.WriteString(lines.String()); err != nil {
		b.Fatal(err)
	}
	js := connectAsDaemon(b, addrs.Bus, state)
	start := time.Now()
	eventually(b, "all mentions are durable", func() error {
		// Counting by subject would take more of the server than the mentions do.
		stream, err := js.Stream(b.Context(), "EARSHOT_MENTIONS")
		if err != nil {
			return err
		}
		if n := stream.CachedInfo().State.Msgs; n < uint64(b.N)+1 { // and the cursor
			return fmt.Errorf("%d of %d", n, b.N)
		}
		return nil
	})
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "mentions/s")
	for range (b.N + 9) / 10 {
		<-alerts
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "alerted/s")
}

// BenchmarkFeedToAlert is the time from the moment a feed answers with a new
// post to its alert at a subscriber.
func BenchmarkFeedToAlert(b *testing.B) {
	var (
		mu       sync.Mutex
		newest   int
		answered time.Time
		release  = make(chan struct{}, 1)
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		select {
		case <-release:
			newest++
		default:
		}
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>t</title>`)
		for i := newest; i > max(0, newest-20); i-- {
			fmt.Fprintf(w, `<item><guid>https://feed.example/%[1]d</guid><link>https://feed.example/%[1]d</link><title>acme %[1]d</title><description>acme makes me furious, number %[1]d</description><pubDate>%[2]s</pubDate></item>`,
				i, time.Now().UTC().Format(time.RFC1123Z))
		}
		fmt.Fprint(w, `</channel></rss>`)
		answered = time.Now()
	}))
	defer server.Close()
	addrs, state := benchDaemon(b, fmt.Sprintf("  - {name: feed, type: rss, urls: [%q], every: 20ms, at_most: 20ms}\n", server.URL))
	alerts := subscribeAlerts(b, addrs, state, 16)

	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		release <- struct{}{}
		arrived := <-alerts
		mu.Lock()
		took = append(took, arrived.Sub(answered))
		mu.Unlock()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkStart is the time from the start of the process to readiness, and the
// memory that it takes a while later, when nothing happens.
func BenchmarkStart(b *testing.B) {
	var readyAfter time.Duration
	var idle int64
	for range b.N {
		address := freeAddress(b)
		path := filepath.Join(b.TempDir(), "earshot.yaml")
		text := fmt.Sprintf(benchDaemonConfig, filepath.Join(b.TempDir(), "state"), freeAddress(b), address) + "  []\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		d := startProcess(b, path, address)
		d.ready(b)
		readyAfter += time.Since(start)
		<-time.After(5 * time.Second)
		idle += d.memory(b, "VmRSS:")
		d.stop(b)
	}
	b.ReportMetric(float64(readyAfter.Milliseconds())/float64(b.N), "ready-ms")
	b.ReportMetric(float64(idle)/float64(b.N)/1e6, "idle-MB")
}

func subscribeAlerts(b testing.TB, addrs daemonAddrs, state string, room int) <-chan time.Time {
	b.Helper()
	client, err := bus.Dial(addrs.Bus, bus.DaemonLogin(state), zap.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	alerts, err := client.Subscribe("earshot.alerts.>")
	if err != nil {
		b.Fatal(err)
	}
	arrivals := make(chan time.Time, room)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, _, err := alerts.Next(ctx); err != nil {
				return
			}
			arrivals <- time.Now()
		}
	}()
	b.Cleanup(func() { stop(); <-ended; client.Close() })
	return arrivals
}
