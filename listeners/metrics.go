package listeners

import (
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are labelled by listener only: its parts may be thousands of URLs.
type metrics struct {
	mentions *prometheus.CounterVec
	errors   *prometheus.CounterVec
	restarts *prometheus.CounterVec
	panics   *prometheus.CounterVec
	dead     *prometheus.CounterVec
	damaged  *prometheus.CounterVec
}

func newMetrics(to prometheus.Registerer, status func() []Status) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "earshot", Subsystem: "listener", Name: name, Help: help,
		}, append([]string{"listener"}, labels...))
		to.MustRegister(c)
		return c
	}
	to.MustRegister(newGauges(status))
	return &metrics{
		mentions: counter("mentions_total", "Mentions heard and made durable."),
		errors:   counter("errors_total", "Failures of a source, by class.", "class"),
		restarts: counter("restarts_total", "Times a source was started again after a failure."),
		panics:   counter("panics_total", "Panics of a source that were contained."),
		dead:     counter("dead_letters_total", "What was heard and could not become a mention, by reason.", "reason"),
		damaged:  counter("damaged_mentions_total", "Mentions that were kept though something of them was lost, by what.", "damage"),
	}
}

// expect makes a listener's series exist before anything happens, so that a rate
// sees the first event.
func (m *metrics) expect(listener string) {
	for _, c := range []*prometheus.CounterVec{m.mentions, m.restarts, m.panics} {
		c.WithLabelValues(listener)
	}
}

// keepOnly drops the series of a listener that is no longer among those running.
func (m *metrics) keepOnly(listener string, ls []*running) {
	for _, l := range ls {
		if l.Name == listener {
			return
		}
	}
	for _, c := range []*prometheus.CounterVec{m.mentions, m.errors, m.restarts, m.panics, m.dead, m.damaged} {
		c.DeletePartialMatch(prometheus.Labels{"listener": listener})
	}
}

func (m *metrics) failed(listener string, err error) {
	m.errors.WithLabelValues(listener, Class(err)).Inc()
}

// heard counts a durable batch; invalid of its dead letters had been mentions.
func (m *metrics) heard(listener string, batch Batch, invalid int) {
	m.mentions.WithLabelValues(listener).Add(float64(len(batch.Mentions)))
	if invalid > 0 {
		m.dead.WithLabelValues(listener, "invalid_mention").Add(float64(invalid))
	}
	if n := len(batch.Dead) - invalid; n > 0 {
		m.dead.WithLabelValues(listener, "unreadable").Add(float64(n))
	}
}
