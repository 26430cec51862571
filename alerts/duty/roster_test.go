package duty_test

import (
	"strings"
	"testing"
	"time"

	"earshot/alerts/duty"
)

var team = []duty.Person{
	{Name: "ann", Skills: []string{"battery"}, Languages: []string{"da", "en"}, Away: []duty.Absence{{From: "2026-12-21", To: "2027-01-03"}}},
	{Name: "bob", Skills: []string{"legal"}, Languages: []string{"en"}},
	{Name: "cem", Skills: []string{"Battery"}, Languages: []string{"tr", "de"}, Away: []duty.Absence{{From: "2026-11-25 12:00", To: "2026-11-25 14:00"}}},
	{Name: "dee"},
}

func weekly() duty.Rota {
	return duty.Rota{
		Zone:     copenhagen,
		Shifts:   []duty.Shift{{From: "2026-11-23 09:00", Every: 7 * 24 * time.Hour, People: []string{"ann", "bob", "cem"}}},
		Fallback: duty.Fallback{Team: "pr"},
	}
}

func names(people []duty.Person) string {
	var list []string
	for _, p := range people {
		list = append(list, p.Name)
	}
	return strings.Join(list, " ")
}

// Turns change at their time of day, in summer and in winter; who is away is not
// called, and who stands in is called first.
func TestOnDuty(t *testing.T) {
	nights := weekly()
	nights.Shifts[0].Hours = []duty.Span{{From: "17:00", To: "08:00"}}
	two := weekly()
	two.Shifts = append(two.Shifts, duty.Shift{From: "2026-11-23", People: []string{"dee"}})
	override := weekly()
	override.Overrides = []duty.Override{{Person: "dee", From: "2026-11-24", To: "2026-11-24"}, {Person: "cem", From: "2026-11-24 12:00", To: "2026-11-24 13:00"}}
	daily := weekly()
	daily.Shifts[0].From, daily.Shifts[0].Every = "2026-10-23 02:30", 24*time.Hour
	for _, tt := range []struct {
		name string
		rota duty.Rota
		at   string
		want string
	}{
		{"before the rota", weekly(), "2026-11-23 08:59", ""},
		{"first week", weekly(), "2026-11-23 09:00", "ann bob cem"},
		{"last minute of it", weekly(), "2026-11-30 08:59", "ann bob cem"},
		{"second week", weekly(), "2026-11-30 09:00", "bob cem ann"},
		{"third week", weekly(), "2026-12-07 09:00", "cem ann bob"},
		{"fourth week", weekly(), "2026-12-14 09:00", "ann bob cem"},
		{"the last day before the holiday", weekly(), "2026-12-20 23:59", "ann bob cem"},
		{"away on the first day", weekly(), "2026-12-21 00:00", "bob cem"},
		{"away on the last day", weekly(), "2027-01-03 23:59", "cem bob"},
		{"back", weekly(), "2027-01-04 00:00", "cem ann bob"},
		{"away for two hours", weekly(), "2026-11-25 12:00", "ann bob"},
		{"and back", weekly(), "2026-11-25 14:00", "ann bob cem"},
		{"after the clocks changed in March", weekly(), "2027-04-05 08:59", "ann bob cem"},
		{"nine is nine in summer", weekly(), "2027-04-05 09:00", "bob cem ann"},
		{"not by day", nights, "2026-11-24 12:00", ""},
		{"by night", nights, "2026-11-24 17:00", "ann bob cem"},
		{"in the morning after", nights, "2026-11-25 07:59", "ann bob cem"},
		{"two shifts", two, "2026-11-24 12:00", "ann dee bob cem"},
		{"somebody stands in", override, "2026-11-24 08:00", "dee ann bob cem"},
		{"two stand in", override, "2026-11-24 12:30", "dee cem ann bob"},
		{"that is over", override, "2026-11-25 00:00", "ann bob cem"},
		{"daily", daily, "2026-10-24 02:29", "ann bob cem"},
		{"the hour that comes twice", daily, "2026-10-25 02:30 +0200", "cem ann bob"},
		{"changes once", daily, "2026-10-25 02:15 +0100", "cem ann bob"},
		{"before the hour that is skipped", daily, "2027-03-28 01:59", "cem ann bob"},
		{"after it", daily, "2027-03-28 03:00", "ann bob cem"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if problems := duty.CheckRota("", team, tt.rota, duty.Hours{}); problems != nil {
				t.Fatal(problems)
			}
			if got := names(duty.NewRoster(team, tt.rota, duty.Hours{}).OnDuty(in(t, copenhagen, tt.at))); got != tt.want {
				t.Errorf("on duty: %q, want %q", got, tt.want)
			}
		})
	}
}

// Nobody is called twice, and the fallback says why it is called.
func TestNext(t *testing.T) {
	at := in(t, copenhagen, "2026-12-22 12:00") // ann is away
	person := weekly()
	person.Fallback = duty.Fallback{Person: "ann"}
	nobody := weekly()
	nobody.Shifts[0].People = []string{"ann"}
	for _, tt := range []struct {
		name string
		rota duty.Rota
		want string
	}{
		{"a team", weekly(), "bob, cem, team:pr: nobody of the rota has answered"},
		{"a person, even away", person, "bob, cem, ann: nobody of the rota has answered"},
		{"nobody on duty", nobody, "team:pr: nobody of the rota is on duty"},
		{"no rota", duty.Rota{}, ""},
	} {
		roster := duty.NewRoster(team, tt.rota, duty.Hours{})
		var called, told []string
		for call, ok := roster.Next(at, called); ok; call, ok = roster.Next(at, called) {
			called = append(called, call.Name())
			text := call.Name()
			if call.Because != "" {
				text += ": " + call.Because
			}
			told = append(told, text)
		}
		if got := strings.Join(told, ", "); got != tt.want {
			t.Errorf("%s: called %q, want %q", tt.name, got, tt.want)
		}
	}
}

// The one who knows is found among those on duty.
func TestWhoKnows(t *testing.T) {
	roster := duty.NewRoster(team, weekly(), duty.Hours{})
	at := in(t, copenhagen, "2026-12-08 12:00")
	for _, tt := range []struct{ skill, language, want string }{
		{"battery", "", "cem ann"}, {"battery", "da", "ann"}, {"", "de-AT", "cem"}, {"legal", "de", ""}, {"", "", "cem ann bob"},
	} {
		if got := names(roster.WhoKnows(at, tt.skill, tt.language)); got != tt.want {
			t.Errorf("knows %q and speaks %q: %q, want %q", tt.skill, tt.language, got, tt.want)
		}
	}
}
