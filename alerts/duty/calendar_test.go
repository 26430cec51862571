package duty_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"earshot/alerts/duty"
)

// office is an ordinary week in a zone.
func office(zone string, spans ...duty.Span) duty.Hours {
	if len(spans) == 0 {
		spans = []duty.Span{{Days: []string{"mon-fri"}, From: "09:00", To: "17:00"}}
	}
	return duty.Hours{Zone: zone, Open: spans}
}

// in reads a moment of a zone; the offset may be given where it is not clear.
func in(t testing.TB, zone, text string) time.Time {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	for _, layout := range []string{"2006-01-02 15:04 -0700", "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, text, location); err == nil {
			return at.In(location)
		}
	}
	t.Fatalf("%q is not a moment", text)
	return time.Time{}
}

func check(t testing.TB, h duty.Hours) {
	t.Helper()
	if problems := h.Check("hours"); problems != nil {
		t.Fatal(problems)
	}
}

// Working time passes only while the team works, through weekends, nights, days
// off, and the days on which the clocks change.
func TestAdd(t *testing.T) {
	night := duty.Span{From: "22:00", To: "06:00"}
	day := duty.Span{From: "00:00", To: "24:00"}
	for _, tt := range []struct {
		name, zone string
		spans      []duty.Span
		holidays   duty.Holidays
		from       string
		add        time.Duration
		want       string
	}{
		{name: "within a day", zone: "Europe/Copenhagen", from: "2026-11-25 10:00", add: 2 * time.Hour, want: "2026-11-25 12:00"},
		{name: "Friday evening waits for Monday", zone: "Europe/Copenhagen", from: "2026-11-27 18:05", add: time.Hour, want: "2026-11-30 10:00"},
		{name: "Friday afternoon goes on on Monday", zone: "Europe/Copenhagen", from: "2026-11-27 16:30", add: 8 * time.Hour, want: "2026-11-30 16:30"},
		{name: "a day's work ends with the day", zone: "Europe/Copenhagen", from: "2026-11-25 09:00", add: 8 * time.Hour, want: "2026-11-25 17:00"},
		{name: "lunch", zone: "Europe/Copenhagen", spans: []duty.Span{{From: "13:00", To: "17:00"}, {From: "09:00", To: "12:00"}}, from: "2026-11-25 11:00", add: 2 * time.Hour, want: "2026-11-25 14:00"},
		{name: "overlapping spans count once", zone: "Europe/Copenhagen", spans: []duty.Span{{From: "08:00", To: "14:00"}, {From: "12:00", To: "16:00"}, {From: "13:00", To: "13:30"}}, from: "2026-11-25 08:00", add: 9 * time.Hour, want: "2026-11-26 09:00"},
		{name: "Christmas in Denmark", zone: "Europe/Copenhagen", holidays: duty.Holidays{Country: "dk", Closed: []string{"12-24"}}, from: "2026-12-23 16:00", add: 2 * time.Hour, want: "2026-12-28 10:00"},
		{name: "a half day", zone: "Europe/Copenhagen", holidays: duty.Holidays{Country: "dk", Short: []duty.Short{{Date: "12-24", From: "09:00", To: "12:00"}}}, from: "2026-12-24 08:00", add: 4 * time.Hour, want: "2026-12-28 10:00"},
		{name: "work on a public holiday", zone: "Europe/Copenhagen", holidays: duty.Holidays{Country: "dk", Short: []duty.Short{{Date: "2026-12-25", From: "10:00", To: "12:00"}}}, from: "2026-12-25 00:00", add: time.Hour, want: "2026-12-25 11:00"},
		{name: "one year's date counts more than every year's", zone: "Europe/Copenhagen", holidays: duty.Holidays{Closed: []string{"2026-12-24"}, Short: []duty.Short{{Date: "12-24", From: "09:00", To: "12:00"}}}, from: "2026-12-24 08:00", add: time.Hour, want: "2026-12-25 10:00"},
		{name: "a leap day", zone: "Europe/Copenhagen", spans: []duty.Span{day}, holidays: duty.Holidays{Closed: []string{"02-29"}}, from: "2028-02-28 23:00", add: 2 * time.Hour, want: "2028-03-01 01:00"},
		{name: "a holiday leaves the night before it", zone: "Europe/Copenhagen", spans: []duty.Span{night}, holidays: duty.Holidays{Closed: []string{"2026-11-26"}}, from: "2026-11-25 23:00", add: 8 * time.Hour, want: "2026-11-27 23:00"},
		{name: "Thanksgiving", zone: "America/New_York", holidays: duty.Holidays{Country: "us"}, from: "2026-11-25 16:00", add: 2 * time.Hour, want: "2026-11-27 10:00"},
		{name: "Independence Day on a Saturday is had on Friday", zone: "America/New_York", holidays: duty.Holidays{Country: "us"}, from: "2026-07-02 16:00", add: 2 * time.Hour, want: "2026-07-06 10:00"},
		{name: "New Year of 2033 is had in 2032", zone: "America/New_York", holidays: duty.Holidays{Country: "us"}, from: "2032-12-30 16:00", add: 2 * time.Hour, want: "2033-01-03 10:00"},

		{name: "a short night in spring", zone: "Europe/Copenhagen", spans: []duty.Span{night}, from: "2026-03-28 22:00", add: 7 * time.Hour, want: "2026-03-29 06:00"},
		{name: "a long night in autumn", zone: "Europe/Copenhagen", spans: []duty.Span{night}, from: "2026-10-24 22:00", add: 9 * time.Hour, want: "2026-10-25 06:00"},
		{name: "work begins in the hour that is skipped", zone: "Europe/Copenhagen", spans: []duty.Span{{From: "02:30", To: "08:00"}}, from: "2026-03-29 00:00", add: time.Hour, want: "2026-03-29 04:00"},
		{name: "work is all in the hour that is skipped", zone: "Europe/Copenhagen", spans: []duty.Span{{From: "02:10", To: "02:50"}}, from: "2026-03-29 00:00", add: time.Minute, want: "2026-03-30 02:11"},
		{name: "work begins in the hour that comes twice", zone: "America/New_York", spans: []duty.Span{{From: "01:30", To: "08:00"}}, from: "2026-11-01 00:00", add: time.Hour, want: "2026-11-01 01:30 -0500"},
		{name: "work ends in the hour that comes twice", zone: "America/New_York", spans: []duty.Span{{From: "00:00", To: "01:30"}}, from: "2026-11-01 00:00", add: 2 * time.Hour, want: "2026-11-02 00:30"},
		{name: "a day of 25 hours", zone: "America/New_York", spans: []duty.Span{day}, from: "2026-11-01 00:00", add: 25 * time.Hour, want: "2026-11-02 00:00"},
		{name: "half an hour off, never a change", zone: "Asia/Kolkata", from: "2026-03-27 16:45", add: 30 * time.Minute, want: "2026-03-30 09:15"},
		{name: "a change at midnight", zone: "America/Santiago", spans: []duty.Span{day}, from: "2026-09-05 23:00", add: 2 * time.Hour, want: "2026-09-06 02:00"},
		{name: "a change of half an hour", zone: "Australia/Lord_Howe", spans: []duty.Span{night}, from: "2026-10-03 22:00", add: 7*time.Hour + 30*time.Minute, want: "2026-10-04 06:00"},
		{name: "the day that Apia skipped", zone: "Pacific/Apia", from: "2011-12-29 16:00", add: 2 * time.Hour, want: "2012-01-02 10:00"},
		{name: "the night before the day that Apia skipped", zone: "Pacific/Apia", spans: []duty.Span{night}, from: "2011-12-29 22:00", add: 3 * time.Hour, want: "2011-12-31 01:00"},
		{name: "the last day of a leap year far away", zone: "Europe/Copenhagen", from: "2040-12-31 16:00", add: 2 * time.Hour, want: "2041-01-01 10:00"},
		{name: "nothing", zone: "Europe/Copenhagen", from: "2026-11-28 12:00", add: 0, want: "2026-11-28 12:00"},
		{name: "less than nothing", zone: "Europe/Copenhagen", from: "2026-11-28 12:00", add: -time.Hour, want: "2026-11-28 12:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := office(tt.zone, tt.spans...)
			h.Holidays = tt.holidays
			check(t, h)
			from, want := in(t, tt.zone, tt.from), in(t, tt.zone, tt.want)
			calendar := h.Calendar()
			if got := calendar.Add(from, tt.add); !got.Equal(want) {
				t.Errorf("%s + %s = %s, want %s", from, tt.add, got, want)
			}
			if got := calendar.Between(from, want); got != max(tt.add, 0) {
				t.Errorf("between %s and %s there are %s, want %s", from, want, got, tt.add)
			}
		})
	}
}

