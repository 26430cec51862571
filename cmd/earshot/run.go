package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"earshot/alerts"
	"earshot/bus"
	"earshot/listeners"
	"earshot/systemd"
)

func newRunCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "run",
		Short: "Run the daemon",
		Long: "Listens, judges and alerts until SIGTERM or SIGINT. SIGHUP reads brands, rules, teams\n" +
			"and listeners again; a file with mistakes leaves the old one running and says so.\n\n" +
			"Exit status: 0 stopped, 1 failed, 2 wrong usage, 78 wrong configuration.",
		Example: "  earshot run -c earshot.yaml\n  systemctl start earshot",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			log, err := loggerFor(cmd, config.Log)
			if err != nil {
				return err
			}
			limitMemory(log)
			hangups := make(chan os.Signal, 1)
			signal.Notify(hangups, syscall.SIGHUP)
			defer signal.Stop(hangups)
			return refused(config.File, runDaemon(cmd.Context(), config, daemonOptions{Log: log, Reload: hangups}))
		},
	}
}

// daemonOptions is what a daemon is run with besides its configuration.
type daemonOptions struct {
	Log    *zap.Logger
	Reload <-chan os.Signal  // each one has the configuration read again; nil for never
	Look   time.Duration     // how often it looks for silence; 0 means twice a minute
	Ready  func(daemonAddrs) // called once, when the daemon is ready; nil for nobody
	Now    func() time.Time  // by which alerts are raised and people act; nil for the real time
}

// daemonAddrs is where a running daemon is found.
type daemonAddrs struct {
	Bus   string // NATS URL
	HTTP  string // host:port of health and metrics, empty for none
	Inbox string // host:port of what is pushed, empty for none
}

// stopGrace is how long what was begun may take to end when the daemon stops.
const stopGrace = 15 * time.Second

// flushGrace is how long the last cursors may take to be written. What they
// would spare is harmless: to hear again what concerned nobody.
const flushGrace = 5 * time.Second

// runDaemon is the product at a glance: listeners hear, the book judges, the bus
// keeps, alerts tell. It returns nil once ctx has ended and all of it has
// stopped, and an error when a part that cannot be restarted has failed.
func runDaemon(ctx context.Context, config *Config, o daemonOptions) (err error) {
	started := time.Now()
	d := &daemon{began: config, look: o.Look, now: o.Now, log: o.Log, health: &health{}, metrics: newRegistry(), reloaded: make(chan struct{}, 1), muted: make(chan struct{})}
	d.modelCalls = newModelCalls(d.metrics)
	d.config.Store(config)
	d.health.Register("start", d.starting)
	closing := func(what string, f func(context.Context) error) {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
		defer cancel()
		if failed := f(grace); failed != nil {
			err = errors.Join(err, fmt.Errorf("closing %s: %w", what, failed))
		}
	}

	web, err := serveHTTP(ctx, config.HTTP, d.health, d.metrics)
	if err != nil {
		return err
	}
	defer closing("http", web.Close)

	if d.bus, err = d.openBus(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // stopped while waiting for the bus: that is no failure
		}
		return err
	}
	defer closing("the bus", d.bus.Close)

	if err := d.assemble(); err != nil {
		return err
	}
	inbox, err := serveInbox(ctx, config.Inbox, d.around.inbox)
	if err != nil {
		return err
	}
	defer closing("the inbox", inbox.Close)
	network, err := d.networkOf(config)
	if err != nil {
		return err
	}
	d.network.Store(network)
	parts, err := d.open(config, network)
	if err != nil {
		return err
	}

	posts, err := d.openSinks(ctx, config)
	if err != nil {
		return ignoreEnd(ctx, err) // stopped while the outboxes were prepared: that is no failure
	}

	group, ctx := errgroup.WithContext(ctx)
	quiet, stopFlushing := context.WithCancel(context.WithoutCancel(ctx))
	group.Go(func() error { return d.alert(ctx) })
	group.Go(func() error { return d.deliver(ctx, posts) })
	group.Go(func() error { return d.models(ctx) })
	group.Go(func() error { d.followMutes(ctx); return nil })
	group.Go(func() error { d.pipeline.known.Run(ctx); return nil })
	group.Go(func() error { d.keepBoard(ctx); return nil })
	group.Go(func() error { d.pipeline.forgotten.Run(ctx, d.bus); return nil })
	group.Go(func() error {
		defer stopFlushing()
		if !d.recall(ctx) {
			return nil
		}
		return d.runner.Run(ctx, parts)
	})
	group.Go(func() error { d.pipeline.Flusher(quiet, flushGrace); return nil })
	group.Go(func() error {
		return d.announce(ctx, daemonAddrs{HTTP: web.Addr(), Inbox: inbox.Addr()}, started, o.Ready)
	})
	group.Go(func() error { return d.beats(ctx) })
	group.Go(func() error { return d.watch(ctx) })
	group.Go(func() error { d.reloads(ctx, o.Reload); return nil })
	group.Go(func() error {
		<-ctx.Done()
		d.log.Info("stopping")
		return systemd.Stopping()
	})
	if err := group.Wait(); err != nil {
		return err
	}
	d.log.Info("stopped")
	return nil
}

