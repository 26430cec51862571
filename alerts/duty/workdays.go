package duty

import (
	"time"

	"earshot"
)

// Workdays tells days of work, Monday to Friday, from weekends and holidays by the
// clocks of a place. It never changes and may be used by many at once; a nil one is
// UTC without holidays.
type Workdays struct{ calendar *Calendar }

// workweek is what an ordinary week is of.
func workweek(zone string, off Holidays) Hours {
	if zone == "" {
		zone = "UTC"
	}
	return Hours{Zone: zone, Open: []Span{{Days: []string{"mon-fri"}, From: "00:00", To: "24:00"}}, Holidays: off}
}

// NewWorkdays are the days of work of a zone, UTC if it is empty. What CheckWorkdays
// finds wrong with them is left out.
func NewWorkdays(zone string, off Holidays) *Workdays {
	calendar := workweek(zone, off).Calendar()
	if calendar == nil {
		return nil
	}
	return &Workdays{calendar}
}

// CheckWorkdays returns what is wrong with a zone and holidays.
func CheckWorkdays(zonePath, zone, path string, off Holidays) earshot.Problems {
	zones := &reporter{path: zonePath}
	if zone != "" {
		zones.zone("", zone)
	}
	if len(zones.problems) > 0 {
		zone = ""
	}
	r := &reporter{path: path}
	r.holidays(off)
	if len(r.problems) == 0 && !workweek(zone, off).Calendar().everOpen() {
		r.report(".holidays", "every day is a day off", "take days out of closed")
	}
	return append(zones.problems, r.problems...)
}

// At is what the clocks of the place show at a moment, and whether it is a day of
// work there.
func (w *Workdays) At(at time.Time) (shown time.Time, works bool) {
	if w == nil {
		shown = at.UTC()
		return shown, shown.Weekday() != time.Saturday && shown.Weekday() != time.Sunday
	}
	c := w.calendar
	return at.In(c.zone), len(c.hours(localDay(at, c.zone))) > 0
}
