package alerts_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/alertstest"
	"earshot/alerts/noise"
)

// heldBack is a configuration that holds back most of what happens.
func heldBack() alerts.Config {
	c := config
	c.Noise.Limits = map[string]noise.Limit{"cs": {Alerts: 2, Per: 24 * time.Hour}}
	c.Noise.Digest = time.Minute
	return c
}

// What is held back is in a digest, once, whatever call the daemon dies at and
// whether that call was carried out.
func TestHeldIsCountedAnywhere(t *testing.T) {
	var list []earshot.Stored
	for n := range uint64(4) {
		list = append(list, post(n+1, fmt.Sprint(n), angry))
	}
	list = append(list, post(5, "fire", danger, routes(earshot.Route{Team: "cs", Kind: earshot.KindCustomer})))
	for _, fault := range []alertstest.Fault{alertstest.Refused, alertstest.LostAck} {
		for call, over := 1, false; !over; call++ {
			synctest.Test(t, func(t *testing.T) {
				log := &alertstest.Log{}
				l := life{log, &alertstest.Mentions{Size: func(int) int { return 2 }}, heldBack()}
				l.mentions.Add(list...)
				dieAfter(t, log, call, fault, l)
				over = log.Calls() < call
				l.mentions.Rewind()
				l.runFor(t, 3*time.Minute, nil)
				if checkHeld(t, log); t.Failed() {
					t.Fatalf("dead at call %d (%v)", call, fault)
				}
				told := 0
				for _, a := range log.Alerts() {
					if a.Team == "cs" && a.Held == nil {
						told++
					}
				}
				if told != 3 {
					t.Fatalf("dead at call %d (%v): %d were told, not two and the danger", call, fault, told)
				}
			})
		}
	}
}

// The same over many deaths in a row, with edits and deletions, a mute and digests
// in between.
func TestHeldOverManyLives(t *testing.T) {
	matchers, err := noise.Parse("team=pr")
	if err != nil {
		t.Fatal(err)
	}
	plays := rapid.Custom(func(rt *rapid.T) heldPlay {
		return heldPlay{
			list:   randomStory(rt),
			sizes:  rapid.SliceOfN(rapid.IntRange(1, 30), 1, 5).Draw(rt, "sizes"),
			deaths: rapid.SliceOfN(rapid.IntRange(1, 25), 1, 4).Draw(rt, "deaths"),
			fault:  rapid.SampledFrom([]alertstest.Fault{alertstest.Refused, alertstest.LostAck}).Draw(rt, "fault"),
		}
	})
	held, one := 0, heldBack()
	one.Noise.Limits = map[string]noise.Limit{"cs": {Alerts: 1, Per: 24 * time.Hour}}
	for seed := range 60 {
		play := plays.Example(seed)
		list, sizes, deaths, fault := play.list, play.sizes, play.deaths, play.fault
		synctest.Test(t, func(t *testing.T) {
			mute := noise.Mute{ID: "strike", Matchers: matchers, By: "ann", Why: "known", From: time.Now(), Until: time.Now().Add(3 * time.Minute)}
			log := &alertstest.Log{}
			for i, calls := range deaths {
				heard := len(list) * (i + 1) / (len(deaths) + 1)
				dieAfter(t, log, calls, fault, life{log, mentionsOf(list[:heard], sizes), one}, mute)
			}
			life{log, mentionsOf(list, sizes), one}.runMuted(t, 5*time.Minute, nil, []noise.Mute{mute})
			held += checkHeld(t, log)
			if t.Failed() {
				t.Fatalf("play %d", seed)
			}
		})
	}
	if held < 20 {
		t.Errorf("only %d were held back: the test shows nothing", held)
	}
}

// heldPlay is what is heard and when the daemon dies over it.
type heldPlay struct {
	list   []earshot.Stored
	sizes  []int
	deaths []int
	fault  alertstest.Fault
}

// checkHeld compares what digests say with what the cases say was held back.
func checkHeld(t *testing.T, log *alertstest.Log) (held int) {
	t.Helper()
	want, got := map[string]int{}, map[string]int{}
	for _, e := range log.All() {
		if e.Held != "" {
			want[e.Case.Team+" by "+e.Held]++
			held++
		}
	}
	for _, a := range log.Alerts() {
		if a.Held == nil {
			continue
		}
		counted := 0
		for _, why := range a.Held.Why {
			got[a.Team+" by "+why.Name] += why.Count
			counted += why.Count
		}
		if counted != a.Held.Alerts {
			t.Errorf("%d were held back, and %d for reasons", a.Held.Alerts, counted)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("held back by the cases and told of in digests (-cases +digests):\n%s", diff)
	}
	return held
}
