package alerts_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
	"earshot/alerts/noise"
)

// However often the daemon dies, and whatever is edited or deleted while it is
// dead, each event of a case is told of exactly once and in order, and in the end
// the cases hold what the mentions then say.
func TestManyLives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := randomStory(rt)
		sizes := rapid.SliceOfN(rapid.IntRange(1, 30), 1, 5).Draw(rt, "sizes")
		deaths := rapid.SliceOfN(rapid.IntRange(1, 25), 0, 4).Draw(rt, "deaths")
		fault := rapid.SampledFrom([]alertstest.Fault{alertstest.Refused, alertstest.LostAck}).Draw(rt, "fault")
		synctest.Test(t, func(t *testing.T) {
			log := &alertstest.Log{}
			for i, calls := range deaths {
				heard := len(list) * (i + 1) / (len(deaths) + 1)
				dieAfter(t, log, calls, fault, life{log, mentionsOf(list[:heard], sizes), config})
			}
			life{log, mentionsOf(list, sizes), config}.run(t, nil)
			checkTold(t, log, list)
			checkCounts(t, log, list)
			checkErased(t, log, list)
		})
	})
}

func dieAfter(t *testing.T, log *alertstest.Log, calls int, fault alertstest.Fault, l life, mutes ...noise.Mute) {
	t.Helper()
	died := make(chan struct{})
	last := log.Calls() + calls
	log.Break = func(call int, _ string) alertstest.Fault {
		switch {
		case call == last:
			close(died)
			return fault
		case call > last:
			return alertstest.Refused
		}
		return alertstest.Fine
	}
	l.runMuted(t, 8*time.Second, died, mutes)
	log.Break = nil
}

// mentionsOf is the log as a restarted daemon finds it: of each mention the last
// version is left.
func mentionsOf(list []earshot.Stored, sizes []int) *alertstest.Mentions {
	turn := 0
	m := &alertstest.Mentions{Size: func(int) int { turn++; return sizes[turn%len(sizes)] }}
	m.Add(lastVersions(list)...)
	return m
}

func lastVersions(list []earshot.Stored) []earshot.Stored {
	last := map[string]uint64{}
	for _, s := range list {
		last[s.Mention.ID] = s.Sequence
	}
	return slices.DeleteFunc(slices.Clone(list), func(s earshot.Stored) bool { return last[s.Mention.ID] != s.Sequence })
}

// checkTold compares what was told with what was decided, and the words with those
// of the mention that brought the alert about.
func checkTold(t *testing.T, log *alertstest.Log, list []earshot.Stored) {
	t.Helper()
	told, err := outcome(log)
	if err != nil {
		t.Fatal(err)
	}
	var decided []earshot.Alert
	events := map[string]earshot.CaseEvent{}
	for _, e := range log.All() {
		if e.Alert == nil {
			continue // the team hears of it later
		}
		alert := *e.Alert
		alert.Story = nil // told, it says where people can look, too
		decided = append(decided, alert)
		events[e.Alert.ID] = e
	}
	sortAlerts(decided)
	for i := range told {
		event := events[told[i].ID]
		if event.Cause == 0 { // time has brought it about
			told[i].Mention, told[i].Verdict, told[i].Summary, told[i].Story = nil, nil, "", nil
			continue
		}
		of := list[event.Cause-1]
		if m := told[i].Mention; m != nil && m.Text != of.Mention.Text && !(bare(&told[i]) && superseded(list, &of.Mention)) {
			t.Fatalf("%s has the words of another version of %s: %s", told[i].ID, of.Mention.ID, told[i].Summary)
		}
		if (told[i].Mention == nil) != (event.Event == alerts.Withdrawn) {
			t.Fatalf("%s: mention %v", told[i].ID, told[i].Mention)
		}
		told[i].Mention, told[i].Verdict, told[i].Summary, told[i].Story = nil, nil, "", nil
	}
	if diff := cmp.Diff(decided, told, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("decided and told differ (-decided +told):\n%s", diff)
	}
}

// checkErased finds alerts that still say what an author has taken back.
func checkErased(t *testing.T, log *alertstest.Log, list []earshot.Stored) {
	t.Helper()
	last := map[string]earshot.Stored{}
	for _, s := range list {
		last[s.Mention.ID] = s
	}
	for _, a := range log.Left() {
		if a.Mention == nil || bare(&a) {
			continue
		}
		if s, heard := last[a.Mention.ID]; heard && (s.Verdict == nil || s.Mention.Text != a.Mention.Text) {
			t.Fatalf("%s still says %q of %s, which says %q now", a.ID, a.Mention.Text, a.Mention.ID, s.Mention.Text)
		}
	}
}

func checkCounts(t *testing.T, log *alertstest.Log, list []earshot.Stored) {
	t.Helper()
	want, got := map[string]int{"cs": 0, "pr": 0}, map[string]int{"cs": 0, "pr": 0}
	for _, s := range lastVersions(list) {
		if s.Verdict != nil {
			for _, route := range s.Verdict.Routes {
				want[route.Team]++
			}
		}
	}
	last := map[string]earshot.Case{}
	for _, e := range log.All() {
		last[fmt.Sprint(e.Case.Team, ".", e.Case.ID)] = e.Case
	}
	for _, c := range last {
		got[c.Team] += c.Count
		if len(c.Members) != c.Count || c.Reach != int64(10*c.Count) || (c.State == earshot.Expired) != (c.Count == 0) {
			t.Errorf("case does not add up: %+v", c)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("mentions in cases (-want +got):\n%s", diff)
	}
}
