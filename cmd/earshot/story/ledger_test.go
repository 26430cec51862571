package story_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"earshot"
	"earshot/cmd/earshot/story"
)

// asExpected makes the alerts that a faultless daemon would raise for the step.
func asExpected(s *story.Story, step story.Step, revision map[string]int) []earshot.Alert {
	var raised []earshot.Alert
	for _, e := range step.Expect {
		if e.Why == story.Held {
			continue
		}
		id := earshot.Key(step.Case)
		revision[e.Team+id]++
		a := earshot.Alert{
			ID: id + "." + e.Team + "." + string(rune('0'+revision[e.Team+id])), Case: id, Team: e.Team, Brand: s.Brand,
			Kind: e.Kind, Topic: e.Topic, Urgency: e.Urgency, Why: e.Why,
		}
		if e.Why != earshot.BecauseWithdrawn {
			a.Mention = &earshot.Mention{ID: step.Mention()}
		}
		raised = append(raised, a)
	}
	return raised
}

// play enters what a faultless daemon would raise, as change makes of it.
func play(t *testing.T, change func(earshot.Alert) []earshot.Alert) story.Report {
	t.Helper()
	s := read(t)
	ledger, revision := story.NewLedger(s), map[string]int{}
	for _, step := range s.Steps {
		ledger.Tell(step)
		for _, a := range asExpected(s, step, revision) {
			for _, b := range change(a) {
				ledger.Enter(b)
			}
		}
	}
	return ledger.Report()
}

// Only exactly the expected alerts are accepted; whatever else a daemon may do
// shows as missing, unexpected or both.
func TestLedger(t *testing.T) {
	same := func(a earshot.Alert) []earshot.Alert { return []earshot.Alert{a} }
	with := func(change func(*earshot.Alert)) func(earshot.Alert) []earshot.Alert {
		done := false
		return func(a earshot.Alert) []earshot.Alert {
			if !done && a.Why == earshot.BecauseEscalated {
				done = true
				change(&a)
			}
			return []earshot.Alert{a}
		}
	}
	tests := []struct {
		name                string
		change              func(earshot.Alert) []earshot.Alert
		missing, unexpected int
	}{
		{"faultless", same, 0, 0},
		{"handed out twice", func(a earshot.Alert) []earshot.Alert { return []earshot.Alert{a, a} }, 0, 0},
		{"another team", with(func(a *earshot.Alert) { a.Team = "ops" }), 1, 1},
		{"another brand", with(func(a *earshot.Alert) { a.Brand = earshot.All }), 1, 1},
		{"another kind", with(func(a *earshot.Alert) { a.Kind = earshot.KindSilence }), 1, 1},
		{"another topic", with(func(a *earshot.Alert) { a.Topic = "weather" }), 1, 1},
		{"another urgency", with(func(a *earshot.Alert) { a.Urgency = "dire" }), 1, 1},
		{"another reason", with(func(a *earshot.Alert) { a.Why = earshot.BecauseReminder }), 1, 1},
		{"another post", with(func(a *earshot.Alert) { a.Mention = &earshot.Mention{ID: "rss:elsewhere"} }), 1, 1},
		{"another case", with(func(a *earshot.Alert) { a.Case = "elsewhere" }), 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := play(t, tt.change)
			if len(r.Missing) != tt.missing || len(r.Unexpected) != tt.unexpected || r.Exact() != (tt.missing+tt.unexpected == 0) {
				t.Errorf("missing %v, unexpected %v, want %d and %d", r.Missing, r.Unexpected, tt.missing, tt.unexpected)
			}
		})
	}
}

// Alerts of the tale's first matter do not meet expectations of steps that have
// not happened, and raised out of nothing they are unexpected.
func TestLedgerKnowsTheFuture(t *testing.T) {
	s := read(t)
	i := slices.IndexFunc(s.Steps, func(step story.Step) bool { return len(step.Expect) > 0 && step.Expect[0].Why != story.Held })
	ledger := story.NewLedger(s)
	for _, a := range asExpected(s, s.Steps[i], map[string]int{}) {
		ledger.Enter(a)
	}
	if r := ledger.Report(); len(r.Unexpected) != len(s.Steps[i].Expect) {
		t.Errorf("unexpected %v, want all alerts before their step", r.Unexpected)
	}
}

// Settled waits for the alerts of what was told of a matter and for no others.
func TestLedgerSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := read(t)
		i := slices.IndexFunc(s.Steps, func(step story.Step) bool { return len(step.Expect) > 0 && step.Expect[0].Why != story.Held })
		step, ledger := s.Steps[i], story.NewLedger(s)
		if err := ledger.Settled(t.Context(), step.Case); err != nil {
			t.Fatalf("nothing was told, and yet it waited: %v", err)
		}
		ledger.Tell(step)
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := ledger.Settled(short, step.Case); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("the alert has not come in, and yet: %v", err)
		}
		if err := ledger.Settled(t.Context(), "another matter"); err != nil {
			t.Fatalf("it waited for another matter: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- ledger.Complete(t.Context()) }()
		synctest.Wait()
		for _, a := range asExpected(s, step, map[string]int{}) {
			ledger.Enter(a)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}
