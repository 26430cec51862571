package duty_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts/duty"
)

const copenhagen = "Europe/Copenhagen"

func support() duty.Clocks {
	return duty.Clocks{
		First:    duty.Limits{earshot.Critical: 15 * time.Minute, earshot.High: time.Hour, earshot.Normal: 8 * time.Hour},
		Next:     duty.Limits{earshot.High: 2 * time.Hour, earshot.Normal: 8 * time.Hour},
		Resolve:  duty.Limits{earshot.Critical: 4 * time.Hour, earshot.High: 16 * time.Hour, earshot.Normal: 40 * time.Hour},
		Calendar: office(copenhagen).Calendar(),
	}
}

// Friday 18:05: what is critical is due at once, whatever is not waits for Monday.
func TestFridayEvening(t *testing.T) {
	friday := in(t, copenhagen, "2026-11-27 18:05")
	for band, want := range map[earshot.Band]string{
		earshot.Critical: "2026-11-27 18:20",
		earshot.High:     "2026-11-30 10:00",
		earshot.Normal:   "2026-11-30 17:00",
	} {
		c := earshot.Case{State: earshot.Open, Band: band, Opened: friday}
		support().Wind(&c)
		if !c.RespondBy.Equal(in(t, copenhagen, want)) {
			t.Errorf("a %s case is due %s, want %s", band, c.RespondBy, want)
		}
	}
	c := earshot.Case{State: earshot.Open, Band: earshot.Low, Opened: friday}
	support().Wind(&c)
	if len(support().Running(&c)) != 0 {
		t.Error("a band without limits has a clock")
	}
	clocks := support()
	clocks.Always = []earshot.Band{}
	c = earshot.Case{State: earshot.Open, Band: earshot.Critical, Opened: friday}
	if clocks.Wind(&c); !c.RespondBy.Equal(in(t, copenhagen, "2026-11-30 09:15")) {
		t.Errorf("without bands around the clock a critical case is due %s", c.RespondBy)
	}
}

// due lists the clocks that run, in the zone of the team.
func due(t *testing.T, clocks duty.Clocks, c *earshot.Case) []string {
	t.Helper()
	zone, err := time.LoadLocation(copenhagen)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, d := range clocks.Running(c) {
		list = append(list, string(d.Name)+" "+d.At.In(zone).Format("Mon 15:04")+", near "+d.Near.In(zone).Format("Mon 15:04"))
	}
	return list
}

// A case from its first word to its last.
func TestLifeOfAClock(t *testing.T) {
	clocks := support()
	c := earshot.Case{State: earshot.Open, Band: earshot.Normal}
	c.Opened = in(t, copenhagen, "2026-11-23 09:00") // a Monday
	c.Spoke = c.Opened
	step := func(what string, want ...string) {
		t.Helper()
		clocks.Wind(&c)
		once := c
		if clocks.Wind(&c); !cmp.Equal(once, c) {
			t.Error("winding twice is not winding once")
		}
		if diff := cmp.Diff(want, due(t, clocks, &c)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	step("opened", "first_reply Mon 17:00, near Mon 15:24", "resolution Fri 17:00, near Thu 17:00")
	c.Band = earshot.High
	step("more urgent", "first_reply Mon 10:00, near Mon 09:48", "resolution Tue 17:00, near Tue 13:48")
	c.Band = earshot.Normal
	step("less urgent again", "first_reply Mon 10:00, near Mon 09:48", "resolution Tue 17:00, near Tue 13:48")

	c.State, c.Answered = earshot.Answered, in(t, copenhagen, "2026-11-23 09:30")
	step("answered: nothing runs")

	c.State, c.Spoke = earshot.Claimed, in(t, copenhagen, "2026-11-24 09:30")
	clocks.Resume(&c, c.Answered, c.Spoke)
	if c.Waited != 8*time.Hour {
		t.Errorf("it waited %s, want a working day", c.Waited)
	}
	step("the customer spoke", "next_reply Wed 09:30, near Tue 15:54", "resolution Wed 17:00, near Wed 13:48")
	c.Spoke = in(t, copenhagen, "2026-11-24 16:00")
	step("and again: the first word counts", "next_reply Wed 09:30, near Wed 09:12", "resolution Wed 17:00, near Wed 13:48")
	c.Band = earshot.High
	c.Spoke = in(t, copenhagen, "2026-11-24 09:30")
	step("more urgent", "next_reply Tue 11:30, near Tue 11:06", "resolution Wed 17:00, near Wed 13:48")

	c.State, c.Resolved = earshot.Resolved, in(t, copenhagen, "2026-11-24 11:00")
	step("resolved: nothing runs")
	c.State, c.Merged = earshot.Claimed, "other"
	step("merged: nothing runs")
}

// A limit that was set while a case was critical may lie in the night; it is near
// before it.
func TestNearAtNight(t *testing.T) {
	clocks := support()
	c := earshot.Case{State: earshot.Open, Band: earshot.Critical, Opened: in(t, copenhagen, "2026-11-28 02:00")}
	clocks.Wind(&c)
	want := []string{"first_reply Sat 02:15, near Sat 02:12", "resolution Sat 06:00, near Sat 05:12"}
	if diff := cmp.Diff(want, due(t, clocks, &c)); diff != "" {
		t.Errorf("critical (-want +got):\n%s", diff)
	}
	c.Band = earshot.Normal
	clocks.Wind(&c)
	if diff := cmp.Diff(want, due(t, clocks, &c)); diff != "" {
		t.Errorf("no longer critical (-want +got):\n%s", diff)
	}
}

// Whatever becomes of a case, a limit moves away only by the time for which the
// case waited, and is near before it is missed.
func TestClockProperties(t *testing.T) {
	clocks := support()
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
		pass := func() {
			at = at.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "minutes")) * time.Minute)
		}
		c := earshot.Case{State: earshot.Open, Band: earshot.Normal, Opened: at, Spoke: at}
		clocks.Wind(&c)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			pass()
			before, mayMove := c, false
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				c.Band = rapid.SampledFrom(earshot.BandNames()).Draw(t, "band")
			case 1:
				c.State, c.Answered = earshot.Answered, at
			case 2:
				if c.State == earshot.Answered {
					clocks.Resume(&c, c.Answered, at)
					c.State, c.Spoke, mayMove = earshot.Claimed, at, true
				}
			}
			clocks.Wind(&c)
			if c.RespondBy.After(before.RespondBy) || !mayMove && !before.ResolveBy.IsZero() && c.ResolveBy.After(before.ResolveBy) {
				t.Fatalf("a limit moved away: %+v to %+v", before, c)
			}
			if !before.NextBy.IsZero() && c.NextBy.After(before.NextBy) {
				t.Fatal("the answer may come later than it had to")
			}
			for _, d := range clocks.Running(&c) {
				if d.Near.After(d.At) || d.Near.Before(c.Opened) {
					t.Fatalf("%s is near %s and missed %s", d.Name, d.Near, d.At)
				}
			}
		}
	})
}