func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newBuildInfo(),
	)
	return registry
}

// newBuildInfo is the usual metric that is always 1 and says what runs.
func newBuildInfo() prometheus.Collector {
	v := programVersion()
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "earshot", Name: "build_info", Help: "What runs: always 1.",
		ConstLabels: prometheus.Labels{"version": v.Version, "commit": v.Commit, "goversion": v.Go},
	}, func() float64 { return 1 })
}

// assemble makes the parts that work on the open bus.
func (d *daemon) assemble() error {
	config := d.config.Load()
	d.around = surroundings{inbox: listeners.NewInbox(config.Inbox.URL, d.hasListener), tally: d.bus.Tally(), stored: d.bus.Stored}
	d.pipeline = newPipeline(d.bus, config.Book, d.log.Named("pipeline"), d.metrics)
	d.pipeline.forgotten = newForgotten(d.log.Named("forgotten"))
	d.pipeline.known = newKnown(d.bus, d.log.Named("known"))
	engine, problems := alerts.New(alerts.Options{Log: d.bus, Logger: d.log.Named("alerts"), Metrics: d.metrics, Now: d.now}, alertsConfig(config))
	if problems.Fatal() {
		return problems
	}
	d.engine = engine
	d.courier = d.newCourier()
	d.runner = listeners.New(listeners.Options{Log: d.pipeline, Logger: d.log.Named("listeners"), Metrics: d.metrics})
	err := d.bus.Serve(serviceVersion(), bus.Answers{
		askSources: func(context.Context, []byte) (any, error) { return d.runner.Status(), nil },
		askSinks:   d.sinkStatus, askSinkTry: d.trySink, askSinkRetry: d.retrySink, askOutlook: d.outlook,
	})
	if err != nil {
		return err
	}
	if err := d.serveCases(); err != nil {
		return err
	}
	return d.serveMutes()
}

// openBus opens the bus, and keeps systemd patient while a store recovers or an
// external server is away.
func (d *daemon) openBus(ctx context.Context) (*bus.Bus, error) {
	config := d.config.Load()
	patient, stop := context.WithCancel(ctx)
	var waiting sync.WaitGroup
	defer func() {
		stop()
		waiting.Wait()
		d.stage.Store("starting the listeners")
	}()
	if config.Bus.URL != "" {
		waiting.Go(func() { d.keepWaiting(patient, "waiting for the bus") })
	}
	opened, err := bus.Open(ctx, bus.Options{
		Config: config.Bus, Dir: config.State, Retention: config.Retention, Teams: teamNames(config),
		Log: d.log.Named("bus"), Metrics: d.metrics, Progress: d.stillStarting,
	})
	if err != nil {
		return nil, fmt.Errorf("opening the bus: %w", err)
	}
	return opened, nil
}

// keepWaiting says every few seconds that the daemon waits, until ctx ends.
func (d *daemon) keepWaiting(ctx context.Context, what string) {
	tick := time.NewTicker(startExtension / 4)
	defer tick.Stop()
	for {
		d.stillStarting(what)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
