package bus

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// leaveWait is how long taking a consumer away may hold up whoever stops.
const leaveWait = 2 * time.Second

// follower reads a stream in order and without a gap, for ever.
type follower struct {
	bus     *Bus
	stream  string                   // empty for the one of mentions
	of      jetstream.ConsumerConfig // what is read; the rest is filled in
	after   uint64                   // the last sequence handed on
	hear    func(ctx context.Context, m jetstream.Msg, sequence uint64) error
	latest  bool   // begin with the last message of each subject alone
	current func() // called when everything stored is handed on, again and again; nil for nobody
}

// run keeps a consumer on the log and makes a new one, from where the last one
// stopped, whenever something is odd with it. It returns when ctx ends.
func (f *follower) run(ctx context.Context) {
	for wait := firstPause; ; wait = min(2*wait, maxPause) {
		before := f.after
		err := f.consume(ctx)
		if ctx.Err() != nil {
			return
		}
		f.bus.log.Debug("reading on after an interruption", zap.Uint64("sequence", f.after), zap.Error(err))
		if f.after > before {
			wait = firstPause
		}
		if f.bus.link.pause(ctx, wait) != nil {
			return
		}
	}
}

// consume reads until something is odd.
func (f *follower) consume(ctx context.Context) error {
	request, cancel := f.bus.link.attempt(ctx)
	defer cancel()
	config := f.of
	config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, f.after+1
	if f.latest {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverLastPerSubjectPolicy, 0
	}
	config.AckPolicy, config.MemoryStorage, config.Replicas = jetstream.AckNonePolicy, true, 1
	config.InactiveThreshold = 5 * time.Minute
	consumer, err := f.bus.link.js.CreateConsumer(request, cmp.Or(f.stream, streamMentions), config)
	if err != nil {
		return err
	}
	defer f.leave(ctx, consumer.CachedInfo())
	if consumer.CachedInfo().NumPending == 0 {
		f.caughtUp()
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(2*readAhead), jetstream.PullHeartbeat(2*time.Second))
	if err != nil {
		return err
	}
	defer messages.Stop()
	for delivered := uint64(1); ; delivered++ {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		// The consumer counts what it sends: a gap means that something was lost.
		if meta.Sequence.Consumer != delivered {
			return fmt.Errorf("message %d arrived where %d was due", meta.Sequence.Consumer, delivered)
		}
		if err := f.hear(ctx, m, meta.Sequence.Stream); err != nil {
			return err
		}
		f.after = meta.Sequence.Stream
		if meta.NumPending == 0 {
			f.caughtUp()
		}
	}
}

// leave takes a consumer away that is of no more use. A server that does not answer
// soon forgets it by itself later; until then it is one of those that a stream may
// have.
func (f *follower) leave(ctx context.Context, was *jetstream.ConsumerInfo) {
	if !f.bus.link.connected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveWait)
	defer cancel()
	if err := f.bus.link.js.DeleteConsumer(ctx, was.Stream, was.Name); err != nil {
		f.bus.log.Debug("a consumer is left behind", zap.String("stream", was.Stream), zap.Error(err))
	}
}

func (f *follower) caughtUp() {
	f.latest = false // what follows comes in order
	if f.current != nil {
		f.current()
	}
}
