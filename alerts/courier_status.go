package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Standing is how a sink stands.
type Standing string

// The standings of a sink.
const (
	SinkDelivering Standing = "delivering"
	SinkStandby    Standing = "standby" // another daemon delivers
	SinkWaiting    Standing = "waiting" // the peer asked to be left alone for a while
	SinkFailing    Standing = "failing" // the last delivery failed and is tried again
	SinkRefused    Standing = "refused" // the credential is not accepted
	SinkGone       Standing = "gone"    // the peer wants nothing any more
)

// SinkStatus is how a sink is doing.
type SinkStatus struct {
	Sink      string    `json:"sink"`
	Type      string    `json:"type"`
	Team      string    `json:"team"`
	State     Standing  `json:"state"`
	Last      time.Time `json:"last,omitzero"`    // when an alert was last delivered
	Delivered int       `json:"delivered"`        // since the daemon started
	Waiting   int       `json:"waiting"`          // alerts not delivered yet
	Retries   int       `json:"retries"`          // since the daemon started
	Aside     int       `json:"set_aside"`        // alerts that the peer did not take, until somebody deals with them
	TooOld    int       `json:"too_old"`          // since the daemon started: alerts not sent for their age
	Failing   time.Time `json:"failing,omitzero"` // since when nothing gets through
	Retry     time.Time `json:"retry,omitzero"`   // when it is tried again, or the next digest is due
	Err       string    `json:"error,omitempty"`
}

func (p *post) status() SinkStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *post) count(ctx context.Context) {
	p.mu.Lock()
	outbox := p.outbox
	p.mu.Unlock()
	if outbox == nil {
		return
	}
	if waiting, aside, err := outbox.Count(ctx); err == nil {
		p.change(func(s *SinkStatus) { s.Waiting, s.Aside = waiting, aside })
	}
}

// LateState is the state of a sink that is made before its outbox is there. It may be
// used concurrently.
type LateState struct {
	mu sync.Mutex
	of SinkState
}

var errNoState = errors.New("another daemon delivers to this sink")

func (l *LateState) set(o Outbox) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of = nil
	if o != nil {
		l.of = o
	}
}

func (l *LateState) get() SinkState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of
}

// State implements SinkState.
func (l *LateState) State(ctx context.Context, name string) (json.RawMessage, error) {
	if of := l.get(); of != nil {
		return of.State(ctx, name)
	}
	return nil, errNoState
}

// SetState implements SinkState.
func (l *LateState) SetState(ctx context.Context, name string, value json.RawMessage) error {
	if of := l.get(); of != nil {
		return of.SetState(ctx, name, value)
	}
	return errNoState
}

type sinkMetrics struct {
	delivered, failures, aside, skipped *prometheus.CounterVec
	latency                             *prometheus.HistogramVec
}

func newSinkMetrics(r prometheus.Registerer, status func() []SinkStatus) *sinkMetrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"sink"}, labels...))
	}
	m := &sinkMetrics{
		delivered: counter("earshot_sink_delivered_total", "Alerts that the peer of a sink has."),
		failures:  counter("earshot_sink_failures_total", "Deliveries that failed, by the kind of error.", "reason"),
		aside:     counter("earshot_sink_set_aside_total", "Alerts that the peer of a sink did not take and that were set aside."),
		skipped:   counter("earshot_sink_skipped_total", "Alerts not sent: unwanted by the filter, too_old, or known to the peer.", "why"),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "earshot_sink_latency_seconds", Help: "From raising an alert to the peer having it.",
			Buckets: prometheus.ExponentialBuckets(0.005, 3, 14),
		}, []string{"sink"}),
	}
	if r != nil {
		r.MustRegister(m.delivered, m.failures, m.aside, m.skipped, m.latency, sinkGauges{status})
	}
	return m
}

// begin has a sink counted from the start: who watches for deliveries that fail to
// come must see that there were none.
func (m *sinkMetrics) begin(name string) {
	m.delivered.WithLabelValues(name)
	m.aside.WithLabelValues(name)
	m.latency.WithLabelValues(name)
}

// forget drops what is counted of a sink that is gone for good.
func (m *sinkMetrics) forget(name string, still []*post) {
	if slices.ContainsFunc(still, func(p *post) bool { return p.Name == name }) {
		return
	}
	of := prometheus.Labels{"sink": name}
	for _, v := range []*prometheus.CounterVec{m.delivered, m.failures, m.aside, m.skipped} {
		v.DeletePartialMatch(of)
	}
	m.latency.DeletePartialMatch(of)
}

// sinkGauges asks for the status whenever somebody looks.
type sinkGauges struct{ status func() []SinkStatus }

var (
	sinkUp      = prometheus.NewDesc("earshot_sink_up", "1 while alerts get through to the peer of a sink.", []string{"sink"}, nil)
	sinkWaiting = prometheus.NewDesc("earshot_sink_waiting", "Alerts that wait for a sink of this daemon.", []string{"sink"}, nil)
	sinkAside   = prometheus.NewDesc("earshot_sink_aside", "Alerts that lie aside because the peer did not take them.", []string{"sink"}, nil)
	sinkLast    = prometheus.NewDesc("earshot_sink_last_delivery_timestamp_seconds", "When an alert was last delivered, 0 for never since the start.", []string{"sink"}, nil)
)

// Describe implements prometheus.Collector.
func (g sinkGauges) Describe(to chan<- *prometheus.Desc) {
	to <- sinkUp
	to <- sinkWaiting
	to <- sinkAside
	to <- sinkLast
}

// Collect implements prometheus.Collector.
func (g sinkGauges) Collect(to chan<- prometheus.Metric) {
	for _, s := range g.status() {
		up, last := 0.0, 0.0
		if s.State == SinkDelivering || s.State == SinkStandby {
			up = 1
		}
		if !s.Last.IsZero() {
			last = float64(s.Last.UnixMilli()) / 1000
		}
		to <- prometheus.MustNewConstMetric(sinkUp, prometheus.GaugeValue, up, s.Sink)
		to <- prometheus.MustNewConstMetric(sinkWaiting, prometheus.GaugeValue, float64(s.Waiting), s.Sink)
		to <- prometheus.MustNewConstMetric(sinkAside, prometheus.GaugeValue, float64(s.Aside), s.Sink)
		to <- prometheus.MustNewConstMetric(sinkLast, prometheus.GaugeValue, last, s.Sink)
	}
}
