package alerts_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
)

// inUse is what the heap holds once nothing can be freed.
func inUse() float64 {
	var m runtime.MemStats
	for range 2 { // what finalizers let go of goes the second time
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// fullLog is a log of open cases that it holds none of itself.
type fullLog struct {
	alertstest.Log

	cases int
	read  bool   // all cases were handed over
	done  func() // called when the engine has them and goes on
}

func (f *fullLog) Cases(_ context.Context, each func(earshot.CaseEvent) error) error {
	now := time.Now()
	for i := range f.cases {
		c := earshot.Case{
			ID: earshot.Key(fmt.Sprint("case", i)), Team: "cs", Brand: "acme", State: earshot.Open, Band: earshot.High, Kind: earshot.KindCustomer,
			Customer: earshot.Key(fmt.Sprint("author", i)), Opened: now, Spoke: now, RespondBy: now.Add(1000 * time.Hour), Count: 1,
			Members: []earshot.Member{{Mention: earshot.Key(fmt.Sprint("mention", i)), Kind: earshot.KindCustomer, Urgency: 65 * earshot.Unit}},
		}
		if err := each(earshot.CaseEvent{Event: alerts.Opened, By: earshot.Daemon, At: now, Case: c, Sequence: uint64(i + 1)}); err != nil {
			return err
		}
	}
	f.read = true
	return nil
}

func (f *fullLog) Events(ctx context.Context, after uint64) ([]earshot.CaseEvent, error) {
	if f.read {
		f.done()
	}
	return f.Log.Events(ctx, after)
}

// BenchmarkMemoryOfCases is what an engine holds for each case that is open and has
// a limit to keep, and how long it takes to learn of them at its start.
func BenchmarkMemoryOfCases(b *testing.B) {
	for _, cases := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(cases), func(b *testing.B) {
			for range b.N {
				before := inUse()
				ctx, stop := context.WithCancel(b.Context())
				engine, problems := alerts.New(alerts.Options{Log: &fullLog{cases: cases, done: stop}}, config)
				if problems != nil {
					b.Fatal(problems)
				}
				if err := engine.Run(ctx, &alertstest.Mentions{}); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric((inUse()-before)/float64(cases), "B/case")
				runtime.KeepAlive(engine)
			}
		})
	}
}

// BenchmarkMemoryOfStories is what an engine holds for each story of two mentions
// that it may have to add to: the mentions themselves, as far as they are
// remembered, and all its indexes with them.
func BenchmarkMemoryOfStories(b *testing.B) {
	for _, stories := range []int{10_000, 50_000, 100_000} {
		b.Run(fmt.Sprint(stories), func(b *testing.B) {
			for range b.N {
				before, random := inUse(), rand.New(rand.NewPCG(1, 2))
				replay, problems := alerts.NewReplay(config, noon, func(earshot.Alert) {})
				if problems != nil {
					b.Fatal(problems)
				}
				for i := range stories {
					text := unlike(random)
					first := post(uint64(2*i+1), fmt.Sprint(i), calm, saying(text))
					again := post(uint64(2*i+2), fmt.Sprint("again", i), calm, saying(text))
					first.Mention.Heard, again.Mention.Heard = noon, noon
					if err := replay.Hear(b.Context(), noon, first, again); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric((inUse()-before)/float64(stories), "B/story")
				runtime.KeepAlive(replay)
			}
		})
	}
}

// unlike is a text of twenty words that no other text shares.
func unlike(random *rand.Rand) string {
	list := make([]string, 20)
	for i := range list {
		list[i] = fmt.Sprintf("%x", random.Uint32())
	}
	return strings.Join(list, " ")
}

func saying(text string) option { return func(s *earshot.Stored) { s.Mention.Text = text } }
