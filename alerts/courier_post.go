package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"

	"earshot"
)

// Bounds of one sink.
const (
	mostUnderWay = 200       // alerts taken from the outbox and not settled
	mostAtOnce   = 4         // deliveries at the same time
	longestWait  = time.Hour // that a peer may ask for
)

// An alert that fails so often, while so many others get through, is at fault itself.
const (
	hopelessTries  = 10
	hopelessOthers = 3
)

// post runs one sink.
type post struct {
	Post

	options *CourierOptions
	metrics *sinkMetrics
	log     *zap.Logger
	begin   sync.Once
	stop    context.CancelFunc
	stopped chan struct{}
	again   chan struct{} // wakes a sink whose credential was refused
	wishes  chan retryRequest
	queue   queue // of the deliveries of each case

	mu        sync.Mutex
	now       SinkStatus
	outbox    Outbox        // nil while another daemon has it
	closed    time.Time     // until when the peer wants to be left alone
	held      chan struct{} // closed when deliveries may go on; nil while they may
	delivered int           // in this life
}

func newPost(p Post, o *CourierOptions, m *sinkMetrics) *post {
	return &post{
		Post: p, options: o, metrics: m, log: o.Logger.With(zap.String("sink", p.Name)), stop: func() {},
		stopped: make(chan struct{}), again: make(chan struct{}, 1), wishes: make(chan retryRequest),
		now: SinkStatus{Sink: p.Name, Type: p.Type, Team: p.Team, State: SinkStandby},
	}
}

func (p *post) start(ctx context.Context) {
	p.begin.Do(func() {
		p.metrics.begin(p.Name)
		ctx, p.stop = context.WithCancel(ctx)
		go p.run(ctx)
	})
}

func (p *post) reconsider() {
	select {
	case p.again <- struct{}{}:
	default:
	}
}

// run delivers whenever the outbox is this daemon's, until ctx ends.
func (p *post) run(ctx context.Context) {
	defer close(p.stopped)
	wait := p.backoff()
	for ctx.Err() == nil {
		began := time.Now()
		err := p.options.Take(ctx, p.Name, p.Team, p.deliverAll)
		if err != nil && ctx.Err() == nil {
			p.log.Warn("sink interrupted", zap.Error(err))
		}
		if time.Since(began) > time.Minute {
			wait.Reset()
		}
		pause(ctx, wait.NextBackOff())
	}
}

// backoff is any wait up to a ceiling that doubles, so that what failed together does
// not come back together.
func (p *post) backoff() *backoff.ExponentialBackOff {
	b := &backoff.ExponentialBackOff{
		InitialInterval: p.options.Pauses.Least / 2, RandomizationFactor: 1,
		Multiplier: 2, MaxInterval: p.options.Pauses.Most / 2,
	}
	b.Reset()
	return b
}

// deliverAll takes alerts from the outbox until ctx ends.
func (p *post) deliverAll(ctx context.Context, from Outbox) error {
	ctx, cancel := context.WithCancel(ctx)
	var under sync.WaitGroup
	defer under.Wait()
	defer cancel()
	p.own(from)
	defer p.own(nil)
	under.Go(func() { p.grant(ctx, from) })
	if f, ok := p.Sink.(Follower); ok {
		under.Go(func() { p.follow(ctx, f) })
	}
	if d, ok := p.Sink.(Digester); ok {
		return p.digests(ctx, d, from)
	}
	return p.takeEach(ctx, from, &under)
}

func (p *post) own(o Outbox) {
	p.State.set(o)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outbox = o
	p.now.State = SinkStandby
	if o != nil {
		p.now.State = SinkDelivering
	}
}

func (p *post) owns() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.outbox != nil
}

