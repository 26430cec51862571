// Package duty knows when a team works, how soon it must answer, and who of it is
// called: business hours and holidays, the clocks of a case, and the rota. All of
// it is pure: the moment is an argument, and the same file gives the same answer.
// It tells nobody anything and sets no timers; that is in alerts.
package duty

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
)

// Hours are when a team is at work. The zero value is always.
type Hours struct {
	Zone     string   `yaml:"zone" jsonschema:"description=Time zone of the hours and of the holidays (IANA name),example=Europe/Copenhagen"`
	Open     []Span   `yaml:"open" jsonschema:"description=When the team works in an ordinary week; always if left out"`
	Holidays Holidays `yaml:"holidays" jsonschema:"description=Days on which it does not"`
}

// Span is a stretch of the day that comes every week. It belongs to the day on
// which it begins, even when it ends on the next.
type Span struct {
	Days []string `yaml:"days" jsonschema:"description=Days on which it begins: mon to sun or a range such as mon-fri; every day if left out"`
	From string   `yaml:"from" jsonschema:"description=When it begins,example=09:00"`
	To   string   `yaml:"to" jsonschema:"description=When it ends: up to 24:00; on the next day if that is not later than from,example=17:00"`
}

// Holidays are days that are not like the ordinary week. A date is one day
// (2026-12-24) or the same day every year (12-24); one of a single year counts
// more than one of every year, and both count more than the country's.
type Holidays struct {
	Country string   `yaml:"country" jsonschema:"description=Public holidays of a country or region: dk or de-by for example,example=dk"`
	Closed  []string `yaml:"closed" jsonschema:"description=Days off: 2026-12-24 for one day or 12-24 for every year"`
	Short   []Short  `yaml:"short" jsonschema:"description=Days with hours of their own: half days or work on a public holiday"`
}

// Short is a day with hours of its own.
type Short struct {
	Date string `yaml:"date" jsonschema:"description=2026-12-24 for one day or 12-24 for every year"`
	From string `yaml:"from" jsonschema:"description=When work begins,example=08:00"`
	To   string `yaml:"to" jsonschema:"description=When it ends: up to 24:00; on the next day if that is not later than from,example=12:00"`
}

// maxDates keeps a calendar in memory and a configuration readable.
const maxDates = 20_000

// reporter collects problems below one path.
type reporter struct {
	path     string
	problems earshot.Problems
}

func (r *reporter) report(at, what, hint string) {
	r.problems = append(r.problems, earshot.Problem{Path: r.path + at, What: what, Hint: hint})
}

// Check returns what is wrong with the hours, which stand at path.
func (h Hours) Check(path string) earshot.Problems {
	if h.always() {
		return nil
	}
	r := &reporter{path: path}
	r.zone(".zone", h.Zone)
	if len(h.Open) == 0 {
		r.report("", "when does the team work? The hours are missing", "add open: [{days: [mon-fri], from: 09:00, to: 17:00}]")
	}
	r.spans(".open", h.Open)
	r.holidays(h.Holidays)
	if len(r.problems) == 0 && !h.Calendar().everOpen() {
		r.report("", "the team never works: every day is a day off", "take days out of closed")
	}
	return r.problems
}

func (h Hours) always() bool {
	o := h.Holidays
	return h.Zone == "" && len(h.Open) == 0 && o.Country == "" && len(o.Closed) == 0 && len(o.Short) == 0
}

// zone refuses what is not the same on every machine.
func (r *reporter) zone(at, name string) {
	switch _, err := loadZone(name); {
	case name == "":
		r.report(at, "whose clock? The time zone is missing", "add zone: Europe/Copenhagen")
	case err != nil:
		r.report(at, "not a time zone", "an IANA name, such as Europe/Copenhagen")
	}
}

func (r *reporter) spans(at string, spans []Span) {
	for i, s := range spans {
		at := fmt.Sprintf("%s[%d]", at, i)
		for j, days := range s.Days {
			if _, err := weekdays(days); err != nil {
				r.report(fmt.Sprintf("%s.days[%d]", at, j), "not a day of the week", "mon, tue, wed, thu, fri, sat, sun, or a range such as mon-fri")
			}
		}
		r.stretch(at, s.From, s.To)
	}
}

func (r *reporter) stretch(at, from, to string) {
	begin, err := clockTime(from)
	if err != nil || begin == minutesADay {
		r.report(at+".from", "not a time of day", "hours and minutes, such as 09:00")
	}
	end, err2 := clockTime(to)
	if err2 != nil {
		r.report(at+".to", "not a time of day", "hours and minutes, such as 17:00; midnight is 24:00")
	}
	if err == nil && err2 == nil && begin == end {
		r.report(at+".to", "it ends when it begins", "write 00:00 and 24:00 for a whole day")
	}
}

func (r *reporter) holidays(h Holidays) {
	if _, known := countries()[h.Country]; h.Country != "" && !known {
		r.report(".holidays.country", fmt.Sprintf("the holidays of %q are not known", h.Country), "one of "+strings.Join(Countries(), ", ")+"; or write its dates under closed")
	}
	if n := len(h.Closed) + len(h.Short); n > maxDates {
		r.report(".holidays", fmt.Sprintf("%d dates are too many", n), fmt.Sprintf("at most %d; a day of every year is written once, as 12-24", maxDates))
		return
	}
	given := make(map[string]bool, len(h.Closed)+len(h.Short))
	dated := func(at, text string) {
		switch _, _, err := date(text); {
		case err != nil:
			r.report(at, "not a date", "2026-12-24 for one day, 12-24 for every year")
		case given[text]:
			r.report(at, "the day is given twice", "leave one out")
		}
		given[text] = true
	}
	for i, text := range h.Closed {
		dated(fmt.Sprintf(".holidays.closed[%d]", i), text)
	}
	for i, s := range h.Short {
		at := fmt.Sprintf(".holidays.short[%d]", i)
		dated(at+".date", s.Date)
		r.stretch(at, s.From, s.To)
	}
}

// stretch is minutes from the midnight at which a day begins; its end may lie
// beyond the next midnight.
type stretch struct{ from, to int }

const minutesADay = 24 * 60

func stretchOf(from, to string) (stretch, bool) {
	begin, err := clockTime(from)
	end, err2 := clockTime(to)
	if err != nil || err2 != nil || begin == end {
		return stretch{}, false
	}
	if end < begin {
		end += minutesADay
	}
	return stretch{begin, end}, true
}

// clockTime reads a time of day as minutes from midnight, 24:00 included.
func clockTime(text string) (int, error) {
	if text == "24:00" {
		return minutesADay, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("reading a time of day: %w", err)
	}
	return t.Hour()*60 + t.Minute(), nil
}

// week are the names of the days in the order of time.Weekday.
func week() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// weekdays reads a day or a range of days, which may reach over the weekend.
func weekdays(text string) ([]time.Weekday, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, to := slices.Index(week(), first), slices.Index(week(), last)
	if from < 0 || to < 0 {
		return nil, fmt.Errorf("%q is not a day of the week", text)
	}
	days := []time.Weekday{time.Weekday(from)}
	for d := from; d != to; {
		d = (d + 1) % 7
		days = append(days, time.Weekday(d))
	}
	return days, nil
}

// loadZone is time.LoadLocation without the names that mean something else on
// every machine.
func loadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("%q is not a time zone", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("reading a time zone: %w", err)
	}
	return zone, nil
}