// Without hours a team always works.
func TestAlways(t *testing.T) {
	calendar := duty.Hours{}.Calendar()
	at := in(t, "Europe/Copenhagen", "2026-12-25 03:00")
	if !calendar.Open(at) || !calendar.Next(at).Equal(at) || !calendar.Add(at, time.Hour).Equal(at.Add(time.Hour)) || calendar.Between(at, at.Add(time.Minute)) != time.Minute {
		t.Error("a team without hours sleeps")
	}
}

func TestOpen(t *testing.T) {
	calendar := office("Europe/Copenhagen").Calendar()
	for text, want := range map[string]string{
		"2026-11-27 08:59": "2026-11-27 09:00",
		"2026-11-27 09:00": "2026-11-27 09:00",
		"2026-11-27 16:59": "2026-11-27 16:59",
		"2026-11-27 17:00": "2026-11-30 09:00",
		"2026-11-29 12:00": "2026-11-30 09:00",
	} {
		at, next := in(t, "Europe/Copenhagen", text), in(t, "Europe/Copenhagen", want)
		if got := calendar.Next(at); !got.Equal(next) {
			t.Errorf("after %s work begins %s, want %s", text, got, want)
		}
		if calendar.Open(at) != (text == want) {
			t.Errorf("open at %s: %v", text, text != want)
		}
	}
}

