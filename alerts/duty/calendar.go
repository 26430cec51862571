package duty

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Calendar is when a team works. It never changes and may be used by many at
// once. A nil Calendar is always open.
type Calendar struct {
	zone   *time.Location
	week   [7][]stretch
	once   map[day][]stretch // days of one year; none of it is closed
	yearly map[day][]stretch // days of every year, in anyYear
	public map[day]bool      // holidays of the country
}

// horizon is how many days a calendar looks ahead: about a hundred years.
const horizon = 36_525

// Calendar makes the calendar of hours that Check finds nothing wrong with. What
// is wrong is left out of it.
func (h Hours) Calendar() *Calendar {
	zone, err := loadZone(h.Zone)
	if h.always() || err != nil {
		return nil
	}
	c := &Calendar{zone: zone, week: weekOf(h.Open), once: map[day][]stretch{}, yearly: map[day][]stretch{}, public: publicHolidays(h.Holidays.Country)}
	set := func(text string, hours []stretch) {
		switch d, yearly, err := date(text); {
		case err != nil:
		case yearly:
			c.yearly[d] = hours
		default:
			c.once[d] = hours
		}
	}
	for _, text := range h.Holidays.Closed {
		set(text, nil)
	}
	for _, short := range h.Holidays.Short {
		if s, ok := stretchOf(short.From, short.To); ok {
			set(short.Date, []stretch{s})
		}
	}
	return c
}

func weekOf(spans []Span) (hours [7][]stretch) {
	for _, span := range spans {
		s, ok := stretchOf(span.From, span.To)
		if !ok {
			continue
		}
		days := span.Days
		if len(days) == 0 {
			days = week()
		}
		for _, text := range days {
			of, _ := weekdays(text)
			for _, d := range of {
				hours[d] = append(hours[d], s)
			}
		}
	}
	for _, stretches := range hours {
		slices.SortFunc(stretches, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	}
	return hours
}

// hours are when work begins and ends on a day, the earliest first.
func (c *Calendar) hours(d day) []stretch {
	if hours, own := c.once[d]; own {
		return hours
	}
	if len(c.yearly) > 0 {
		if hours, own := c.yearly[d.inAnyYear()]; own {
			return hours
		}
	}
	if c.public[d] {
		return nil
	}
	return c.week[d.weekday()]
}

// everOpen reports whether the team ever works: weekdays and dates meet again in
// the same way after 28 years.
func (c *Calendar) everOpen() bool {
	const years = 28 * 366
	var last day // behind all days of one year
	for d := range c.once {
		last = max(last, d)
	}
	for d := range day(years) {
		if len(c.hours(last+1+d)) > 0 {
			return true
		}
	}
	return false
}

// spans are the stretches of work that end after a moment, in order. They may
// overlap, and end at the horizon.
func (c *Calendar) spans(from time.Time) iter.Seq2[time.Time, time.Time] {
	return func(yield func(time.Time, time.Time) bool) {
		// A stretch may have begun on the day before, and a zone may have skipped one.
		first := localDay(from, c.zone) - 2
		for d := first; d < first+horizon; d++ {
			for _, s := range c.hours(d) {
				open, end := instant(c.zone, d, s.from), instant(c.zone, d, s.to)
				if end.After(from) && end.After(open) && !yield(open, end) {
					return
				}
			}
		}
	}
}

// Open reports whether the team works at a moment. At the moment at which work
// ends it does not any more.
func (c *Calendar) Open(at time.Time) bool {
	return c.Next(at).Equal(at)
}

// Next is the first moment, from at on, at which the team works, in the location
// of at. If that is beyond the horizon of about a hundred years, it is the horizon.
func (c *Calendar) Next(at time.Time) time.Time {
	if c == nil {
		return at
	}
	for open := range c.spans(at) {
		return later(open, at).In(at.Location())
	}
	return at.AddDate(0, 0, horizon)
}

// Add is the moment by which d of working time has passed since from, in the
// location of from: if that is the end of a day's work, then that end and not the
// next morning. Nothing passes while the team does not work. Without d it is
// from. Beyond the horizon of about a hundred years it is the horizon.
func (c *Calendar) Add(from time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return from
	}
	if c == nil {
		return from.Add(d)
	}
	at := from
	for open, end := range c.spans(from) {
		begin := later(open, at)
		length := end.Sub(begin)
		if length <= 0 {
			continue
		}
		if length >= d {
			return begin.Add(d).In(from.Location())
		}
		d -= length
		at = end
	}
	return from.AddDate(0, 0, horizon)
}

// Between is how much working time passes from one moment to another; none if the
// other is not later.
func (c *Calendar) Between(from, to time.Time) time.Duration {
	if !to.After(from) {
		return 0
	}
	if c == nil {
		return to.Sub(from)
	}
	var sum time.Duration
	at := from
	for open, end := range c.spans(from) {
		if !open.Before(to) {
			break
		}
		begin := later(open, at)
		if end.After(to) {
			end = to
		}
		if end.After(begin) {
			sum += end.Sub(begin)
			at = end
		}
	}
	return sum
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
