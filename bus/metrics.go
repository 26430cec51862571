package bus

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"earshot"
)

// metrics is what the bus tells Prometheus.
type metrics struct {
	registerer prometheus.Registerer
	commits    *prometheus.HistogramVec
	publishes  *prometheus.HistogramVec
	mentions   *prometheus.CounterVec
	alerts     prometheus.Counter
	up, isFull prometheus.Gauge
	bytes      *prometheus.GaugeVec
	messages   *prometheus.GaugeVec
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	buckets := prometheus.ExponentialBuckets(0.0005, 2, 16)
	m := &metrics{
		registerer: registerer,
		commits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "earshot_bus_commit_duration_seconds", Help: "Time to make a batch of mentions durable.", Buckets: buckets,
		}, []string{"outcome"}),
		publishes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "earshot_bus_publish_duration_seconds", Help: "Time to make alerts durable.", Buckets: buckets,
		}, []string{"outcome"}),
		mentions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "earshot_bus_mentions_total", Help: "Mentions committed, by what became of them.",
		}, []string{"outcome"}),
		alerts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "earshot_bus_alerts_total", Help: "Alerts published.",
		}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "earshot_bus_connected", Help: "1 while the NATS server answers.",
		}),
		isFull: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "earshot_bus_full", Help: "1 while new posts are refused for lack of room.",
		}),
		bytes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "earshot_bus_bytes", Help: "Size of a stream.",
		}, []string{"stream"}),
		messages: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "earshot_bus_messages", Help: "Messages in a stream.",
		}, []string{"stream"}),
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range m.collectors() {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.commits, m.publishes, m.mentions, m.alerts, m.up, m.isFull, m.bytes, m.messages}
}

func (m *metrics) close() {
	if m.registerer == nil {
		return
	}
	for _, c := range m.collectors() {
		m.registerer.Unregister(c)
	}
}

func (m *metrics) committed(took time.Duration, c Committed, err error) {
	m.commits.WithLabelValues(outcome(err)).Observe(took.Seconds())
	for name, n := range map[string]int{
		"stored": c.Stored, "known": c.Known, "old": c.Old, "withdrawn": c.Withdrawn, "dead": c.Dead,
	} {
		m.mentions.WithLabelValues(name).Add(float64(n))
	}
}

func (m *metrics) published(took time.Duration, alerts int, err error) {
	m.publishes.WithLabelValues(outcome(err)).Observe(took.Seconds())
	if err == nil {
		m.alerts.Add(float64(alerts))
	}
}

func outcome(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, earshot.ErrFull):
		return "full"
	case errors.Is(err, earshot.ErrConflict):
		return "conflict"
	}
	return "error"
}

func (m *metrics) connected(yes bool) { m.up.Set(number(yes)) }
func (m *metrics) full(yes bool)      { m.isFull.Set(number(yes)) }

func (m *metrics) stream(name string, bytes, messages uint64) {
	m.bytes.WithLabelValues(name).Set(float64(bytes))
	m.messages.WithLabelValues(name).Set(float64(messages))
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
