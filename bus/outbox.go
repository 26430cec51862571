package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"earshot"
)

// Times of an outbox. Who holds an alert says so three times before the server
// takes it for lost and hands it out again.
const (
	outboxAck  = 5 * time.Second
	outboxWait = 20 * time.Second // how long one request for an alert lasts
)

// maxUnderWay is how many alerts of one outbox may be unsettled at a time: a digest
// takes so many at once.
const maxUnderWay = 256

// Outbox hands out the alerts of one team to one sink, each again until it is
// settled: by Done once the sink has it, by SetAside if the sink never will. It
// is a durable consumer named sink-<name>; a new one begins with the next alert.
// One daemon at a time may take from it, or the alerts of a case overtake each
// other. Its methods may be called concurrently, Next and Waiting by one goroutine.
type Outbox struct {
	bus        *Bus
	sink, team string

	mu       sync.Mutex
	consumer jetstream.Consumer
	letters  map[uint64]*letter // by sequence: handed out and not settled
	ready    []uint64           // received and not handed out yet
	last     uint64             // the highest sequence received

	owed bool // an earlier life may have had alerts under way, which come before all others
}

// letter is an alert under way.
type letter struct {
	message jetstream.Msg // as the server delivered it last
	alert   earshot.Alert
	done    bool // delivered, but the server may not know yet
}

func outboxName(sink string) string { return "sink-" + sink }

// Outbox prepares the outbox of a sink. Nothing is taken from it yet, but no alert
// is missed from now on.
func (b *Bus) Outbox(ctx context.Context, sink, team string) (*Outbox, error) {
	if err := tokens(sink, team); err != nil {
		return nil, fmt.Errorf("opening the outbox of sink %s: %w", sink, err)
	}
	o := &Outbox{bus: b, sink: sink, team: team, letters: make(map[uint64]*letter), owed: true}
	return o, o.prepare(ctx)
}

// prepare makes the durable consumer, or finds it as an earlier life left it.
func (o *Outbox) prepare(ctx context.Context) error {
	config := jetstream.ConsumerConfig{
		Durable: outboxName(o.sink), Description: "alerts for sink " + o.sink,
		FilterSubject: "earshot.alerts." + o.team + ".>",
		AckPolicy:     jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverNewPolicy,
		AckWait: outboxAck, MaxAckPending: maxUnderWay, MaxDeliver: -1,
		InactiveThreshold: 2*o.bus.retention + slack, // then there is no alert left that it was to deliver
	}
	o.mu.Lock()
	if o.last > 0 { // somebody has deleted it under way
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, o.last+1
	}
	o.mu.Unlock()
	return o.bus.link.retry(ctx, func() error {
		js := o.bus.link.js
		consumer, err := js.Consumer(ctx, streamAlerts, config.Durable)
		if err == nil {
			// What it begins with cannot be changed, and need not be.
			was := consumer.CachedInfo().Config
			config.DeliverPolicy, config.OptStartSeq = was.DeliverPolicy, was.OptStartSeq
		}
		if err == nil || errors.Is(err, jetstream.ErrConsumerNotFound) {
			consumer, err = js.CreateOrUpdateConsumer(ctx, streamAlerts, config)
		}
		if err != nil {
			return o.bus.link.managing(ctx, "preparing the outbox of sink "+o.sink, err)
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		o.consumer = consumer
		return nil
	})
}

// Keep tells the server that alerts under way are not lost, until ctx ends; then it
// gives back those that are not settled.
func (o *Outbox) Keep(ctx context.Context) {
	tick := time.NewTicker(outboxAck / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			o.each(func(l *letter) {
				if !l.done {
					_ = l.message.InProgress() // or it comes again, and is known
				}
			})
		case <-ctx.Done():
			o.each(func(l *letter) {
				if !l.done {
					_ = l.message.Nak()
				}
			})
			o.mu.Lock()
			o.letters, o.ready = make(map[uint64]*letter), nil
			o.mu.Unlock()
			return
		}
	}
}

func (o *Outbox) each(f func(*letter)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, l := range o.letters {
		f(l)
	}
}

// Next waits for an alert that is not under way and returns it.
func (o *Outbox) Next(ctx context.Context) (earshot.Letter, error) {
	if err := o.takeBack(ctx); err != nil {
		return earshot.Letter{}, err
	}
	for pause := firstPause; ; {
		if l, ok := o.handOut(); ok {
			return l, nil
		}
		err := o.fetch(ctx, 1, outboxWait)
		if ctx.Err() != nil {
			return earshot.Letter{}, fmt.Errorf("waiting for an alert: %w", ctx.Err())
		}
		if err == nil {
			pause = firstPause
			continue
		}
		if o.again(ctx, pause, err) != nil {
			return earshot.Letter{}, fmt.Errorf("waiting for an alert: %w", ctx.Err())
		}
		pause = min(2*pause, maxPause)
	}
}

