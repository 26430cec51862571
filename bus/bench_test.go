package bus_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/bus"
)

// BenchmarkCommit is matched mentions, new each, in batches of one part, with
// everything synced before it is acknowledged.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{1, 50, 450} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			bench(b, size)
		})
	}
}

func bench(b *testing.B, size int) {
	o := options(b, func(o *bus.Options) { o.Log = zap.NewNop(); o.Config.MaxBytes = 0 })
	store := open(b, o)
	batches := make([][]earshot.Judged, (b.N+size-1)/size)
	for i := range batches {
		for j := range size {
			batches[i] = append(batches[i], benchMention(i*size+j))
		}
	}
	p := &part{t: b, bus: store, name: "p"}
	b.ResetTimer()
	for _, batch := range batches {
		p.commit(batch...)
	}
	b.StopTimer()
	b.ReportMetric(float64(len(batches)*size)/b.Elapsed().Seconds(), "mentions/s")
}

// benchMention takes about 900 bytes as it is stored.
func benchMention(n int) earshot.Judged {
	m := mention(n, "acme")
	m.Text = "The toy of acme broke, and nobody answers my letters. " + strings.Repeat("Never again! ", 12)
	m.URL = fmt.Sprintf("https://news.example/posts/%d", n)
	m.Author = earshot.Author{Handle: "@someone", Name: "Some One", Followers: 120}
	m.Verdicts[0].Topics = []string{"missing"}
	m.Verdicts[0].Routes = []earshot.Route{{Team: "cs", Kind: earshot.KindCustomer}}
	m.Verdicts[0].Reasons = []earshot.Reason{
		{Of: earshot.OfRelevance, Rule: "acme", Field: "text", Span: &earshot.Span{11, 15}, Weight: earshot.Unit},
		{Of: earshot.OfUrgency, Rule: "unhappy customer", Weight: 35 * earshot.Unit},
	}
	return m
}

// BenchmarkPublish is alerts, each batch with the progress of its brand.
func BenchmarkPublish(b *testing.B) {
	for _, size := range []int{1, 45} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			o := options(b, func(o *bus.Options) { o.Log = zap.NewNop(); o.Config.MaxBytes = 0 })
			store := open(b, o)
			at := earshot.Progress{Brand: "acme"}
			b.ResetTimer()
			for n := 0; n < b.N; n += size {
				alerts := make([]earshot.Alert, size)
				for i := range alerts {
					alerts[i] = alert(strconv.Itoa(n+i), "cs", 1)
				}
				revisions, err := store.Publish(b.Context(), alerts, nil, []earshot.Progress{at})
				if err != nil {
					b.Fatal(err)
				}
				at.Revision = revisions[0]
			}
			b.StopTimer()
			b.ReportMetric(float64((b.N+size-1)/size*size)/b.Elapsed().Seconds(), "alerts/s")
		})
	}
}

// BenchmarkRead is a reader that replays the log.
func BenchmarkRead(b *testing.B) {
	o := options(b, func(o *bus.Options) { o.Log = zap.NewNop(); o.Config.MaxBytes = 0 })
	store := open(b, o)
	p := &part{t: b, bus: store, name: "p"}
	const size = 450
	for n := 0; n < b.N; n += size {
		batch := make([]earshot.Judged, size)
		for i := range batch {
			batch[i] = benchMention(n + i)
		}
		p.commit(batch...)
	}
	b.ResetTimer()
	r := store.Mentions(0)
	defer r.Close()
	for n := 0; n < b.N; {
		got, err := r.Next(b.Context(), 500)
		if err != nil {
			b.Fatal(err)
		}
		n += len(got)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mentions/s")
}

// The memory and the start of a bus with millions of stored mentions, measured in
// a process of its own, as docs/sizing.md says.
func TestMillions(t *testing.T) {
	if dir := os.Getenv("EARSHOT_MILLIONS_DIR"); dir != "" {
		atRest(t, dir)
		return
	}
	millions, err := strconv.ParseFloat(os.Getenv("EARSHOT_MILLIONS"), 64)
	if err != nil {
		millions = 0.005 // enough to see that a store comes back after a stop and after a kill
	}
	o := millionsOptions(t, t.TempDir())
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	start, total := time.Now(), int(millions*1e6)
	for n := 0; n < total; n += 450 {
		batch := make([]earshot.Judged, 450)
		for i := range batch {
			batch[i] = benchMention(n + i)
		}
		p.commit(batch...)
	}
	t.Logf("%d mentions in %v, %.0f a second; %d MB while writing", total, time.Since(start).Round(time.Second),
		float64(total)/time.Since(start).Seconds(), rss(t))
	shut(t, b)
	for _, after := range []string{"a clean stop", "kill -9"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMillions$", "-test.v", "-test.timeout=30m")
		cmd.Env = append(os.Environ(), "EARSHOT_MILLIONS_DIR="+o.Dir)
		out, err := cmd.CombinedOutput()
		if !bytes.Contains(out, []byte("at rest")) {
			t.Fatalf("%v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "MB") {
				t.Logf("after %s: %s", after, strings.TrimSpace(line))
			}
		}
	}
}

func millionsOptions(t *testing.T, dir string) bus.Options {
	return options(t, func(o *bus.Options) { o.Dir, o.Log, o.Config.MaxBytes = dir, zap.NewNop(), 0 })
}

// atRest opens the store, waits until its caches are gone, says what it takes, and
// dies without a chance to tidy up.
func atRest(t *testing.T, dir string) {
	start := time.Now()
	b := open(t, millionsOptions(t, dir))
	fmt.Printf("ready after %v with %d MB\n", time.Since(start).Round(time.Millisecond), rss(t))
	p := &part{t: t, bus: b, name: fmt.Sprint(time.Now().UnixNano())}
	p.commit(benchMention(int(time.Now().UnixNano())))
	if os.Getenv("EARSHOT_MILLIONS") != "" {
		quiet, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		<-quiet.Done()
	}
	// What the runtime does by itself within a few minutes.
	debug.FreeOSMemory()
	fmt.Printf("%d MB at rest\n", rss(t))
	os.Exit(9)
}

// rss is the memory of this process in MB.
func rss(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize() / 1e6
}
