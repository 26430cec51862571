package listeners

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
)

// Listener is what the configuration calls a listener: a driver's parts under
// one name.
type Listener struct {
	Name        string
	Type        string        // the driver's name
	Fingerprint string        // changes when the configuration of the listener does
	Quiet       Quiet         // when its network is left alone
	Silence     time.Duration // nothing for so long is to be told of; 0 for never
	Parts       []Part
}

// Options are what a Runner is made of. Durations of 0 mean the default.
type Options struct {
	Log     Log
	Logger  *zap.Logger
	Metrics prometheus.Registerer // nil for none

	MinBackoff    time.Duration // the ceiling of the first wait after a failure; 1 s
	MaxBackoff    time.Duration // the ceiling of every wait; 5 min
	Healthy       time.Duration // a Listen that lasted so long is forgiven what came before; 2 min
	MaxRetryAfter time.Duration // the longest wait a network may ask for; 6 h
	StopTimeout   time.Duration // how long a source may take to stop before it is abandoned; 10 s
}

func (o Options) withDefaults() Options {
	orElse := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	orElse(&o.MinBackoff, time.Second)
	orElse(&o.MaxBackoff, 5*time.Minute)
	orElse(&o.Healthy, 2*time.Minute)
	orElse(&o.MaxRetryAfter, 6*time.Hour)
	orElse(&o.StopTimeout, 10*time.Second)
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	return o
}

// Runner keeps listeners listening: each part has a goroutine, a cursor and a
// backoff of its own, so that the failure of one is nothing to the others. Its
// methods may be called concurrently, Run once.
type Runner struct {
	options Options
	metrics *metrics
	reloads chan reload
	ended   chan struct{} // closed when Run returns

	mu      sync.Mutex
	begun   bool       // Run has prepared its listeners
	running []*running // in the order of the configuration
}

type reload struct {
	listeners []Listener
	done      chan struct{}
}

// running is a listener that has been started.
type running struct {
	Listener
	parts  []*part
	cancel context.CancelFunc
}

// New returns a Runner that does nothing yet. It registers its metrics.
func New(o Options) *Runner {
	r := &Runner{options: o.withDefaults(), reloads: make(chan reload), ended: make(chan struct{})}
	r.metrics = newMetrics(r.options.Metrics, r.Status)
	return r
}

// Run starts the listeners and returns when ctx has ended and all of them have
// stopped; one that does not stop in time is abandoned and named in the log. It
// returns an error, with nothing started, only when names are not unique.
func (r *Runner) Run(ctx context.Context, ls []Listener) error {
	defer close(r.ended)
	if err := unique(ls); err != nil {
		return err
	}
	r.apply(ctx, ls)
	for {
		select {
		case next := <-r.reloads:
			r.apply(ctx, next.listeners)
			close(next.done)
		case <-ctx.Done():
			r.stop(r.current())
			return nil
		}
	}
}

// Reload makes ls the listeners that run: it starts new ones, stops those no
// longer named, restarts those whose fingerprint or type changed and leaves the
// others undisturbed. It returns when that has happened.
func (r *Runner) Reload(ctx context.Context, ls []Listener) error {
	if err := unique(ls); err != nil {
		return err
	}
	request := reload{listeners: ls, done: make(chan struct{})}
	select {
	case r.reloads <- request:
	case <-r.ended:
		return errors.New("reloading listeners: the runner has stopped")
	case <-ctx.Done():
		return fmt.Errorf("reloading listeners: %w", ctx.Err())
	}
	select {
	case <-request.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for listeners to be reloaded: %w", ctx.Err())
	}
}

func unique(ls []Listener) error {
	names := map[string]bool{}
	for _, l := range ls {
		if names[l.Name] {
			return fmt.Errorf("listener %q is there twice (rename one: its cursors are found by the name)", l.Name)
		}
		names[l.Name] = true
		parts := map[string]bool{}
		for _, p := range l.Parts {
			if parts[p.Name] {
				return fmt.Errorf("listener %q has the part %q twice (remove one)", l.Name, p.Name)
			}
			parts[p.Name] = true
		}
	}
	return nil
}

func (r *Runner) current() []*running {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.running
}

// apply turns what runs into ls. Only Run's goroutine calls it.
func (r *Runner) apply(ctx context.Context, ls []Listener) {
	old := map[string]*running{}
	for _, l := range r.current() {
		old[l.Name] = l
	}
	next := make([]*running, len(ls))
	var fresh []*running
	for i, l := range ls {
		was := old[l.Name]
		if was != nil && was.Fingerprint == l.Fingerprint && was.Type == l.Type {
			next[i] = was
			was.reconsider()
			delete(old, l.Name)
			continue
		}
		next[i] = r.prepare(l)
		fresh = append(fresh, next[i])
	}
	// What is replaced stops first, so that two never share a cursor.
	var leaving []*running
	for _, l := range old {
		leaving = append(leaving, l)
	}
	r.stop(leaving)

	r.mu.Lock()
	r.running, r.begun = next, true
	r.mu.Unlock()
	for _, l := range leaving {
		r.metrics.keepOnly(l.Name, next)
	}
	for _, l := range fresh {
		l.start(ctx)
	}
}

func (r *Runner) prepare(l Listener) *running {
	started := &running{Listener: l, cancel: func() {}}
	for _, p := range l.Parts {
		started.parts = append(started.parts, newPart(r.options, r.metrics, l, p))
	}
	r.metrics.expect(l.Name)
	return started
}

func (l *running) start(ctx context.Context) {
	ctx, l.cancel = context.WithCancel(ctx)
	for _, p := range l.parts {
		go p.run(ctx)
	}
}

// reconsider has parts whose credential was refused try again.
func (l *running) reconsider() {
	for _, p := range l.parts {
		if p.status().State != Denied {
			continue
		}
		select {
		case p.again <- struct{}{}:
		default:
		}
	}
}

// stop ends listeners, all at the same time. Parts give up on their sources
// after the stop timeout, so that this returns.
func (r *Runner) stop(ls []*running) {
	for _, l := range ls {
		l.cancel()
	}
	for _, l := range ls {
		for _, p := range l.parts {
			<-p.stopped
		}
	}
}

// Running reports whether the first Listen of every part has been called, or the
// part turned out to be gone.
func (r *Runner) Running() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.running {
		for _, p := range l.parts {
			if !p.called() {
				return false
			}
		}
	}
	return r.begun
}

// Status returns how each part is doing, in the order of the configuration.
func (r *Runner) Status() []Status {
	var all []Status
	for _, l := range r.current() {
		for _, p := range l.parts {
			all = append(all, p.status())
		}
	}
	return all
}
