package alerts_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
)

// BenchmarkEngine deals with mentions of which one in ten raises an alert, half
// of these in cases of their own. Writing to the log in memory includes the JSON.
func BenchmarkEngine(b *testing.B) {
	mentions := &alertstest.Mentions{}
	list := make([]earshot.Stored, b.N)
	for i := range list {
		id := fmt.Sprint(i)
		switch {
		case i%20 == 0:
			list[i] = post(uint64(i+1), id, angry)
		case i%20 == 10:
			list[i] = post(uint64(i+1), id, angry, links(fmt.Sprintf("https://news.example/%d", i/1000)))
		default:
			list[i] = post(uint64(i+1), id)
		}
	}
	mentions.Add(list...)
	ctx, cancel := context.WithCancel(b.Context())
	log := &watched{last: uint64(b.N), done: cancel}
	engine, problems := alerts.New(alerts.Options{Log: log}, config)
	if problems != nil {
		b.Fatal(problems)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := engine.Run(ctx, mentions); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mentions/s")
}

// watched is a log that says when it has come to a sequence.
type watched struct {
	alertstest.Log
	last uint64
	done func()
}

func (w *watched) Publish(ctx context.Context, list []earshot.Alert, members []earshot.Membership, progress []earshot.Progress) ([]uint64, error) {
	revisions, err := w.Log.Publish(ctx, list, members, progress)
	for _, p := range progress {
		if p.Sequence == w.last {
			w.done()
		}
	}
	return revisions, err
}

// BenchmarkReplay replays mentions heard one after the other, of which one in ten
// raises an alert, as earshot backtest does for each of its books.
func BenchmarkReplay(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	replay, problems := alerts.NewReplay(config, noon, func(earshot.Alert) {})
	if problems != nil {
		b.Fatal(problems)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s := post(uint64(i+1), fmt.Sprint(i), saying(unlike(random)))
		if i%10 == 0 {
			angry(&s)
		}
		s.Mention.Heard = noon.Add(time.Duration(i) * 36 * time.Millisecond)
		if err := replay.Hear(b.Context(), s.Mention.Heard, s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mentions/s")
}
