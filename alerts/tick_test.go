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
	"earshot/alerts/duty"
)

// onCall is a team with clocks, a lead and a rota of two.
var onCall = alerts.Team{
	Name:          "cs",
	RespondWithin: duty.Limits{earshot.Critical: 17 * time.Minute, earshot.High: time.Hour},
	ResolveWithin: duty.Limits{earshot.High: 4 * time.Hour},
	People:        []duty.Person{{Name: "ann"}, {Name: "bob"}, {Name: "lea"}},
	Lead:          "lea",
	Rota: duty.Rota{
		Zone: "UTC", Shifts: []duty.Shift{{From: "2000-01-01", Every: 7 * 24 * time.Hour, People: []string{"ann", "bob"}}},
		Fallback: duty.Fallback{Team: "pr"},
	},
}

// reminders lists what was told, a line an alert.
func reminders(list []earshot.Alert) []string {
	var lines []string
	for _, a := range list {
		line := fmt.Sprintf("%s %s", a.Team, a.Why)
		if len(a.To) > 0 {
			line += " " + a.To[0]
		}
		if a.Reminder != "" {
			line += ": " + a.Reminder
		}
		lines = append(lines, line)
	}
	return lines
}

// What nobody claims goes round the rota, then to whoever stands in; clocks that
// are near or have passed go to the lead; each once, whenever the daemon dies.
func TestClocksAndRota(t *testing.T) {
	for name, lives := range map[string]int{"one life": 1, "many lives": 9} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
				l.config.Teams = []alerts.Team{onCall, config.Teams[1]}
				now := time.Now()
				s := post(1, "a", angry, danger)
				s.Mention.Heard, s.Mention.Posted = now, now
				l.mentions.Add(s)
				for range lives {
					l.runFor(t, 18*time.Minute/time.Duration(lives), nil)
				}
				var cs []earshot.Alert
				for _, a := range l.log.Alerts() {
					if a.Team == "cs" || a.Reminder != "" {
						cs = append(cs, a)
					}
				}
				want := []string{
					"cs new",
					"cs reminder ann: nobody has claimed it for 5 minutes: ann is called",
					"cs reminder bob: nobody has claimed it for 10 minutes: bob is called",
					"cs reminder lea: the first answer is due in 3 minutes",
					"pr reminder: nobody has claimed it for 15 minutes, and at team cs nobody of the rota has answered",
					"cs reminder lea: the first answer was due less than a minute ago",
				}
				if diff := cmp.Diff(want, reminders(cs)); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// However time passes over a case and whatever a person does to it meanwhile, each
// thing that is due is told once, and asking again says that nothing is due.
func TestTick(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon
		c := earshot.Case{
			ID: "c", Team: "cs", Brand: "acme", State: earshot.Open, Band: rapid.SampledFrom(earshot.BandNames()).Draw(t, "band"),
			Opened: now, Spoke: now, ToldAt: now, Count: 1,
		}
		if rapid.Bool().Draw(t, "critical") {
			c.PageAt = now.Add(5 * time.Minute)
		}
		onCall.Clocks().Wind(&c)
		seen := map[string]bool{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 6).Draw(t, "act") {
			case 0:
				c.State, c.Owner, c.PageAt = earshot.Claimed, "ann", time.Time{}
			case 1:
				c.State, c.MutedTill = earshot.Muted, now.Add(time.Hour)
			case 2:
				c.State, c.Answered = earshot.Answered, now
				onCall.Clocks().Wind(&c)
			case 3:
				c.Untold, c.TellAt = c.Untold+1, now.Add(5*time.Minute)
			}
			for ticks := 0; ; ticks++ {
				event, due := alerts.Tick(onCall, &c, now)
				if !due {
					break
				}
				if ticks > 8 {
					t.Fatalf("ticks for ever: %+v", event)
				}
				key := fmt.Sprint(event.Event, event.To, event.Case.Clocks, event.Case.Told, event.At)
				if seen[key] {
					t.Fatalf("told twice: %s", key)
				}
				seen[key] = true
				if event.Alert != nil && event.Case.Told != c.Told+1 || event.Alert == nil && event.Case.Told != c.Told {
					t.Fatalf("told %d after %d: %+v", event.Case.Told, c.Told, event)
				}
				c = event.Case
			}
		}
	})
}
