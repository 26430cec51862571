package duty

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// day is a date without a place: days since 1970-01-01.
type day int64

const secondsADay = 24 * 60 * 60

// anyYear is a year for dates that come every year: a leap year, so that 02-29 is one.
const anyYear = 2000

func dayOf(year int, month time.Month, dayOfMonth int) day {
	return day(time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC).Unix() / secondsADay)
}

// localDay is the date that a calendar on the wall shows at a moment.
func localDay(at time.Time, zone *time.Location) day {
	return dayOf(at.In(zone).Date())
}

func (d day) date() (year int, month time.Month, dayOfMonth int) {
	return time.Unix(int64(d)*secondsADay, 0).UTC().Date()
}

func (d day) weekday() time.Weekday {
	return time.Weekday(((int64(d)+4)%7 + 7) % 7) // 1970-01-01 was a Thursday
}

// inAnyYear is the day's month and day in anyYear.
func (d day) inAnyYear() day {
	_, month, dayOfMonth := d.date()
	return dayOf(anyYear, month, dayOfMonth)
}

// date reads 2026-12-24 or, for every year, 12-24.
func date(text string) (d day, yearly bool, err error) {
	yearly = strings.Count(text, "-") == 1
	if yearly {
		text = fmt.Sprint(anyYear, "-", text)
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, false, fmt.Errorf("reading a date: %w", err)
	}
	return dayOf(t.Date()), yearly, nil
}

// instant is the first moment at which the clocks of a zone show a time of day,
// given in minutes from the midnight at which the day begins. A time that they
// skip is the moment at which they skip it. Later times give later moments, or
// the same.
//
// time.Date promises neither (go.dev/issue/24551), and Time.ZoneBounds errs in
// leap years (go.dev/issue/81583): only the offset at a moment is asked for.
func instant(zone *time.Location, d day, minutes int) time.Time {
	// What the clocks show, as seconds of UTC. No zone is further than this from it.
	const furthest = 16 * 60 * 60
	shown := int64(d)*secondsADay + int64(minutes)*60
	offset := func(unix int64) int64 {
		_, seconds := time.Unix(unix, 0).In(zone).Zone()
		return int64(seconds)
	}
	before, after := offset(shown-furthest), offset(shown+furthest)
	if first := shown - before; offset(first) == before {
		return time.Unix(first, 0)
	}
	if second := shown - after; offset(second) == after {
		return time.Unix(second, 0)
	}
	from := shown - furthest
	n := sort.Search(2*furthest, func(i int) bool { return offset(from+int64(i)) == after })
	return time.Unix(from+int64(n), 0)
}
