package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"earshot"
	"earshot/alerts"
	"earshot/listeners"
)

// Ops is told once when nothing gets through to a sink for a while, and when alerts
// became too old for it; what is over, or not configured any more, is taken back.
func TestSinkTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []alerts.SinkStatus
		w := &sinkWatch{every: time.Minute, acting: func() bool { return true }, status: func(context.Context) ([]alerts.SinkStatus, error) { return all, nil }}
		var posts []earshot.Mention
		var cursor earshot.Cursor
		emit := func(_ context.Context, b listeners.Batch) error {
			posts, cursor = append(posts, b.Mentions...), b.Next
			return nil
		}
		run := func(long time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), long)
			defer cancel()
			if err := w.Listen(ctx, cursor, emit); ctx.Err() == nil {
				t.Fatal(err)
			}
		}
		fails := alerts.SinkStatus{Sink: "crm", State: alerts.SinkFailing, Failing: time.Now(), Waiting: 3, Err: "down"}
		all = []alerts.SinkStatus{fails}
		run(14 * time.Minute)
		if len(posts) != 0 {
			t.Fatalf("too soon: %+v", posts)
		}
		run(time.Hour)
		run(time.Hour) // as after a restart
		if len(posts) != 1 || !strings.Contains(posts[0].Text, "3 alerts wait for it. down") || posts[0].Channel != listeners.ChannelSilence {
			t.Fatalf("told: %+v", posts)
		}
		all = []alerts.SinkStatus{{Sink: "crm", State: alerts.SinkDelivering}}
		run(time.Hour)
		if len(posts) != 2 || posts[1].ID != posts[0].ID || posts[1].Change != earshot.Deleted {
			t.Fatalf("it is over: %+v", posts)
		}
		all = []alerts.SinkStatus{{Sink: "crm", State: alerts.SinkDelivering, Aside: 1}}
		run(time.Hour)
		all[0].Aside = 2
		run(time.Hour)
		if len(posts) != 3 || !strings.Contains(posts[2].Text, "1 alert its peer does not take: earshot sinks --aside says why, and earshot sinks retry crm") {
			t.Fatalf("set aside: %+v", posts)
		}
		all[0].State, all[0].Failing = alerts.SinkFailing, time.Now().Add(-time.Hour)
		run(2 * time.Minute)
		if len(posts) != 5 || posts[3].ID != posts[2].ID || posts[3].Change != earshot.Deleted || !strings.Contains(posts[4].Title, "does not get through") {
			t.Fatalf("worse: %+v", posts)
		}
		all = []alerts.SinkStatus{{Sink: "crm", State: alerts.SinkDelivering}}
		run(2 * time.Minute)
		posts = posts[4:]
		if len(posts) != 2 || posts[1].ID != posts[0].ID || posts[1].Change != earshot.Deleted {
			t.Fatalf("it is over: %+v", posts)
		}
		all = []alerts.SinkStatus{{Sink: "crm", State: alerts.SinkFailing, Failing: time.Now(), TooOld: 2}}
		run(2 * time.Minute)
		if len(posts) != 3 || !strings.Contains(posts[2].Title, "for their age") {
			t.Fatalf("too old: %+v", posts)
		}
		all = nil
		run(2 * time.Minute)
		if len(posts) != 4 || posts[3].Change != earshot.Deleted {
			t.Fatalf("gone: %+v", posts)
		}
	})
}
