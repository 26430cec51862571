package alerts

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/noise"
	"earshot/alerts/story"
)

// Sizes of what the engine handles at once and remembers. The log knows
// everything else.
const (
	maxRead    = 400             // mentions read at once
	maxBatch   = 1200            // mentions dealt with at once: each write waits for the disk
	readAhead  = 2               // reads that wait while a batch is written
	maxCases   = 4096            // cases remembered
	maxSeats   = 16384           // memberships remembered
	turn       = time.Second / 2 // how often it looks at the clock when nothing happens
	publishing = 10 * time.Second
	caughtUp   = 2 // rounds without anything heard after which all there is has been read
)

// Options is what an engine works with.
type Options struct {
	Log     Log
	Logger  *zap.Logger           // nil for silence
	Metrics prometheus.Registerer // nil for none
	Now     func() time.Time      // nil for the real time
}

// Engine turns judged mentions into cases and alerts. One Run at a time.
type Engine struct {
	log      Log
	logger   *zap.Logger
	metrics  *metrics
	now      func() time.Time
	settings atomic.Pointer[settings]
	turned   atomic.Int64
	asked    chan func()  // what others want to know of a running one
	waiting  atomic.Int64 // when the oldest mention under way was heard, in Unix nanoseconds; 0 for none

	// Of the running Run alone, and no more than the log holds: forgotten
	// whenever the log's answer leaves doubt.
	brands  map[string]*brand
	cases   *lru.Cache[caseKey, durable]
	seats   *lru.Cache[seatKey, earshot.Membership]
	ledger  *ledger // nil until read
	unknown map[string]bool

	// Kept while a Run lasts: the cases say when, and people's events move it.
	timers     timers
	pins       pins
	followed   uint64    // the last event of a case that was noticed
	looked     time.Time // when people's events were read last
	remembered bool      // timers, stories and habits are complete

	// What mentions add up to. Its records are written with the progress.
	stories *story.Index
	recent  recent // of what stories remember
	placed  uint64 // the last mention placed
	watches map[watchKey]*watch
	records map[string][]earshot.Record // by brand, to be written
	watched time.Time                   // when watches last saw the clock
	allRead func() bool                 // whether there is nothing stored that was not heard yet; nil for nothing
	failed  bool                        // what was seen last may not have been told of
	quiet   int                         // rounds since something was heard
	made    *settings                   // what the watches and the gate were made with

	mutes     atomic.Pointer[[]noise.Mute] // as people have set them
	muted     *[]noise.Mute                // those that the gate knows
	gate      *noise.Gate
	gateSaved map[string][]byte // by team, as written last
}

// New makes an engine, or says what is wrong with the configuration.
func New(o Options, c Config) (*Engine, earshot.Problems) {
	set, problems := compile(c)
	if problems.Fatal() {
		return nil, problems
	}
	e := &Engine{log: o.Log, logger: o.Logger, now: o.Now, unknown: map[string]bool{}, asked: make(chan func())}
	if e.logger == nil {
		e.logger = zap.NewNop()
	}
	if e.now == nil {
		e.now = time.Now
	}
	e.metrics = newMetrics(o.Metrics, e.lag)
	// The sizes are positive constants, which is all that New checks.
	e.cases, _ = lru.New[caseKey, durable](maxCases)
	e.seats, _ = lru.New[seatKey, earshot.Membership](maxSeats)
	e.settings.Store(set)
	e.forget()
	e.blank()
	e.beat()
	return e, problems
}

// Reload takes over a configuration between two batches, or says what is wrong
// with it and keeps the old one.
func (e *Engine) Reload(c Config) earshot.Problems {
	set, problems := compile(c)
	if !problems.Fatal() {
		e.settings.Store(set)
	}
	return problems
}

// Turning is when the engine last went round its loop, which it does at least
// once a second unless the log keeps it waiting.
func (e *Engine) Turning() time.Time { return time.Unix(0, e.turned.Load()) }

// beat is by the clock of the machine, whatever the engine takes for the time.
func (e *Engine) beat() { e.turned.Store(time.Now().UnixNano()) }

// forget drops all that was remembered of the log.
func (e *Engine) forget() {
	e.brands = map[string]*brand{}
	e.cases.Purge()
	e.seats.Purge()
	e.ledger = nil
}

// Run reads mentions in order and raises alerts until ctx ends, when it returns
// nil. Whatever goes wrong in writing is tried again, for as long as it takes; it
// returns an error only when mentions end or its own memory cannot be read.
func (e *Engine) Run(ctx context.Context, mentions Mentions) error {
	ctx, cancel := context.WithCancel(ctx)
	e.forget()
	e.remembered, e.watched, e.quiet = false, time.Time{}, 0
	heard, failed := make(chan []earshot.Stored, readAhead), make(chan error, 1)
	if m, ok := mentions.(interface{ AllRead() bool }); ok {
		e.allRead = func() bool { return m.AllRead() && len(heard) == 0 }
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		failed <- listen(ctx, mentions, heard)
	}()
	defer func() { cancel(); <-read }()
	clock := time.NewTicker(turn)
	defer clock.Stop()
	for {
		var batch []earshot.Stored
		answer := func() {}
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("reading mentions: %w", err)
		case answer = <-e.asked: // when all is done that is due
		case batch = <-heard:
			batch = gather(batch, heard)
		case <-clock.C:
		}
		if err := e.deal(ctx, batch); err != nil {
			return err
		}
		answer()
	}
}

