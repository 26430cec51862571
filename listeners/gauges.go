package listeners

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// gauges are computed from the parts when somebody looks.
type gauges struct {
	status     func() []Status
	up         *prometheus.Desc
	parts      *prometheus.Desc
	lastHeard  *prometheus.Desc
	lastPosted *prometheus.Desc
	lag        *prometheus.Desc
	next       *prometheus.Desc
	left       *prometheus.Desc
	spent      *prometheus.Desc
	budget     *prometheus.Desc
}

func newGauges(status func() []Status) *gauges {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		full := prometheus.BuildFQName("earshot", "listener", name)
		return prometheus.NewDesc(full, help, append([]string{"listener"}, labels...), nil)
	}
	return &gauges{
		status:     status,
		up:         desc("up", "Whether any part of the listener listens."),
		parts:      desc("parts", "Parts of the listener, by state.", "state"),
		lastHeard:  desc("last_heard_timestamp_seconds", "When the listener last made mentions durable, 0 for never."),
		lastPosted: desc("last_posted_timestamp_seconds", "When the newest post that the listener heard was published, 0 for none."),
		lag:        desc("lag_seconds", "Between the publication of the newest post of any part and its being heard."),
		next:       desc("next_poll_timestamp_seconds", "When the network is asked next, 0 if that is not known."),
		left:       desc("limit_left_ratio", "Share of what the network allows that is left, of the part with the least."),
		spent:      desc("spent", "What has been spent of a budget.", "unit", "per"),
		budget:     desc("budget", "What may be spent, 0 for no limit.", "unit", "per"),
	}
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{g.up, g.parts, g.lastHeard, g.lastPosted, g.lag, g.next, g.left, g.spent, g.budget} {
		to <- d
	}
}

// standing is a listener as a whole.
type standing struct {
	states              map[State]int
	heard, posted, next time.Time
	lag                 time.Duration
	limited             bool
	left                float64
	spent               []Spent
}

func (l *standing) add(s Status) {
	l.states[s.State]++
	if s.Heard.After(l.heard) {
		l.heard = s.Heard
	}
	if s.Posted.After(l.posted) {
		l.posted, l.lag = s.Posted, s.Lag
	}
	if !s.Next.IsZero() && (l.next.IsZero() || s.Next.Before(l.next)) {
		l.next = s.Next
	}
	if s.Of > 0 {
		share := float64(s.Left) / float64(s.Of)
		if !l.limited || share < l.left {
			l.limited, l.left = true, share
		}
	}
	for _, b := range s.Spent {
		l.spend(b)
	}
}

// spend keeps the latest of what the parts say of the budget that they share.
func (l *standing) spend(b Spent) {
	for i, known := range l.spent {
		if known.Unit == b.Unit && known.Per == b.Per {
			if b.Reset.After(known.Reset) || b.Reset.Equal(known.Reset) && b.Used > known.Used {
				l.spent[i] = b
			}
			return
		}
	}
	l.spent = append(l.spent, b)
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(to chan<- prometheus.Metric) {
	all := map[string]*standing{}
	for _, s := range g.status() {
		if all[s.Listener] == nil {
			all[s.Listener] = &standing{states: map[State]int{}}
		}
		all[s.Listener].add(s)
	}
	for listener, l := range all {
		gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, append([]string{listener}, labels...)...)
		}
		gauge(g.up, float64(min(l.states[Listening], 1)))
		for _, state := range states() {
			gauge(g.parts, float64(l.states[state]), string(state))
		}
		gauge(g.lastHeard, seconds(l.heard))
		gauge(g.lastPosted, seconds(l.posted))
		gauge(g.lag, l.lag.Seconds())
		gauge(g.next, seconds(l.next))
		if l.limited {
			gauge(g.left, l.left)
		}
		for _, b := range l.spent {
			gauge(g.spent, b.Used, b.Unit, b.Per)
			gauge(g.budget, b.Limit, b.Unit, b.Per)
		}
	}
}

// seconds since the epoch, 0 for a zero time.
func seconds(at time.Time) float64 {
	if at.IsZero() {
		return 0
	}
	return float64(at.UnixMilli()) / 1000
}
