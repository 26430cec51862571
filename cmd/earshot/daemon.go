package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"earshot/alerts"
	"earshot/alerts/casework"
	"earshot/bus"
	"earshot/listeners"
	"earshot/systemd"
)

// daemon is the parts of a running earshot and how they are doing.
type daemon struct {
	began    *Config // what it was started with
	config   atomic.Pointer[Config]
	look     time.Duration    // between two looks for silence; 0 for the usual
	now      func() time.Time // of alerts and people; nil for the real time
	log      *zap.Logger
	health   *health
	metrics  *prometheus.Registry
	bus      *bus.Bus
	pipeline *pipeline
	engine   *alerts.Engine
	courier  *alerts.Courier
	runner   *listeners.Runner
	board    *casework.Board                   // of cases
	network  atomic.Pointer[listeners.Network] // of all listeners; only a reload changes it
	around   surroundings                      // what drivers are handed

	modelCalls *prometheus.CounterVec
	reloaded   chan struct{} // holds one when the configuration has changed since models last looked
	muted      chan struct{} // closed when the mutes are known that held at the start

	stage       atomic.Value // string: what the start waits for
	engineState atomic.Int32 // notAlerting, standingBy or alerting
	up          atomic.Bool  // everything was ready once
	degraded    atomic.Int64 // when the bus was last seen to be, in Unix nanoseconds
}

const (
	startExtension = 20 * time.Second // what systemd is asked for at a time
	lookEvery      = 250 * time.Millisecond
	stuckAfter     = 20 * time.Second // no step takes so long unless the bus is away
)

// starting is what readiness says until everything runs.
func (d *daemon) starting() error {
	if d.up.Load() {
		return nil
	}
	if stage, ok := d.stage.Load().(string); ok {
		return errors.New(stage)
	}
	return errors.New("still starting")
}

// stillStarting keeps systemd from taking a long start for a hang.
func (d *daemon) stillStarting(stage string) {
	if d.up.Load() {
		return
	}
	d.stage.Store(stage)
	if err := systemd.ExtendTimeout(startExtension, stage); err != nil {
		d.log.Warn("systemd is not listening", zap.Error(err))
	}
}

// busReady is nil while the bus answers and takes new posts.
func (d *daemon) busReady() error {
	if h := d.bus.Health(); h.Degraded() {
		d.degraded.Store(time.Now().UnixNano())
		return errors.New(h.Detail)
	}
	return nil
}

func (d *daemon) listenersReady() error {
	if !d.runner.Running() {
		return errors.New("not all listeners have started")
	}
	return nil
}

// turning is nil while the pipeline makes progress, or knows what it waits for.
func (d *daemon) turning() error {
	if d.busReady() != nil {
		return nil
	}
	// What has waited for the bus until now needs a moment to see that it is back.
	able := time.Since(time.Unix(0, d.degraded.Load()))
	if since := min(able, time.Since(d.engine.Turning())); d.engineState.Load() == alerting && since > stuckAfter {
		return fmt.Errorf("alerts have not turned for %s", since.Round(time.Second))
	}
	if since := min(able, d.pipeline.Stuck()); since > stuckAfter {
		return fmt.Errorf("a commit has taken %s", since.Round(time.Second))
	}
	return nil
}

// announce waits until everything is ready and says so, to systemd and to
// whoever started the daemon.
func (d *daemon) announce(ctx context.Context, at daemonAddrs, started time.Time, ready func(daemonAddrs)) error {
	d.health.Register("bus", d.busReady)
	d.health.Register("listeners", d.listenersReady)
	d.health.Register("pipeline", d.turning)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for d.engineState.Load() == notAlerting || d.busReady() != nil || d.listenersReady() != nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
	d.up.Store(true)
	at.Bus = d.bus.URL()
	d.log.Info("ready", zap.String("bus", at.Bus), zap.String("http", at.HTTP), zap.String("inbox", at.Inbox), zap.Duration("after", time.Since(started)))
	if ready != nil {
		ready(at)
	}
	return systemd.Ready(d.summary())
}

// hasListener reports whether the present configuration has a listener of the name.
func (d *daemon) hasListener(name string) bool {
	return slices.ContainsFunc(d.config.Load().Listeners, func(l ListenerConfig) bool { return l.Name == name })
}

// summary is the line of systemctl status.
func (d *daemon) summary() string {
	if err := d.busReady(); err != nil {
		return "degraded: " + err.Error()
	}
	config := d.config.Load()
	return fmt.Sprintf("listening: %s, %s", plural(len(config.Listeners), "listener"), plural(len(config.Rules.Brands), "brand"))
}

// watch feeds systemd's watchdog and keeps its status line true.
func (d *daemon) watch(ctx context.Context) error {
	said := make(chan error, 1)
	go func() { said <- systemd.Watchdog(ctx, d.log, d.turning) }()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	degraded := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return <-said
		}
		err := d.busReady()
		if !d.up.Load() || (err != nil) == degraded {
			continue
		}
		degraded = err != nil
		if degraded {
			d.log.Error("degraded: posts wait at their sources", zap.Error(err))
		} else {
			d.log.Info("no longer degraded")
		}
		if err := systemd.Status(d.summary()); err != nil {
			d.log.Warn("systemd is not listening", zap.Error(err))
		}
	}
}
