package alerts_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts"
)

// replayed returns what a replay raises of a log that is heard at once.
func replayed(t interface{ Fatal(args ...any) }, list []earshot.Stored) []earshot.Alert {
	var raised []earshot.Alert
	r, problems := alerts.NewReplay(config, noon, func(a earshot.Alert) { raised = append(raised, a) })
	if problems != nil {
		t.Fatal(problems)
	}
	for _, at := range []time.Time{noon, noon.Add(10 * time.Minute)} {
		if err := r.Hear(context.Background(), at, list...); err != nil {
			t.Fatal(err)
		}
		list = nil
	}
	sortAlerts(raised)
	return raised
}

// A replay raises what a daemon would have raised.
func TestReplay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := randomStory(rt)
		if diff := cmp.Diff(tell(t, config, list), replayed(rt, list), timeless); diff != "" {
			rt.Fatalf("the replay (+) differs from the daemon (-):\n%s", diff)
		}
	})
	if diff := cmp.Diff(tell(t, config, story()), replayed(t, story()), timeless); diff != "" {
		t.Errorf("the replay (+) differs from the daemon (-):\n%s", diff)
	}
}

// Old news is summed up by the clock of the mentions: what comes an hour later is
// told of apart, and nothing is told before it is due.
func TestReplayClock(t *testing.T) {
	var raised []earshot.Alert
	r, problems := alerts.NewReplay(config, noon, func(a earshot.Alert) { raised = append(raised, a) })
	if problems != nil {
		t.Fatal(problems)
	}
	hear := func(after time.Duration, wantAlerts int, list ...earshot.Stored) {
		t.Helper()
		if err := r.Hear(t.Context(), noon.Add(after), list...); err != nil {
			t.Fatal(err)
		}
		if len(raised) != wantAlerts {
			t.Errorf("%d alerts after %v, want %d: %v", len(raised), after, wantAlerts, raised)
		}
	}
	hear(0, 0, post(1, "one", angry, old), post(2, "two", angry, old))
	hear(time.Second, 0, post(3, "three", angry, old))
	hear(time.Hour, 1, post(4, "four", angry, old))
	hear(2*time.Hour, 2)
	hear(time.Minute, 3, post(5, "five", angry)) // the clock does not go back
	if raised[0].Count != 3 || raised[1].Count != 1 || raised[2].Count != 1 {
		t.Errorf("counts are not 3, 1, 1: %v", raised)
	}
	if at := raised[0].At; at != noon.Add(3*time.Second) {
		t.Errorf("old news was told of at %v", at)
	}
	if at := raised[2].At; at != noon.Add(2*time.Hour) {
		t.Errorf("the last alert is of %v", at)
	}
	if raised[0].Mention == nil || raised[0].Mention.ID != "mastodon:one" {
		t.Errorf("the summary shows %v", raised[0].Mention)
	}
}

// An interrupted replay says so.
func TestReplayInterrupted(t *testing.T) {
	r, problems := alerts.NewReplay(config, noon, func(earshot.Alert) { t.Error("an alert was raised") })
	if problems != nil {
		t.Fatal(problems)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Hear(ctx, noon, post(1, "one", angry)); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// A replay refuses what an engine refuses.
func TestReplayProblems(t *testing.T) {
	_, problems := alerts.NewReplay(alerts.Config{Teams: []alerts.Team{{}}}, noon, nil)
	if !problems.Fatal() {
		t.Error("a team without a name was taken")
	}
}
