package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/casework"
	"earshot/bus"
)

// benchDesk is a desk on an embedded bus with cases of one story.
func benchDesk(b *testing.B, cases int) (*casework.Desk, []string) {
	b.Helper()
	opened, err := bus.Open(b.Context(), bus.Options{
		Config: bus.Config{Listen: freeAddress(b)}, Dir: b.TempDir(), Retention: 24 * time.Hour, Teams: []string{"cs"},
	})
	if err != nil {
		b.Fatal(err)
	}
	desk := casework.NewDesk(casework.Options{Log: caseLog{opened}, Board: casework.NewBoard(), Teams: func() []string { return []string{"cs"} }})
	ids := make([]string, cases)
	for i := range ids {
		ids[i] = earshot.Key(fmt.Sprint(i))
		c := earshot.Case{ID: ids[i], Team: "cs", Brand: "acme", State: earshot.Open, Count: 1, Story: "story", Members: []earshot.Member{{Mention: ids[i]}}}
		if _, err := desk.Log.Record(b.Context(), []earshot.CaseEvent{{Event: "opened", By: earshot.Daemon, At: time.Now(), Case: c}}, nil); err != nil {
			b.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		opened.FollowCases(ctx, desk.Board.Put, desk.Board.Loaded)
	}()
	b.Cleanup(func() {
		stop()
		<-ended
		_ = opened.Close(context.Background())
	})
	return desk, ids
}

// BenchmarkPin puts a line on 1,000 cases of a story and takes it away again.
func BenchmarkPin(b *testing.B) {
	desk, ids := benchDesk(b, 1000)
	for b.Loop() {
		for _, verb := range []casework.Verb{casework.PinLine, casework.Unpin} {
			answer, err := desk.Serve(b.Context(), "cs", "dora", verb, fmt.Appendf(nil, `{"case":%q,"line":"wait"}`, ids[0]))
			if done, ok := answer.(casework.Done); err != nil || !ok || done.Linked != 999 {
				b.Fatalf("%+v %v", answer, err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(2*b.N), "ms/pin")
}

// BenchmarkClaim claims and releases a case, with the write to the disk.
func BenchmarkClaim(b *testing.B) {
	desk, ids := benchDesk(b, 100)
	for n := 0; b.Loop(); n++ {
		for _, verb := range []casework.Verb{casework.Claim, casework.Release} {
			if _, err := desk.Do(b.Context(), casework.Action{Verb: verb, By: "anna", Team: "cs", Case: ids[n%len(ids)]}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(2*b.N), "µs/act")
}
