// Package bus is where everything lasts: judged mentions and cursors, cases,
// alerts and their progress, on NATS JetStream, embedded or external. It is the
// only package that knows NATS. It decides nothing (rules, alerts) and hears
// nothing (listeners); it promises that what it acknowledged survives a power
// cut and exists once.
package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/micro"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Options is what a bus is opened with.
type Options struct {
	Config     Config
	Dir        string                // the state directory; an embedded store lies in its folder bus
	Retention  time.Duration         // how long mentions are kept
	Teams      []string              // each gets a user and a durable of its name
	Log        *zap.Logger           //
	Metrics    prometheus.Registerer // nil for none
	Progress   func(stage string)    // called now and then while a large store recovers; nil for none
	WaitFor    time.Duration         // how long Open waits for an external server; 0 for until the context ends
	Standalone bool                  // for tools on a store at rest: nobody can connect, nothing is changed
	Guest      bool                  // for tools beside a running daemon: no stream, durable or user is changed, nothing is answered

	restoring bool // nothing lasts before the whole store is synced
}

// Bus is an open bus. Its methods may be called concurrently.
type Bus struct {
	log       *zap.Logger
	config    Config
	dir       string
	retention time.Duration
	state     *state  // nil when there is no state directory
	server    *server // nil when the server is external
	link      *link
	disk      *disk // nil when the server is external
	metrics   *metrics
	service   micro.Service // nil until Serve
	batches   chan struct{} // a slot for each atomic batch under way
	held      atomic.Bool   // all slots are taken by a backup

	mu    sync.Mutex
	teams []string
	users []User
	short map[string]shortage // what has no room

	stop   context.CancelFunc
	done   sync.WaitGroup
	closed atomic.Bool
}

// batchesAtOnce stays below the 50 that the server accepts per stream.
const batchesAtOnce = 16

// minRetention guards against a forgotten unit.
const minRetention = time.Hour

// Open starts or reaches the server, creates or checks the streams, and returns
// when they can be used. Close it.
func Open(ctx context.Context, o Options) (_ *Bus, err error) {
	if problems := o.Config.Check(o.Teams...); problems.Fatal() {
		return nil, problems
	}
	if !o.Standalone && o.Retention < minRetention {
		return nil, fmt.Errorf("opening the bus: a retention of %v would erase nearly everything (use at least %v)", o.Retention, minRetention)
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	b := &Bus{
		log: o.Log, config: o.Config, dir: o.Dir, retention: o.Retention,
		teams: slices.Clone(o.Teams), users: o.Config.Users,
		batches: make(chan struct{}, batchesAtOnce), short: make(map[string]shortage),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close(context.WithoutCancel(ctx)))
		}
	}()
	if b.metrics, err = newMetrics(o.Metrics); err != nil {
		return nil, err
	}
	if b.config.URL == "" {
		err = b.openEmbedded(ctx, o)
	} else {
		err = b.openExternal(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	// A tool leaves a store at rest as it is: another retention would erase from it.
	if !o.Standalone && !o.Guest {
		if err := b.prepare(ctx); err != nil {
			return nil, err
		}
	}
	return b, b.watch(o.Guest)
}

func (b *Bus) prepare(ctx context.Context) error {
	if err := b.ensureStreams(ctx); err != nil {
		return err
	}
	return b.ensureDurables(ctx)
}

func (b *Bus) openEmbedded(ctx context.Context, o Options) error {
	var err error
	if b.state, err = openState(o.Dir); err != nil {
		return err
	}
	reserve, err := b.config.reserve(o.Dir)
	if err != nil {
		return err
	}
	b.disk = &disk{dir: o.Dir, reserve: reserve}
	b.server, err = startServer(ctx, o, b.disk)
	if err != nil {
		return err
	}
	b.link, err = dialServer(b.server, b.log)
	return err
}

func (b *Bus) openExternal(ctx context.Context, o Options) error {
	var err error
	if o.Dir != "" {
		if b.state, err = openState(o.Dir); err != nil {
			return err
		}
	}
	if o.WaitFor > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.WaitFor)
		defer cancel()
	}
	b.link, err = dialExternal(ctx, b.config, b.log)
	return err
}

// watch starts what runs beside the calls.
func (b *Bus) watch(guest bool) error {
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.done.Go(func() { b.watchHealth(ctx) })
	if guest {
		return nil // a backup asks the daemon
	}
	return b.serveHold(ctx)
}

// URL is where clients of this machine reach the server.
func (b *Bus) URL() string {
	if b.server != nil {
		return b.server.url()
	}
	return b.config.URL
}

// SetTeams gives new teams and users their access, takes it from those that are
// gone, and creates the durables of new teams, while everybody stays connected.
func (b *Bus) SetTeams(ctx context.Context, teams []string, users []User) error {
	b.mu.Lock()
	b.teams, b.users = slices.Clone(teams), slices.Clone(users)
	b.mu.Unlock()
	if b.server != nil {
		if err := b.server.reload(teams, users); err != nil {
			return fmt.Errorf("reloading users: %w", err)
		}
	}
	return b.ensureDurables(ctx)
}

// Close stops what runs, disconnects, and shuts an embedded server down. A
// second call does nothing.
func (b *Bus) Close(ctx context.Context) error {
	if b.closed.Swap(true) {
		return nil
	}
	if b.stop != nil {
		b.stop()
		b.done.Wait()
	}
	var err error
	if b.service != nil {
		err = b.service.Stop()
	}
	if b.link != nil {
		b.link.close()
	}
	if b.server != nil {
		err = errors.Join(err, b.server.close(ctx))
	}
	if b.metrics != nil {
		b.metrics.close()
	}
	if b.state != nil {
		err = errors.Join(err, b.state.close())
	}
	return err
}
