package poll

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"earshot/listeners"
)

// Names under which networks say how many requests are left.
var prefixes = []string{"X-Ratelimit-", "X-Rate-Limit-", "Ratelimit-"}

// limit is what a network says of how often it may be asked.
type limit struct {
	left, of int64
	known    bool
	reset    time.Time // zero if unknown
}

// readLimit reads the headers of an answer.
func readLimit(h http.Header, now time.Time) limit {
	var l limit
	for _, prefix := range prefixes {
		left, ok := readCount(h.Get(prefix + "Remaining"))
		if !ok {
			continue
		}
		l.left, l.known = left, true
		l.of, _ = readCount(h.Get(prefix + "Limit"))
		l.reset = readReset(h.Get(prefix+"Reset"), now)
		break
	}
	return l
}

func readCount(s string) (int64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64) // some send 99.0
	if err != nil || !(f >= 0 && f < 1e15) {
		return 0, false
	}
	return int64(f), true
}

// readReset reads when a limit begins anew: seconds since 1970, seconds from now,
// or a date.
func readReset(s string, now time.Time) time.Time {
	const epoch = 1_000_000_000 // fewer seconds are from now
	if n, ok := readCount(s); ok {
		if n < epoch {
			return now.Add(time.Duration(n) * time.Second)
		}
		return time.Unix(n, 0)
	}
	if t, err := time.Parse(time.RFC3339, strings.TrimSpace(s)); err == nil {
		return t
	}
	return time.Time{}
}

// longestHold is the longest that an answer may keep us from asking again: what
// says more is mistaken, and the runner takes longer waits as a failure.
const longestHold = 24 * time.Hour

// hold is until when nothing may be asked, zero if it may at once.
func (l limit) hold(now time.Time) time.Time {
	if !l.known || l.left > 0 || !l.reset.After(now) {
		return time.Time{}
	}
	return earlier(l.reset, now.Add(longestHold))
}

func (l limit) outlook() listeners.Outlook {
	if !l.known || l.of == 0 {
		return listeners.Outlook{}
	}
	return listeners.Outlook{Left: l.left, Of: l.of, Reset: l.reset}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
