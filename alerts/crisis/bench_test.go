package crisis_test

import (
	"runtime"
	"testing"
	"time"

	"earshot/alerts/crisis"
)

// busy is a day of a brand with 20,000 mentions an hour: each bucket is full.
func busy() []crisis.Seen {
	var all []crisis.Seen
	for _, mentions := range (script{hourly: 60, negative: 0.1, weeks: 1, happens: []event{
		{from: day, long: 2 * time.Hour, posts: 40_000, even: true, negative: 0.6, authors: 20_000, text: "recall of the wheel that children choke on"},
	}}).play(1) {
		for _, m := range mentions {
			if m.At.Sub(monday) >= day && m.At.Sub(monday) < day+2*time.Hour {
				all = append(all, m)
			}
		}
	}
	return all
}

func BenchmarkHear(b *testing.B) {
	all := busy()
	w := crisis.NewWatch(crisis.Config{}, "lego", "")
	w.Advance(all[0].At)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		w.Hear(all[i])
		if i++; i == len(all) {
			i = 0
			w = crisis.NewWatch(crisis.Config{}, "lego", "")
		}
		if i%2000 == 0 {
			w.Advance(all[i].At)
		}
	}
}

// A step of five minutes, when everything is quiet and when a crisis is on.
func BenchmarkAdvance(b *testing.B) {
	for _, bench := range []struct {
		name string
		many bool
	}{{"quiet", false}, {"crisis", true}} {
		b.Run(bench.name, func(b *testing.B) {
			w := crisis.NewWatch(crisis.Config{}, "lego", "")
			steps := script{hourly: 20, negative: 0.1, weeks: 1}.play(1)
			now := monday
			w.Advance(now)
			for _, mentions := range steps {
				for _, m := range mentions {
					w.Hear(m)
				}
				now = now.Add(5 * time.Minute)
				w.Advance(now)
			}
			some := busy()[:3000]
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				for i, m := range some {
					if m.At = now; bench.many || i < 2 {
						w.Hear(m)
					}
				}
				b.StartTimer()
				now = now.Add(5 * time.Minute)
				w.Advance(now)
			}
		})
	}
}

func BenchmarkSave(b *testing.B) {
	w := crisis.NewWatch(crisis.Config{}, "lego", "")
	w.Advance(monday.Add(day))
	for _, m := range busy() {
		w.Hear(m)
		w.Advance(m.At)
	}
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		data, err := w.Save()
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size), "bytes")
}

// What a watch takes of memory after a quiet week, and when every sample is full.
func BenchmarkMemory(b *testing.B) {
	quiet := script{hourly: 20, negative: 0.1, weeks: 1}
	weeks, full := quiet.play(1), busy()
	for _, bench := range []struct {
		name string
		more []crisis.Seen
	}{{"quiet", nil}, {"crisis", full}} {
		b.Run(bench.name, func(b *testing.B) {
			var watches []*crisis.Watch
			before := heap()
			for b.Loop() {
				w := crisis.NewWatch(crisis.Config{}, "lego", "")
				quiet.watch(w, weeks)
				for _, m := range bench.more {
					m.At = m.At.Add(6 * day)
					w.Hear(m)
					w.Advance(m.At)
				}
				watches = append(watches, w)
			}
			b.ReportMetric(float64(heap()-before)/float64(len(watches)), "bytes/watch")
			runtime.KeepAlive(watches)
		})
	}
}

func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