// again waits after an interruption and makes sure that the consumer is there.
func (o *Outbox) again(ctx context.Context, pause time.Duration, err error) error {
	o.bus.log.Debug("taking from an outbox again after an interruption", zap.String("sink", o.sink), zap.Error(err))
	if err := o.bus.link.pause(ctx, pause); err != nil {
		return err
	}
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrConsumerDeleted) || errors.Is(err, jetstream.ErrConsumerDoesNotExist) {
		return o.prepare(ctx)
	}
	return nil
}

// Waiting hands out what is there now, at most 256 with those under way, and does
// not wait.
func (o *Outbox) Waiting(ctx context.Context) ([]earshot.Letter, error) {
	if err := o.takeBack(ctx); err != nil {
		return nil, err
	}
	if err := o.fetch(ctx, maxUnderWay, 0); err != nil {
		return nil, fmt.Errorf("taking what waits in an outbox: %w", err)
	}
	var all []earshot.Letter
	for {
		l, ok := o.handOut()
		if !ok {
			return all, nil
		}
		all = append(all, l)
	}
}

func (o *Outbox) handOut() (earshot.Letter, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.ready) == 0 {
		return earshot.Letter{}, false
	}
	sequence := o.ready[0]
	o.ready = o.ready[1:]
	return earshot.Letter{Alert: o.letters[sequence].alert, Sequence: sequence}, true
}

// takeBack waits for what an earlier life had under way: it comes again at the
// latest when the server takes it for lost, and must not be overtaken.
func (o *Outbox) takeBack(ctx context.Context) error {
	if !o.owed {
		return nil
	}
	patience, cancel := context.WithTimeout(ctx, 2*outboxAck)
	defer cancel()
	for patience.Err() == nil {
		consumer, err := o.bus.link.js.Consumer(patience, streamAlerts, outboxName(o.sink))
		if err == nil && consumer.CachedInfo().NumAckPending <= o.underWay() {
			break
		}
		if err == nil {
			err = o.fetch(patience, 1, outboxAck/5)
		}
		if err != nil && patience.Err() == nil && o.again(patience, firstPause, err) != nil {
			break
		}
	}
	if ctx.Err() != nil {
		return fmt.Errorf("waiting for an alert: %w", ctx.Err())
	}
	o.owed = false
	o.mu.Lock()
	defer o.mu.Unlock()
	slices.Sort(o.ready)
	return nil
}

func (o *Outbox) underWay() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.letters)
}

// fetch receives at most n alerts: those that are there, or with a wait those that
// come within it.
func (o *Outbox) fetch(ctx context.Context, n int, wait time.Duration) error {
	o.mu.Lock()
	consumer := o.consumer
	o.mu.Unlock()
	var (
		batch jetstream.MessageBatch
		err   error
	)
	if wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
		batch, err = consumer.Fetch(n, jetstream.FetchContext(ctx))
	} else {
		batch, err = consumer.FetchNoWait(n)
	}
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		if err := o.receive(ctx, m); err != nil {
			return err
		}
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// receive notes an alert that the server delivered. One that is under way already
// was taken for lost, while the bus was away perhaps: it is not handed out again.
func (o *Outbox) receive(ctx context.Context, m jetstream.Msg) error {
	meta, err := m.Metadata()
	if err != nil {
		return err
	}
	sequence := meta.Sequence.Stream
	o.mu.Lock()
	known := o.letters[sequence]
	if known != nil {
		known.message = m
	}
	o.last = max(o.last, sequence)
	o.mu.Unlock()
	if known != nil {
		if known.done {
			return o.Done(ctx, sequence)
		}
		return nil
	}
	l := &letter{message: m}
	if err := json.Unmarshal(m.Data(), &l.alert); err != nil {
		o.bus.log.Error("skipping an alert that cannot be read", zap.String("sink", o.sink), zap.Uint64("sequence", sequence), zap.Error(err))
		return m.TermWithReason("not an alert")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.letters[sequence] = l
	o.ready = append(o.ready, sequence)
	return nil
}

// Done settles an alert for good: it is not handed out any more.
func (o *Outbox) Done(ctx context.Context, sequence uint64) error {
	o.mu.Lock()
	l := o.letters[sequence]
	if l == nil {
		o.mu.Unlock()
		return nil
	}
	l.done = true
	o.mu.Unlock()
	request, cancel := o.bus.link.attempt(ctx)
	defer cancel()
	o.mu.Lock()
	m := l.message
	o.mu.Unlock()
	// When the answer is lost, the alert comes again and is known.
	err := m.DoubleAck(request)
	if errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("settling an alert of sink %s: %w", o.sink, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.letters, sequence)
	return nil
}

// SetAside settles an alert that the sink will never take, and keeps where it is and
// why, with nothing of what it says.
func (o *Outbox) SetAside(ctx context.Context, sequence uint64, why string) error {
	o.mu.Lock()
	l := o.letters[sequence]
	o.mu.Unlock()
	if l == nil {
		return nil
	}
	aside := earshot.SetAside{Sink: o.sink, Alert: l.alert.ID, Sequence: sequence, At: time.Now().UTC(), Why: why}
	if err := o.write(ctx, asideRecord, strconv.FormatUint(sequence, 10), aside); err != nil {
		return fmt.Errorf("setting an alert of sink %s aside: %w", o.sink, err)
	}
	return o.Done(ctx, sequence)
}
