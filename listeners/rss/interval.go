package rss

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// bounds are how often a feed is asked for, whatever it suggests.
type bounds struct{ least, most time.Duration }

// clamp keeps a suggestion within the bounds.
func (b bounds) clamp(d time.Duration) time.Duration { return min(max(d, b.least), b.most) }

// busiest is how many fetches fit between two posts of a feed, on average.
const busiest = 4

// pace is how long the feed itself suggests to wait: by what it states, and by
// how often it posts. 0 when it says nothing.
func (d *document) pace(now time.Time) time.Duration {
	dates := make([]time.Time, 0, len(d.Items)+len(d.kept))
	for _, item := range d.Items {
		dates = append(dates, posted(item))
	}
	for _, t := range d.kept {
		dates = append(dates, t.posted)
	}
	return max(statedPace(d.hints), postingPace(dates, now))
}

func statedPace(h hints) time.Duration {
	var stated time.Duration
	if minutes, err := strconv.ParseFloat(strings.TrimSpace(h.ttl), 64); err == nil && minutes > 0 && minutes < 1e6 {
		stated = time.Duration(minutes * float64(time.Minute))
	}
	var period time.Duration
	switch strings.ToLower(strings.TrimSpace(h.updatePeriod)) {
	case "hourly":
		period = time.Hour
	case "daily":
		period = 24 * time.Hour
	case "weekly":
		period = 7 * 24 * time.Hour
	case "monthly":
		period = 30 * 24 * time.Hour
	case "yearly":
		period = 365 * 24 * time.Hour
	}
	times, err := strconv.Atoi(strings.TrimSpace(h.updateFrequency))
	switch {
	case err == nil && times > 1:
		period /= time.Duration(times)
	case period == time.Hour:
		period = 0 // WordPress says this of every feed: it is nobody's wish
	}
	return max(stated, period)
}

// postingPace spreads fetches by the entries of the last week. A feed that dates
// nothing says nothing.
func postingPace(dates []time.Time, now time.Time) time.Duration {
	const week = 7 * 24 * time.Hour
	dated, recent := 0, 0
	for _, at := range dates {
		if at.IsZero() {
			continue
		}
		dated++
		if age := now.Sub(at); age < week && age > -24*time.Hour {
			recent++
		}
	}
	if dated == 0 {
		return 0
	}
	return week / time.Duration(busiest*max(recent, 1))
}

// freshness is how long an answer stays fresh by its headers, 0 when they do not
// say or forbid keeping it.
func freshness(h http.Header, now time.Time) time.Duration {
	for directive := range strings.SplitSeq(strings.ToLower(h.Get("Cache-Control")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-cache", "no-store":
			return 0
		case "max-age":
			seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 64)
			if err != nil || seconds < 0 {
				return 0
			}
			age, _ := strconv.ParseInt(h.Get("Age"), 10, 64) // without it, it is fresh from the source
			return time.Duration(max(0, min(seconds, 1e8)-max(0, min(age, 1e8)))) * time.Second
		}
	}
	expires, err := http.ParseTime(h.Get("Expires"))
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date // the server's clock, not ours
	}
	return max(0, expires.Sub(now))
}
