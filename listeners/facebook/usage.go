package facebook

import (
	"encoding/json"
	"net/http"
	"time"
)

// usage is how much of what Meta allows in an hour is used up.
type usage struct {
	percent int           // of the limit that is nearest
	regain  time.Duration // until requests are accepted again; 0 while they are
}

// use is one limit as the headers say it, in percent of it.
type use struct {
	Calls   float64 `json:"call_count"`
	Time    float64 `json:"total_time"`
	CPU     float64 `json:"total_cputime"`
	Minutes float64 `json:"estimated_time_to_regain_access"`
}

// readUsage reads X-App-Usage, X-Page-Usage and X-Business-Use-Case-Usage, and
// reports whether there was any of them: while little is used there is none.
func readUsage(header http.Header) (usage, bool) {
	var all []use
	for _, name := range []string{"X-App-Usage", "X-Page-Usage"} {
		var one use
		if value := header.Get(name); value != "" && json.Unmarshal([]byte(value), &one) == nil {
			all = append(all, one)
		}
	}
	var cases map[string][]use
	if value := header.Get("X-Business-Use-Case-Usage"); value != "" && json.Unmarshal([]byte(value), &cases) == nil {
		for _, uses := range cases {
			all = append(all, uses...)
		}
	}
	var u usage
	const day = 24 * 60
	for _, one := range all {
		most := max(one.Calls, one.Time, one.CPU)
		u.percent = max(u.percent, int(min(max(most, 0), 1000)))
		u.regain = max(u.regain, time.Duration(min(max(one.Minutes, 0), day)*float64(time.Minute)))
	}
	return u, len(all) > 0
}

// pause is how long to wait before asking again: every, and longer the less is left.
func (u usage) pause(every time.Duration) time.Duration {
	switch {
	case u.regain > 0:
		return max(every, u.regain)
	case u.percent >= 95:
		return max(10*every, 5*time.Minute)
	case u.percent >= 75:
		return 4 * every
	}
	return every
}
