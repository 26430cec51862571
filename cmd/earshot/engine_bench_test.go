package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/bus"
)

const benchEngineConfig = `
state: %[1]s/state
bus: {listen: 127.0.0.1:0}
brands:
  - {name: acme, query: acme, topics: {delivery: 'parcel OR delivery'}}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 50, send: [cs]}
teams:
  - {name: cs, respond_within: {high: 12h}}
  - {name: pr, kinds: [crisis, story]}
listeners: []
`

// engineBench is a bus as a daemon has it, with judged mentions on its log.
type engineBench struct {
	b      *testing.B
	config *Config
	bus    *bus.Bus
	first  earshot.Mention
	last   uint64 // sequence of the last mention
	next   int
}

// newEngineBench stores n mentions heard in the last hour, every tenth of which is
// a copy of an earlier one. One in every raises an alert, of so many customers.
func newEngineBench(b *testing.B, n, every, customers int) *engineBench {
	b.Helper()
	dir := b.TempDir()
	path := filepath.Join(dir, "earshot.yaml")
	if err := os.WriteFile(path, fmt.Appendf(nil, benchEngineConfig, dir), 0o600); err != nil {
		b.Fatal(err)
	}
	config, err := Load(path)
	if err != nil {
		b.Fatal(err)
	}
	opened, err := bus.Open(b.Context(), bus.Options{
		Config: config.Bus, Dir: config.State, Retention: config.Retention, Teams: teamNames(config), Log: zap.NewNop(),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = opened.Close(context.Background()) })
	e := &engineBench{b: b, config: config, bus: opened}
	e.store(n, every, customers)
	return e
}

func (e *engineBench) store(n, every, customers int) {
	e.b.Helper()
	random, start := rand.New(rand.NewPCG(1, uint64(e.next))), time.Now().Add(-time.Hour)
	common := rand.NewZipf(random, 1.07, 2.7, 20_000)
	batch := bus.Batch{Listener: "bench"}
	for i := range n {
		text := sentence(common)
		if i%10 == 9 {
			text = e.first.Text
		}
		id := e.next
		e.next++
		at := start.Add(time.Hour / time.Duration(n) * time.Duration(i)).UTC()
		m := earshot.Mention{
			ID: fmt.Sprintf("bench:%d", id), Network: "bench", Listener: "bench", Change: earshot.New, Text: "acme " + text, Posted: at, Heard: at,
			URL: fmt.Sprintf("https://bench.example/posts/%d", id), Author: earshot.Author{Handle: fmt.Sprintf("@user%d", id), Followers: int64(id % 5000)},
		}
		if every > 0 && i%every == 0 {
			m.Text += " makes me furious"
			m.Author.Handle = fmt.Sprintf("@customer%d", i/every%customers)
		}
		if i%100 == 0 {
			e.first.Text = text
		}
		batch.Mentions = append(batch.Mentions, earshot.Judged{Mention: m, Verdicts: e.config.Book.Judge(&m)})
		if len(batch.Mentions) == 450 || i == n-1 {
			if _, err := e.bus.Commit(e.b.Context(), batch); err != nil {
				e.b.Fatal(err)
			}
			e.last += uint64(len(batch.Mentions)) // without cursors there is nothing else on the stream
			batch.Mentions = nil
		}
	}
}

// sentence is about as long as a tweet, of words as frequent as in languages.
func sentence(common *rand.Zipf) string {
	words := make([]string, 20)
	for i := range words {
		rank := common.Uint64()
		words[i] = strconv.FormatUint(36*36+rank*48_271%(36*36*36*36), 36) // letters that have nothing to do with the rank
	}
	return strings.Join(words, " ")
}

// run has a new engine deal with the log as a daemon that starts, from the first
// mention to the last. It returns how many alerts were raised, those aside for
// which it was time, and reports how fast.
func (e *engineBench) run() int {
	e.b.Helper()
	ctx, stop := context.WithCancel(e.b.Context())
	defer stop()
	log := &countedLog{Bus: e.bus, last: e.last, done: stop}
	engine, problems := alerts.New(alerts.Options{Log: log}, alertsConfig(e.config))
	if problems.Fatal() {
		e.b.Fatal(problems)
	}
	start, spent := time.Now(), cpuTime(e.b)
	mentions := e.bus.Mentions(0)
	defer mentions.Close()
	if err := engine.Run(ctx, mentions); err != nil {
		e.b.Fatal(err)
	}
	e.b.ReportMetric(float64(e.last)/time.Since(start).Seconds(), "mentions/s")
	e.b.ReportMetric(float64(e.last)/(cpuTime(e.b)-spent).Seconds(), "mentions/cpu-s")
	e.b.ReportMetric(0, "ns/op")
	return log.told
}

// countedLog is a bus that says when a brand has come to a mention.
type countedLog struct {
	*bus.Bus

	last uint64
	done func()
	told int
}

func (c *countedLog) Publish(ctx context.Context, list []earshot.Alert, members []earshot.Membership, progress []earshot.Progress) ([]uint64, error) {
	revisions, err := c.Bus.Publish(ctx, list, members, progress)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Why != earshot.BecauseReminder {
			c.told++
		}
	}
	for _, p := range progress {
		if p.Sequence >= c.last {
			c.done()
		}
	}
	return revisions, nil
}

// BenchmarkEngineOnBus is the engine of a daemon on the embedded bus, server and
// disk included: it reads b.N judged mentions, places them in stories, watches for
// crises and writes cases and alerts. Run it with -cpu 1,2: one core has to do for
// the server, too.
func BenchmarkEngineOnBus(b *testing.B) {
	for _, mode := range []struct {
		name             string
		every, customers int
	}{
		{"quiet", 0, 1},
		{"50 customers, 1 in 20 raises", 20, 50},
		{"new customers, 1 in 10 raises", 10, 1 << 30},
	} {
		b.Run(mode.name, func(b *testing.B) {
			e := newEngineBench(b, b.N, mode.every, mode.customers)
			if told := e.run(); mode.customers > b.N && told < b.N/mode.every {
				b.Fatalf("%d alerts, want at least %d", told, b.N/mode.every)
			}
		})
	}
}

// BenchmarkEngineStart is an engine that starts on a log of b.N mentions which were
// all dealt with, a tenth of them in open cases of their own: it reads them again,
// to know their stories and what is usual, before it decides on a new one.
func BenchmarkEngineStart(b *testing.B) {
	e := newEngineBench(b, b.N, 10, 1<<30)
	e.run()
	e.store(1, 0, 1)
	start := time.Now()
	if told := e.run(); told != 0 {
		b.Fatalf("%d alerts were told again", told)
	}
	b.ReportMetric(time.Since(start).Seconds(), "s")
}
