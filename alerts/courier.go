package alerts

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"earshot"
)

// Post is one configured sink with what it is to be told.
type Post struct {
	Name        string
	Type        string // the driver's name
	Team        string
	Fingerprint string // changes when the configuration of the sink does
	Filter      Filter
	MaxAge      time.Duration // what was raised longer ago is not sent any more; 0 for ever
	Sink        Sink
	State       *LateState // what the sink was handed as its state; gets its outbox when it runs
}

// Filter says which alerts of its team a sink is told of. Its zero value wants all.
type Filter struct {
	Brands     []string
	Kinds      []earshot.Kind
	MinUrgency earshot.Band
}

// CourierOptions are what a Courier is made of.
type CourierOptions struct {
	// Take calls do with the outbox of a sink while it is this daemon's alone to take
	// from, and returns when do has or when another daemon takes over.
	Take    func(ctx context.Context, sink, team string, do func(context.Context, Outbox) error) error
	Logger  *zap.Logger
	Metrics prometheus.Registerer // nil for none
	Pauses  Pauses
}

// Pauses are how long a courier waits. Zero values mean the usual.
type Pauses struct {
	Least, Most time.Duration // after the first failure and after many; 1 s and 5 min
	Credential  time.Duration // between two looks at a credential that was refused; 5 s
	Timeout     time.Duration // of one delivery; 1 min
}

// Courier brings alerts to sinks: each has its own goroutines, outbox and backoff, so
// that the failure of one is nothing to the others. Its methods may be called
// concurrently, Run once.
type Courier struct {
	options CourierOptions
	metrics *sinkMetrics

	mu    sync.Mutex
	ctx   context.Context //nolint:containedctx // it is the life of the courier, which sinks of a reload join
	posts []*post         // in the order of the configuration
}

// NewCourier returns a courier without sinks. It registers its metrics.
func NewCourier(o CourierOptions) *Courier {
	orElse := func(d *time.Duration, value time.Duration) {
		if *d <= 0 {
			*d = value
		}
	}
	orElse(&o.Pauses.Least, time.Second)
	orElse(&o.Pauses.Most, 5*time.Minute)
	orElse(&o.Pauses.Credential, 5*time.Second)
	orElse(&o.Pauses.Timeout, time.Minute)
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	c := &Courier{options: o}
	c.metrics = newSinkMetrics(o.Metrics, c.Status)
	return c
}

// Run delivers until ctx ends and everything has stopped.
func (c *Courier) Run(ctx context.Context, all []Post) error {
	c.mu.Lock()
	c.ctx = ctx
	c.mu.Unlock()
	if err := c.Reload(all); err != nil {
		return err
	}
	<-ctx.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.posts {
		<-p.stopped
	}
	return nil
}

// Reload makes all the sinks there are: it starts new ones, stops those no longer
// named, restarts those whose fingerprint changed and leaves the others undisturbed,
// but that it has those try again whose credential was refused.
func (c *Courier) Reload(all []Post) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil {
		return errors.New("reloading sinks: the courier does not run")
	}
	old := map[string]*post{}
	for _, p := range c.posts {
		old[p.Name] = p
	}
	next := make([]*post, len(all))
	for i, want := range all {
		was := old[want.Name]
		if was != nil && was.Fingerprint == want.Fingerprint && was.Type == want.Type {
			next[i] = was
			was.reconsider()
			delete(old, want.Name)
			continue
		}
		next[i] = newPost(want, &c.options, c.metrics)
	}
	for _, p := range old { // two never take from one outbox
		p.stop()
		<-p.stopped
	}
	c.posts = next
	for _, p := range old {
		c.metrics.forget(p.Name, next)
	}
	for _, p := range next {
		p.start(c.ctx)
	}
	return nil
}

// Status returns how each sink is doing, in the order of the configuration.
func (c *Courier) Status() []SinkStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]SinkStatus, len(c.posts))
	for i, p := range c.posts {
		all[i] = p.status()
	}
	return all
}

// Count asks how many alerts wait for each sink that this daemon delivers to, and
// keeps the answers for Status.
func (c *Courier) Count(ctx context.Context) {
	c.mu.Lock()
	posts := c.posts
	c.mu.Unlock()
	for _, p := range posts {
		p.count(ctx)
	}
}

// Try sends a made-up alert through the real thing and returns where it went, or
// earshot.ErrNotFound when this daemon does not deliver to such a sink.
func (c *Courier) Try(ctx context.Context, name string, a earshot.Alert) (string, error) {
	found := c.find(name)
	if found == nil || !found.owns() {
		return "", fmt.Errorf("sink %s: %w", name, earshot.ErrNotFound)
	}
	receipt, err := found.call(ctx, func(ctx context.Context) (Receipt, error) {
		return found.Sink.Deliver(ctx, Delivery{Alert: a, Test: true})
	})
	return receipt.Place, err
}

// find returns the sink of the name, nil for none.
func (c *Courier) find(name string) *post {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.posts {
		if p.Name == name {
			return p
		}
	}
	return nil
}