// takeEach has each alert delivered in a goroutine of its own, those of one case one
// after the other.
func (p *post) takeEach(ctx context.Context, from Outbox, under *sync.WaitGroup) error {
	room := make(chan struct{}, mostUnderWay)
	turns := make(chan struct{}, mostAtOnce)
	for {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		letter, err := from.Next(ctx)
		if err != nil {
			return err
		}
		place := p.queue.enter(letter.Alert.Case)
		under.Go(func() {
			defer func() { <-room }()
			leave, err := place.wait(ctx)
			defer leave()
			if err == nil {
				p.settle(ctx, from, letter, turns)
			}
		})
	}
}

// settle delivers one alert, however long that takes, unless it need not be.
func (p *post) settle(ctx context.Context, from Outbox, letter earshot.Letter, turns chan struct{}) {
	d, why := Delivery{Alert: letter.Alert}, ""
	p.insist(ctx, "looking at an alert", func() (err error) {
		d.Before, why, err = p.look(ctx, from, &letter.Alert)
		return err
	})
	if why == "" && ctx.Err() == nil {
		_, err := p.persist(ctx, turns, p.delivery(from, d))
		switch {
		case ctx.Err() != nil && err != nil:
			return
		case err != nil:
			p.setAside(ctx, from, letter, err)
			return
		}
	}
	if why != "" {
		p.metrics.skipped.WithLabelValues(p.Name, why).Inc()
	}
	p.insist(ctx, "settling an alert", func() error { return from.Done(ctx, letter.Sequence) })
}

// delivery sends one alert and notes that: as long as that is not done the peer is not
// asked for more, so that a crash repeats few.
func (p *post) delivery(from Outbox, d Delivery) send {
	return func(ctx context.Context) (receipt Receipt, err error) {
		if many, ok := p.Sink.(Digester); ok {
			receipt, err = many.DeliverAll(ctx, []Delivery{d})
		} else {
			receipt, err = p.Sink.Deliver(ctx, d)
		}
		if err == nil {
			p.note(ctx, from, d, receipt)
		}
		return receipt, err
	}
}

// setAside keeps an alert that the peer does not take where a person finds it.
func (p *post) setAside(ctx context.Context, from Outbox, letter earshot.Letter, why error) {
	p.log.Error("alert set aside: the peer does not take it", zap.String("alert", letter.Alert.ID), zap.Error(why))
	p.insist(ctx, "setting an alert aside", func() error { return from.SetAside(ctx, letter.Sequence, why.Error()) })
	p.metrics.aside.WithLabelValues(p.Name).Inc()
	p.change(func(s *SinkStatus) { s.Aside++ })
}

// look returns what was told of the case before, and why the alert need not be
// delivered, if so.
func (p *post) look(ctx context.Context, from Outbox, a *earshot.Alert) (*Before, string, error) {
	told, err := p.told(ctx, from, a.Case)
	if err != nil {
		return nil, "", err
	}
	switch {
	case told != nil && told.Alert == a.ID:
		return told, "known", nil // delivered before a crash
	case !p.Filter.wants(a) && (told == nil || !takesBack(a)):
		return told, "unwanted", nil
	case told == nil && a.Why == earshot.BecauseWithdrawn:
		return told, "unwanted", nil // there is nothing to take back
	case p.MaxAge > 0 && time.Since(a.At) > p.MaxAge && a.Why != earshot.BecauseWithdrawn:
		p.log.Warn("alert too old to be sent", zap.String("alert", a.ID), zap.Time("raised", a.At))
		p.change(func(s *SinkStatus) { s.TooOld++ })
		return told, "too_old", nil
	}
	return told, "", nil
}

// told is what was told of a case, nil for nothing.
func (p *post) told(ctx context.Context, from Outbox, id string) (*Before, error) {
	data, err := from.Told(ctx, id)
	if err != nil || data == nil {
		return nil, err
	}
	told := new(Before)
	if err := json.Unmarshal(data, told); err != nil {
		p.log.Warn("what was told of a case cannot be read", zap.Error(err))
		return nil, nil
	}
	return told, nil
}

// takesBack reports whether an alert ends or replaces what an earlier one said.
func takesBack(a *earshot.Alert) bool {
	return a.Why == earshot.BecauseWithdrawn || a.Replaces != "" || a.Mention == nil
}

