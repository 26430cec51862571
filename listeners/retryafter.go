package listeners

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestRetryAfter is more than any server can mean; the runner's own cap is lower.
const longestRetryAfter = 30 * 24 * time.Hour

// ParseRetryAfter reads the value of a Retry-After header, in seconds or as a
// date, and reports whether it said anything. Times gone by become 0, absurd
// ones thirty days.
func ParseRetryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0, false
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), longestRetryAfter), true
	}
	// Some servers send fractions, which the standard does not know.
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(value, "-"), ".")
	if !digits(whole) || whole == "" || !digits(fraction) {
		return 0, false
	}
	if strings.HasPrefix(value, "-") {
		return 0, true
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds >= int64(longestRetryAfter/time.Second) {
		return longestRetryAfter, true // digits only, so the one possible error is a number too large
	}
	if strings.Trim(fraction, "0") != "" {
		seconds++
	}
	return time.Duration(seconds) * time.Second, true
}

func digits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
