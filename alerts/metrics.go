package alerts

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"earshot"
)

type metrics struct {
	raised    *prometheus.CounterVec
	held      *prometheus.CounterVec
	old       prometheus.Counter
	strangers prometheus.Counter
	retries   prometheus.Counter
	latency   prometheus.Histogram
	sequence  prometheus.Gauge
}

// newMetrics registers the metrics; lag is asked whenever somebody looks.
func newMetrics(r prometheus.Registerer, lag func() float64) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		raised: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "earshot_alerts_total", Help: "Alerts raised."},
			[]string{"team", "kind", "urgency", "why"}),
		held: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "earshot_alerts_held_total", Help: "Alerts held back by mutes, crises and limits."},
			[]string{"team", "kind"}),
		old:       counter("earshot_alerts_old_total", "Mentions too old to page anybody, once for each team they would have reached."),
		strangers: counter("earshot_alerts_unknown_team_total", "Routes dropped because their team does not exist."),
		retries:   counter("earshot_alerts_retries_total", "Times that alerts were decided again because storing them went wrong."),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "earshot_alert_latency_seconds",
			Help: "From hearing a mention to publishing its alert.", Buckets: prometheus.ExponentialBuckets(0.002, 2, 16),
		}),
		sequence: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "earshot_alerts_progress_sequence",
			Help: "Sequence of the last mention dealt with.",
		}),
	}
	if r != nil {
		r.MustRegister(m.raised, m.held, m.old, m.strangers, m.retries, m.latency, m.sequence,
			prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "earshot_alerts_lag_seconds",
				Help: "How long ago the oldest mention was heard that is being dealt with, 0 when none waits.",
			}, lag))
	}
	return m
}

// published counts alerts that are out.
func (m *metrics) published(alerts []earshot.Alert) {
	for i := range alerts {
		a := &alerts[i]
		m.raised.WithLabelValues(a.Team, string(a.Kind), string(a.Urgency), string(a.Why)).Inc()
	}
}

// took observes how long the mentions of alerts took from the listener to here.
func (m *metrics) took(alerts []earshot.Alert, now time.Time) {
	for i := range alerts {
		if cause := alerts[i].Mention; cause != nil && !cause.Heard.IsZero() {
			m.latency.Observe(now.Sub(cause.Heard).Seconds())
		}
	}
}