func (f Filter) wants(a *earshot.Alert) bool {
	return (len(f.Brands) == 0 || slices.Contains(f.Brands, a.Brand)) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, a.Kind)) &&
		(f.MinUrgency == "" || bandRank[a.Urgency] >= bandRank[f.MinUrgency])
}

// send hands one message to the peer.
type send func(context.Context) (Receipt, error)

// persist tries until the peer has the alert, never will, or ctx ends.
func (p *post) persist(ctx context.Context, turns chan struct{}, send send) (Receipt, error) {
	wait := p.backoff()
	others := p.soFar()
	for tries := 1; ; tries++ {
		if err := p.admitted(ctx, turns); err != nil {
			return Receipt{}, err
		}
		receipt, err := p.call(ctx, send)
		<-turns
		if err == nil {
			p.change(func(s *SinkStatus) { s.Err, s.Failing, s.Retry, s.State = "", time.Time{}, time.Time{}, SinkDelivering })
			return receipt, nil
		}
		if ctx.Err() != nil {
			return Receipt{}, ctx.Err()
		}
		p.metrics.failures.WithLabelValues(p.Name, reasonOf(err)).Inc()
		if _, never := errors.AsType[*Rejected](err); never {
			return Receipt{}, err
		}
		if p.holds(ctx, err) {
			tries--
			continue
		}
		if tries >= hopelessTries && p.soFar()-others >= hopelessOthers {
			return Receipt{}, fmt.Errorf("failing %d times while others got through: %w", tries, err)
		}
		p.failing(err)
		pause(ctx, wait.NextBackOff())
	}
}

// call delivers once, in bounded time; a sink that panics has failed.
func (p *post) call(ctx context.Context, send send) (receipt Receipt, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.options.Pauses.Timeout)
	defer cancel()
	defer p.recover(&err)
	return send(ctx)
}

func (p *post) recover(err *error) {
	if r := recover(); r != nil {
		p.log.Error("sink panicked", zap.Any("panic", r), zap.ByteString("stack", debug.Stack()))
		*err = errors.New("the sink panicked")
	}
}

// insist repeats what the bus is needed for until it is done or ctx ends.
func (p *post) insist(ctx context.Context, doing string, do func() error) {
	wait := p.backoff()
	for ctx.Err() == nil {
		err := do()
		if err == nil || ctx.Err() != nil {
			return
		}
		p.log.Warn("sink waits for the bus", zap.String("doing", doing), zap.Error(err))
		pause(ctx, wait.NextBackOff())
	}
}

// note keeps what was told, before the alert is settled: after a crash between the
// two it is known. When that cannot be kept, it is delivered all the same.
func (p *post) note(ctx context.Context, from Outbox, d Delivery, r Receipt) {
	now := time.Now().UTC()
	told := Before{First: d.Alert.ID, Alert: d.Alert.ID, Revision: d.Alert.Revision, At: now, Ref: r.Ref}
	if d.Before != nil {
		told.First = d.Before.First
		if d.Before.Revision > told.Revision { // it was late
			told.Alert, told.Revision = d.Before.Alert, d.Before.Revision
		}
	}
	data, err := json.Marshal(told)
	if err == nil {
		// What the peer has is noted even when the daemon stops.
		keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = from.Note(keep, d.Alert.Case, data, earshot.Delivery{Sink: p.Name, Alert: d.Alert.ID, At: now, Place: r.Place})
	}
	if err != nil {
		p.log.Warn("what was delivered cannot be noted", zap.String("alert", d.Alert.ID), zap.Error(err))
	}
	p.metrics.delivered.WithLabelValues(p.Name).Inc()
	if !d.Alert.At.IsZero() {
		p.metrics.latency.WithLabelValues(p.Name).Observe(now.Sub(d.Alert.At).Seconds())
	}
	p.change(func(s *SinkStatus) { s.Delivered++; s.Last = now })
	p.mu.Lock()
	p.delivered++
	p.mu.Unlock()
}
