package alerts_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
	"earshot/alerts/crisis"
)

// crowded are five quiet days and an hour in which a crowd complains.
func crowded() []earshot.Stored {
	var list []earshot.Stored
	add := func(when time.Time, options ...option) {
		n := uint64(len(list) + 1)
		list = append(list, at(n, when, append([]option{words(n)}, options...)...))
	}
	for half := range 48 * 5 {
		add(noon.Add(time.Duration(half)*30*time.Minute), feels(.1))
	}
	for minute := range 60 {
		for n := range 3 {
			network := func(s *earshot.Stored) { s.Mention.Network = []string{"x", "bluesky", "reddit"}[n] }
			add(noon.Add(5*24*time.Hour+time.Duration(minute)*time.Minute), feels(-.8), network)
		}
	}
	return list
}

// alarms deals with the list and returns what PR was told of crises, in order. The log
// fails at one call.
func alarms(t *testing.T, list []earshot.Stored, broken int, fault alertstest.Fault) (told []string, calls int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log, mentions := &alertstest.Log{}, &alertstest.Mentions{}
		log.Break = func(call int, _ string) alertstest.Fault {
			if call == broken {
				return fault
			}
			return alertstest.Fine
		}
		mentions.Size = func(int) int { return 40 }
		mentions.Add(list...)
		log.Stored = mentions
		end := list[len(list)-1].Mention.Heard
		engine, problems := alerts.New(alerts.Options{Log: log, Now: func() time.Time { return end }}, config)
		if problems != nil {
			t.Fatal(problems)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := engine.Run(ctx, mentions); err != nil {
			t.Fatal(err)
		}
		for _, a := range log.Left() {
			if a.Evidence != nil {
				told = append(told, fmt.Sprint(a.ID, " ", a.Why, " ", a.Evidence.To, " ", a.Evidence.Window.To.Format(time.TimeOnly)))
			}
		}
		calls = log.Calls()
	})
	return told, calls
}

// Whatever goes wrong in storing, a crisis is told of as if nothing had.
func TestCrisisOverFaults(t *testing.T) {
	list := crowded()
	want, calls := alarms(t, list, 0, alertstest.Fine)
	if len(want) < 2 || len(slices.Compact(slices.Clone(want))) != len(want) {
		t.Fatalf("without a fault pr is told %v", want)
	}
	for call := range calls {
		for _, fault := range []alertstest.Fault{alertstest.Refused, alertstest.LostAck} {
			if got, _ := alarms(t, list, call+1, fault); !cmp.Equal(want, got) {
				t.Errorf("with a fault (%v) at call %d pr is told %v, want %v", fault, call+1, got, want)
			}
		}
	}
}

// What a team was told of before, or what came before that, is not told again; and a
// topic that was silent beside a louder one may be told of first by an update.
func TestAlarmIsNews(t *testing.T) {
	team := alerts.Team{Name: "pr"}
	change := func(minute int, from, to earshot.Alarm) *crisis.Transition {
		return &crisis.Transition{From: from, To: to, At: noon.Add(time.Duration(minute) * time.Minute), Evidence: earshot.Evidence{From: from, To: to}}
	}
	update := change(30, earshot.InCrisis, earshot.InCrisis)
	update.Update = true
	if event, tells := alerts.Alarm(team, nil, "acme", update, earshot.Recovering, noon); !tells || event.Alert.Why != earshot.BecauseNew {
		t.Errorf("an update of what was silent beside another: %v, %+v", tells, event.Alert)
	}
	if _, tells := alerts.Alarm(team, nil, "acme", update, earshot.InCrisis, noon); tells {
		t.Error("an update of what another is as loud about was told")
	}
	event, tells := alerts.Alarm(team, nil, "acme", change(10, earshot.Elevated, earshot.InCrisis), earshot.Calm, noon)
	if !tells {
		t.Fatal("a crisis was not told")
	}
	for _, stale := range []*crisis.Transition{change(5, earshot.Watch, earshot.Elevated), change(10, earshot.Elevated, earshot.InCrisis)} {
		if again, tells := alerts.Alarm(team, &event.Case, "acme", stale, earshot.Calm, noon); tells {
			t.Errorf("told again: %+v", again.Alert)
		}
	}
	if _, tells := alerts.Alarm(team, &event.Case, "acme", change(90, earshot.InCrisis, earshot.Recovering), earshot.Calm, noon); !tells {
		t.Error("the end of a crisis was not told")
	}
}

// partRead is a log of which more is stored than has been handed out.
type partRead struct {
	*alertstest.Mentions
	all atomic.Bool
}

func (m *partRead) AllRead() bool { return m.all.Load() }

// While the log is still being read nobody is told that a crisis fades.
func TestCrisisOfAPartlyReadLog(t *testing.T) {
	list := crowded()
	synctest.Test(t, func(t *testing.T) {
		log, mentions := &alertstest.Log{}, &partRead{Mentions: &alertstest.Mentions{}}
		mentions.Add(list...)
		later := list[len(list)-1].Mention.Heard.Add(3 * time.Hour)
		engine, problems := alerts.New(alerts.Options{Log: log, Now: func() time.Time { return later }}, config)
		if problems != nil {
			t.Fatal(problems)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- engine.Run(ctx, mentions) }()
		fades := func() bool {
			<-time.After(time.Minute) // of the bubble's time
			return slices.ContainsFunc(log.Left(), func(a earshot.Alert) bool { return a.Evidence != nil && a.Evidence.To == earshot.Recovering })
		}
		if fades() {
			t.Error("pr was told that the crisis fades before the log was read")
		}
		mentions.all.Store(true)
		if !fades() {
			t.Error("pr was not told that the crisis fades")
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
