package listeners

import (
	"errors"
	"time"

	"earshot"
)

// Quiet are hours in which a network is left alone. It is a section of a
// listener's configuration; the zero value is never.
type Quiet struct {
	From string `yaml:"from" jsonschema:"description=When the quiet hours begin,example=22:00"`
	To   string `yaml:"to" jsonschema:"description=When they end; on the next day if that is not later than from,example=06:00"`
	Zone string `yaml:"zone" jsonschema:"description=Time zone of both (IANA name); UTC if left out,example=Europe/Copenhagen"`
}

// Check returns what is wrong with the hours, with paths relative to the section.
func (q Quiet) Check() earshot.Problems {
	if q == (Quiet{}) {
		return nil
	}
	var problems earshot.Problems
	for path, clock := range map[string]string{"from": q.From, "to": q.To} {
		if _, err := time.Parse("15:04", clock); err != nil {
			problems = append(problems, earshot.Problem{Path: path, What: "not a time of day", Hint: "write hours and minutes, 22:00 for example"})
		}
	}
	if _, err := time.LoadLocation(q.Zone); err != nil {
		problems = append(problems, earshot.Problem{Path: "zone", What: "not a time zone", Hint: "such as Europe/Copenhagen"})
	}
	if len(problems) == 0 && q.From == q.To {
		problems = append(problems, earshot.Problem{Path: "to", What: "the quiet hours never end", Hint: "end them at another time than they begin"})
	}
	return problems
}

// errQuiet ends a Listen at the beginning of the quiet hours.
var errQuiet = errors.New("quiet hours")

// at returns whether now is quiet, and until when that stays so; a zero time
// means for ever.
func (q Quiet) at(now time.Time) (quiet bool, until time.Time) {
	from, err := time.Parse("15:04", q.From)
	to, err2 := time.Parse("15:04", q.To)
	zone, err3 := time.LoadLocation(q.Zone)
	if q == (Quiet{}) || errors.Join(err, err2, err3) != nil {
		return false, time.Time{}
	}
	local := now.In(zone)
	on := func(clock time.Time, day int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()+day, clock.Hour(), clock.Minute(), 0, 0, zone)
	}
	night := 0 // whether the hours end on the day after they begin
	if !to.After(from) {
		night = 1
	}
	for day := -1; ; day++ {
		begins, ends := on(from, day), on(to, day+night)
		switch {
		case now.Before(begins):
			return false, begins
		case now.Before(ends):
			return true, ends
		}
	}
}