// gather adds to a batch what has been heard in the meantime.
func gather(batch []earshot.Stored, heard <-chan []earshot.Stored) []earshot.Stored {
	for len(batch) < maxBatch-maxRead {
		select {
		case more := <-heard:
			batch = append(batch, more...)
		default:
			return batch
		}
	}
	return batch
}

// listen hands on what is heard.
func listen(ctx context.Context, mentions Mentions, heard chan<- []earshot.Stored) error {
	for {
		batch, err := mentions.Next(ctx, maxRead)
		if err != nil {
			return err
		}
		select {
		case heard <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// deal sees to a batch, which may be empty, until it is done, ctx ends or trying
// again makes no sense.
func (e *Engine) deal(ctx context.Context, batch []earshot.Stored) error {
	wait := backoff.ExponentialBackOff{InitialInterval: 20 * time.Millisecond, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: turn}
	wait.Reset()
	defer e.waiting.Store(0)
	for tries := 0; ; {
		e.beat()
		e.wait(batch)
		dealt, err := e.cycle(ctx, batch)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			if tries > 0 {
				e.logger.Info("alerts go on", zap.Int("tries", tries))
			}
			if batch = batch[dealt:]; len(batch) == 0 {
				return nil
			}
			tries = 0
			wait.Reset()
			continue
		case errors.Is(err, errMemory):
			return err
		}
		if tries == 0 {
			e.logger.Warn("alerts are tried again", zap.Error(err))
		}
		tries++
		e.metrics.retries.Inc()
		e.failed = true
		e.forget()
		if !pause(ctx, wait.NextBackOff()) {
			return nil
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// cycle takes as many of the mentions as one write holds and tells of the old
// ones that are due. It returns how many it took.
func (e *Engine) cycle(ctx context.Context, mentions []earshot.Stored) (int, error) {
	set := e.settings.Load()
	if err := e.wake(ctx); err != nil {
		return 0, err
	}
	for _, name := range set.brands {
		if _, err := e.brand(ctx, name); err != nil {
			return 0, err
		}
	}
	if err := e.keepTime(ctx); err != nil {
		return 0, err
	}
	taken := 0
	if len(mentions) > 0 {
		b := e.begin(set)
		if e.failed {
			if err := b.alarm(ctx, e.speakUp()); err != nil {
				return 0, err
			}
		}
		for taken < len(mentions) && !b.full() && !b.quotes(&mentions[taken]) {
			if taken%ahead == 0 {
				if err := b.foresee(ctx, mentions[taken:]); err != nil {
					return 0, err
				}
			}
			if err := b.take(ctx, &mentions[taken]); err != nil {
				return 0, err
			}
			taken++
		}
		e.saveWatches(e.now())
		if err := b.commit(ctx); err != nil {
			return 0, err
		}
		e.failed = false
		e.metrics.sequence.Set(float64(mentions[taken-1].Sequence))
	}
	if e.quiet++; len(mentions) > 0 {
		e.quiet = 0
	}
	if e.quiet >= caughtUp && (e.allRead == nil || e.allRead()) {
		if err := e.watchClock(ctx, set); err != nil {
			return taken, err
		}
	}
	if err := e.digest(ctx, set); err != nil {
		return taken, err
	}
	return taken, e.summarise(ctx)
}

// watchClock lets watches see the time when everything heard has been read, and
// tells of what an earlier life did not live to tell.
func (e *Engine) watchClock(ctx context.Context, set *settings) error {
	now := e.now()
	if len(e.speakUp()) == 0 && now.Sub(e.watched) < lookEvery {
		return nil
	}
	b := e.begin(set)
	e.look(now)
	if err := b.alarm(ctx, e.speakUp()); err != nil {
		return err
	}
	if err := b.commit(ctx); err != nil {
		return err
	}
	e.watched = now
	return nil
}

// keepTime sees to what is due, by the cases as people have left them.
func (e *Engine) keepTime(ctx context.Context) error {
	now := e.now()
	switch {
	case !e.remembered:
		if err := e.remember(ctx); err != nil {
			return err
		}
	case now.Sub(e.looked) >= turn:
		if err := e.follow(ctx); err != nil {
			return err
		}
	}
	e.looked = now
	e.reconfigure(e.settings.Load())
	return e.ring(ctx)
}

// wait notes since when the oldest of the mentions has been waiting.
func (e *Engine) wait(batch []earshot.Stored) {
	since := int64(0)
	if len(batch) > 0 && !batch[0].Mention.Heard.IsZero() {
		since = batch[0].Mention.Heard.UnixNano()
	}
	e.waiting.Store(since)
}

// lag is how many seconds the oldest mention under way has been waiting.
func (e *Engine) lag() float64 {
	since := e.waiting.Load()
	if since == 0 {
		return 0
	}
	return e.now().Sub(time.Unix(0, since)).Seconds()
}