// Over a year and more, minute by minute counted by hand, the calendar agrees with
// what the clocks on the wall show.
func TestYear(t *testing.T) {
	for _, zone := range []string{"Europe/Copenhagen", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"} {
		h := office(zone, duty.Span{Days: []string{"mon-fri"}, From: "08:30", To: "17:00"}, duty.Span{Days: []string{"sat"}, From: "10:00", To: "14:00"})
		h.Holidays.Closed = []string{"12-25", "2026-07-01"}
		calendar := h.Calendar()
		from := in(t, zone, "2026-01-01 00:00")
		var open time.Duration
		for at := from; at.Year() == 2026; at = at.Add(15 * time.Minute) {
			minutes := at.Hour()*60 + at.Minute()
			var works bool
			switch at.Weekday() {
			case time.Sunday:
			case time.Saturday:
				works = minutes >= 10*60 && minutes < 14*60
			default:
				works = minutes >= 8*60+30 && minutes < 17*60
			}
			if text := at.Format(time.DateOnly); text == "2026-12-25" || text == "2026-07-01" {
				works = false
			}
			if works {
				open += 15 * time.Minute
			}
			if calendar.Open(at) != works {
				t.Fatalf("open at %s: %v", at, !works)
			}
		}
		if got := calendar.Between(from, from.AddDate(1, 0, 0)); got != open {
			t.Errorf("in %s 2026 has %s of work, want %s", zone, got, open)
		}
	}
}

func drawHours(t *rapid.T) duty.Hours {
	clock := rapid.Map(rapid.IntRange(0, 24*4-1), func(n int) string {
		return time.Date(2000, 1, 1, 0, n*15, 0, 0, time.UTC).Format("15:04")
	})
	date := rapid.Map(rapid.IntRange(0, 800), func(n int) string {
		d := time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC)
		if n%3 == 0 {
			return d.Format("01-02")
		}
		return d.Format(time.DateOnly)
	})
	h := duty.Hours{Zone: rapid.SampledFrom([]string{"Europe/Copenhagen", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Santiago", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"}).Draw(t, "zone")}
	for range rapid.IntRange(1, 4).Draw(t, "spans") {
		h.Open = append(h.Open, duty.Span{
			Days: rapid.SliceOfN(rapid.SampledFrom([]string{"mon", "tue", "wed", "fri-mon", "sat", "mon-fri"}), 0, 2).Draw(t, "days"),
			From: clock.Draw(t, "from"), To: clock.Draw(t, "to"),
		})
	}
	h.Holidays.Closed = rapid.SliceOfNDistinct(date, 0, 20, rapid.ID).Draw(t, "closed")
	h.Holidays.Country = rapid.SampledFrom([]string{"", "dk", "us", "de-by"}).Draw(t, "country")
	return h
}

