package duty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts/duty"
)

// All that is wrong is said at once, with the place and what to write instead.
func TestProblems(t *testing.T) {
	clocks := duty.Clocks{
		First:   duty.Limits{"soon": time.Hour, earshot.High: 0},
		Next:    duty.Limits{earshot.High: -time.Hour},
		Resolve: duty.Limits{earshot.Low: 400 * 24 * time.Hour},
		Warn:    1, Always: []earshot.Band{"urgent"},
	}
	hours := duty.Hours{
		Zone: "Local",
		Open: []duty.Span{{Days: []string{"mon-fry", "friday"}, From: "9", To: "25:00"}, {From: "09:00", To: "09:00"}, {From: "24:00", To: "12:00"}},
		Holidays: duty.Holidays{
			Country: "atlantis", Closed: []string{"24.12.", "12-24", "2026-02-29", "12-24"},
			Short: []duty.Short{{Date: "12-24", From: "8:00pm", To: "12:00"}},
		},
	}
	people := []duty.Person{
		{Name: "ann", Away: []duty.Absence{{From: "2026-12-24", To: "2026-12-23"}, {From: "soon", To: "2026-12-24 25:00"}}},
		{Name: "ann", Skills: []string{" "}},
		{},
		{Name: "Bob B.", Languages: []string{""}},
	}
	rota := duty.Rota{
		Zone:      "Mars/Olympus",
		Shifts:    []duty.Shift{{From: "monday", Every: 36 * time.Hour, People: []string{"ann", "cem"}, Hours: []duty.Span{{From: "08:00"}}}, {From: "2026-11-23", Every: 24 * time.Hour}},
		Overrides: []duty.Override{{Person: "dee", From: "2026-12-24", To: "2026-12-24"}},
		Fallback:  duty.Fallback{Person: "ann", Team: "pr"},
	}
	problems := clocks.Check("t")
	problems = append(problems, hours.Check("t.hours")...)
	problems = append(problems, duty.CheckRota("t", people, rota, hours)...)
	problems = append(problems, duty.CheckRota("u", people[:1], duty.Rota{Shifts: []duty.Shift{{From: "2026-11-23", People: []string{"ann"}}}, Fallback: duty.Fallback{}}, duty.Hours{})...)
	problems = append(problems, duty.Hours{Zone: "UTC", Holidays: duty.Holidays{Country: "dk"}}.Check("v")...)
	want := `t.respond_within.high: nobody can answer in no time (such as 1h; leave it out for no clock)
t.respond_within.soon: there is no urgency "soon" (one of low, normal, high, critical)
t.next_reply_within.high: nobody can answer in no time (such as 1h; leave it out for no clock)
t.resolve_within.low: nobody waits for years (at most 366d, such as 8h)
t.warn_at: not a share of the time (more than 0 and less than 1, such as 0.8)
t.around_the_clock[0]: there is no urgency "urgent" (one of low, normal, high, critical)
t.hours.zone: not a time zone (an IANA name, such as Europe/Copenhagen)
t.hours.open[0].days[0]: not a day of the week (mon, tue, wed, thu, fri, sat, sun, or a range such as mon-fri)
t.hours.open[0].days[1]: not a day of the week (mon, tue, wed, thu, fri, sat, sun, or a range such as mon-fri)
t.hours.open[0].from: not a time of day (hours and minutes, such as 09:00)
t.hours.open[0].to: not a time of day (hours and minutes, such as 17:00; midnight is 24:00)
t.hours.open[1].to: it ends when it begins (write 00:00 and 24:00 for a whole day)
t.hours.open[2].from: not a time of day (hours and minutes, such as 09:00)
t.hours.holidays.country: the holidays of "atlantis" are not known (one of ` + strings.Join(duty.Countries(), ", ") + `; or write its dates under closed)
t.hours.holidays.closed[0]: not a date (2026-12-24 for one day, 12-24 for every year)
t.hours.holidays.closed[2]: not a date (2026-12-24 for one day, 12-24 for every year)
t.hours.holidays.closed[3]: the day is given twice (leave one out)
t.hours.holidays.short[0].date: the day is given twice (leave one out)
t.hours.holidays.short[0].from: not a time of day (hours and minutes, such as 09:00)
t.people[0].away[0].to: it ends before it begins (a later day, or a later moment)
t.people[0].away[1].from: not a date (2026-12-21, or with a time of day: 2026-12-21 12:00)
t.people[0].away[1].to: not a date (2026-12-21, or with a time of day: 2026-12-21 12:00)
t.people[1].name: two people are named "ann" (give each its own name)
t.people[1].skills[0]: the word is missing (write one or leave it out)
t.people[2]: the person has no name (add name: ann)
t.people[3].name: "Bob B." cannot be a person's name (a to z, 0 to 9 and -, at most 63 characters: as under bus.users)
t.people[3].languages[0]: the word is missing (write one or leave it out)
t.rota.zone: not a time zone (an IANA name, such as Europe/Copenhagen)
t.rota.shifts[0].from: not a date (2026-12-21, or with a time of day: 2026-12-21 12:00)
t.rota.shifts[0].people[1]: there is nobody named "cem" (add the person to people of this team)
t.rota.shifts[0].every: not whole days (1d or 1w for example; for turns within a day give each shift its hours)
t.rota.shifts[0].hours[0].to: not a time of day (hours and minutes, such as 17:00; midnight is 24:00)
t.rota.shifts[1]: nobody takes turns (add people: [ann, bob])
t.rota.overrides[0].person: there is nobody named "dee" (add the person to people of this team)
t.rota.fallback: two fallbacks (give person or team)
u.people[0].away[0].to: it ends before it begins (a later day, or a later moment)
u.people[0].away[1].from: not a date (2026-12-21, or with a time of day: 2026-12-21 12:00)
u.people[0].away[1].to: not a date (2026-12-21, or with a time of day: 2026-12-21 12:00)
u.rota: whose clock? The time zone is missing (add zone: Europe/Copenhagen to the rota)
u.rota: who is told when nobody answers? The fallback is missing (add fallback: {team: pr}, or a person)
v: when does the team work? The hours are missing (add open: [{days: [mon-fri], from: 09:00, to: 17:00}])`
	if diff := cmp.Diff(want, problems.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// What a file may hold neither crashes nor hangs, and what Check accepts has hours.
func FuzzHours(f *testing.F) {
	f.Add("Europe/Copenhagen", "mon-fri", "09:00", "17:00", "12-24", "dk", "2026-11-23", "2026-11-27 18:05")
	f.Add("UTC", "fri-mon", "22:00", "06:00", "2026-12-24", "", "2026-11-23 24:00", "2026-11-23T09:00")
	f.Add("Pacific/Apia", "sun", "00:00", "24:00", "02-29", "us", "0000-01-01", "9999-12-31")
	f.Add("../../etc/passwd", "mon-", "9:00", "-1:00", "--", "x", "", "2026-11-23 ")
	f.Fuzz(func(t *testing.T, zone, days, from, to, date, country, begin, end string) {
		span := duty.Span{Days: []string{days}, From: from, To: to}
		h := duty.Hours{Zone: zone, Open: []duty.Span{span}, Holidays: duty.Holidays{Country: country, Closed: []string{date}, Short: []duty.Short{{Date: begin, From: from, To: to}}}}
		problems, calendar := h.Check("hours"), h.Calendar()
		at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		if next := calendar.Next(at); problems == nil && (!calendar.Open(next) || next.Before(at)) {
			t.Errorf("work begins %s, when it does not", next)
		}
		people := []duty.Person{{Name: "ann", Away: []duty.Absence{{From: begin, To: end}}}, {Name: "bob"}}
		rota := duty.Rota{Zone: zone, Shifts: []duty.Shift{{From: begin, Every: 24 * time.Hour, People: []string{"ann", "bob"}, Hours: []duty.Span{span}}}, Overrides: []duty.Override{{Person: "bob", From: end, To: begin}}, Fallback: duty.Fallback{Team: "pr"}}
		for _, p := range append(problems, duty.CheckRota("", people, rota, h)...) {
			if p.Path == "" || p.What == "" || p.Hint == "" {
				t.Errorf("nobody knows what to do about %+v", p)
			}
		}
		roster := duty.NewRoster(people, rota, h)
		var called []string
		for range 4 {
			call, ok := roster.Next(at, called)
			if !ok {
				break
			}
			called = append(called, call.Name())
		}
		if len(called) == 0 || len(called) > 3 || called[len(called)-1] != "team:pr" {
			t.Errorf("called %v", called)
		}
	})
}

// The public holidays of a country are those that its people know.
func TestCountries(t *testing.T) {
	for country, days := range map[string]string{
		"dk":    "2026-01-01 2026-04-02 2026-04-03 2026-04-06 2026-05-14 2026-05-25 2026-12-25",
		"de-by": "2026-01-01 2026-01-06 2026-04-03 2026-04-06 2026-05-01 2026-05-14 2026-05-25 2026-06-04 2026-12-25",
		"gb":    "2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28",
		"us":    "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25",
		"nl":    "2026-01-01 2026-04-06 2026-04-27 2026-05-14 2026-05-25 2026-12-25",
		"ro":    "2026-01-01 2026-01-02 2026-01-06 2026-01-07 2026-04-10 2026-04-13 2026-05-01 2026-06-01 2026-11-30 2026-12-01 2026-12-25",
	} {
		h := office("UTC")
		h.Holidays.Country = country
		check(t, h)
		calendar := h.Calendar()
		var off []string
		for d := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC); d.Year() == 2026; d = d.AddDate(0, 0, 1) {
			if d.Weekday() != time.Saturday && d.Weekday() != time.Sunday && !calendar.Open(d) {
				off = append(off, d.Format(time.DateOnly))
			}
		}
		if diff := cmp.Diff(days, strings.Join(off, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", country, diff)
		}
	}
	for _, country := range duty.Countries() {
		h := office("UTC")
		h.Holidays.Country = country
		check(t, h)
		newYear := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
		if h.Calendar().Open(newYear) {
			t.Errorf("%s works on New Year", country)
		}
	}
}

func ExampleCalendar_Add() {
	hours := duty.Hours{Zone: "Europe/Copenhagen", Open: []duty.Span{{Days: []string{"mon-fri"}, From: "09:00", To: "17:00"}}}
	friday := time.Date(2026, 11, 27, 17, 5, 0, 0, time.UTC) // 18:05 in Copenhagen
	fmt.Println(hours.Calendar().Add(friday, 2*time.Hour))
	// Output: 2026-11-30 10:00:00 +0000 UTC
}