// Adding is monotone in both, can be cut in two, is undone by Between, and never
// lands where nobody works.
func TestAddProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHours(t)
		if h.Check("") != nil {
			t.Skip("no hours")
		}
		calendar := h.Calendar()
		moment := rapid.Map(rapid.Int64Range(0, 3*365*24*3600), func(s int64) time.Time {
			return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s) * time.Second)
		})
		length := rapid.Map(rapid.Int64Range(0, 100*3600), func(s int64) time.Duration { return time.Duration(s) * time.Second })
		a, b := moment.Draw(t, "a"), moment.Draw(t, "b")
		x, y := length.Draw(t, "x"), length.Draw(t, "y")
		if b.Before(a) {
			a, b = b, a
		}
		if whole, parts := calendar.Add(a, x+y), calendar.Add(calendar.Add(a, x), y); !whole.Equal(parts) {
			t.Errorf("%s + (%s + %s) = %s, in two steps %s", a, x, y, whole, parts)
		}
		if calendar.Add(b, x).Before(calendar.Add(a, x)) || calendar.Add(a, x+y).Before(calendar.Add(a, x)) {
			t.Error("a later begin or a longer time gives an earlier moment")
		}
		if got := calendar.Between(a, calendar.Add(a, x)); got != x {
			t.Errorf("between %s and %s after it there are %s", a, x, got)
		}
		if sum, whole := calendar.Between(a, b)+calendar.Between(b, b.Add(x)), calendar.Between(a, b.Add(x)); sum != whole {
			t.Errorf("two parts have %s, the whole %s", sum, whole)
		}
		if x > 0 {
			if end := calendar.Add(a, x); !calendar.Open(end.Add(-time.Nanosecond)) {
				t.Errorf("%s + %s = %s, when nobody works", a, x, end)
			}
		}
		if next := calendar.Next(a); next.Before(a) || !calendar.Open(next) || calendar.Between(a, next) != 0 {
			t.Errorf("after %s work does not begin at %s", a, next)
		}
		if open := calendar.Next(a); !calendar.Add(open, 0).Equal(open) {
			t.Error("adding nothing moves")
		}
	})
}

// Nothing of the file makes a calendar endless: neither thousands of days off, nor
// limits of centuries.
func TestHostile(t *testing.T) {
	h := office("Europe/Copenhagen", duty.Span{Days: []string{"mon"}, From: "09:00", To: "09:01"})
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		h.Holidays.Closed = append(h.Holidays.Closed, first.AddDate(0, 0, i).Format(time.DateOnly))
	}
	check(t, h)
	calendar := h.Calendar()
	at := in(t, "Europe/Copenhagen", "2026-01-01 12:00")
	if got, want := calendar.Next(at), in(t, "Europe/Copenhagen", "2053-05-19 09:00"); !got.Equal(want) {
		t.Errorf("work begins %s, want %s", got, want)
	}
	end := calendar.Add(at, 1<<63-1)
	if years := end.Year() - at.Year(); years < 99 || years > 101 {
		t.Errorf("centuries of work are done by %s", end)
	}
	if got := calendar.Between(at, at.AddDate(5000, 0, 0)); got <= 0 || got > 100*53*time.Minute {
		t.Errorf("five thousand years have %s", got)
	}
	for range 11_000 {
		h.Holidays.Closed = append(h.Holidays.Closed, "2020-01-01")
	}
	if problems := h.Check("hours"); len(problems) != 1 || !strings.Contains(problems.Error(), "too many") {
		t.Errorf("21,000 days off: %v", problems)
	}
}

// A team that never works is a mistake; one that works every 28 years is not.
func TestNever(t *testing.T) {
	h := office("UTC", duty.Span{Days: []string{"mon"}, From: "09:00", To: "17:00"})
	for d := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); d.Year() == 2000; d = d.AddDate(0, 0, 1) {
		if d.Month() != time.February || d.Day() != 29 {
			h.Holidays.Closed = append(h.Holidays.Closed, d.Format("01-02"))
		}
	}
	check(t, h)
	h.Holidays.Closed = append(h.Holidays.Closed, "02-29")
	const want = "hours: the team never works: every day is a day off (take days out of closed)"
	if got := h.Check("hours").Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	h.Holidays.Short = []duty.Short{{Date: "2026-11-23", From: "09:00", To: "10:00"}} // one day is not ever
	if got := h.Check("hours").Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func BenchmarkAdd(b *testing.B) {
	h := office("Europe/Copenhagen")
	h.Holidays.Country = "dk"
	calendar := h.Calendar()
	at := in(b, "Europe/Copenhagen", "2026-11-27 18:05")
	b.ReportAllocs()
	for b.Loop() {
		calendar.Add(at, 8*time.Hour)
	}
}
