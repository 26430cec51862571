package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"earshot"
)

// Reader reads the judged mentions of all brands in the order of the log. It is
// not for concurrent use. Close it.
type Reader struct {
	bus      *Bus
	stop     context.CancelFunc
	mentions chan earshot.Stored
	stopped  chan struct{}
}

// readAhead is how many mentions wait in memory for whoever reads them.
const readAhead = 256

// Mentions reads the log from the first mention after a sequence on, 0 for all
// that is kept. The reader goes on without a gap when the server was away.
func (b *Bus) Mentions(after uint64) *Reader {
	ctx, stop := context.WithCancel(context.Background())
	r := &Reader{bus: b, stop: stop, mentions: make(chan earshot.Stored, readAhead), stopped: make(chan struct{})}
	go r.follow(ctx, after)
	return r
}

// Next returns the mentions that follow, up to max, in the order of the log. It
// waits until there is at least one or ctx ends.
func (r *Reader) Next(ctx context.Context, max int) ([]earshot.Stored, error) {
	var batch []earshot.Stored
	select {
	case s := <-r.mentions:
		batch = append(batch, s)
	case <-ctx.Done():
		return nil, fmt.Errorf("reading mentions: %w", ctx.Err())
	case <-r.stopped:
		return nil, fmt.Errorf("reading mentions: %w", errClosed)
	}
	for len(batch) < max {
		select {
		case s := <-r.mentions:
			batch = append(batch, s)
		default:
			return batch, nil
		}
	}
	return batch, nil
}

var errClosed = errors.New("the reader is closed")

// Close ends the reader.
func (r *Reader) Close() {
	r.stop()
	<-r.stopped
}

// follow keeps a consumer on the log and makes a new one, from where the last
// one stopped, whenever something is odd with it.
func (r *Reader) follow(ctx context.Context, after uint64) {
	defer close(r.stopped)
	for wait := firstPause; ; wait = min(2*wait, maxPause) {
		before := after
		var err error
		after, err = r.consume(ctx, after)
		if ctx.Err() != nil {
			return
		}
		r.bus.log.Debug("reading on after an interruption", zap.Uint64("sequence", after), zap.Error(err))
		if after > before {
			wait = firstPause
		}
		if r.bus.link.pause(ctx, wait) != nil {
			return
		}
	}
}

// consume reads until something is odd and returns the last sequence handed on.
func (r *Reader) consume(ctx context.Context, after uint64) (uint64, error) {
	request, cancel := r.bus.link.attempt(ctx)
	defer cancel()
	consumer, err := r.bus.link.js.CreateConsumer(request, streamMentions, jetstream.ConsumerConfig{
		Description: "mentions in order", FilterSubject: mentionSubjects,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: 5 * time.Minute,
	})
	if err != nil {
		return after, err
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(2*readAhead), jetstream.PullHeartbeat(2*time.Second))
	if err != nil {
		return after, err
	}
	defer messages.Stop()
	for delivered := uint64(1); ; delivered++ {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return after, err
		}
		meta, err := m.Metadata()
		if err != nil {
			return after, err
		}
		// The consumer counts what it sends: a gap means that something was lost.
		if meta.Sequence.Consumer != delivered {
			return after, fmt.Errorf("message %d arrived where %d was due", meta.Sequence.Consumer, delivered)
		}
		if err := r.handOn(ctx, m, meta.Sequence.Stream); err != nil {
			return after, err
		}
		after = meta.Sequence.Stream
	}
}

// handOn hands a mention to whoever reads, unless it only says that the mention
// has moved: the message of its new place tells all.
func (r *Reader) handOn(ctx context.Context, m jetstream.Msg, sequence uint64) error {
	if m.Headers().Get(headerWithdrawn) == moved {
		return nil
	}
	stored, err := readStored(m.Subject(), sequence, m.Data())
	if err != nil {
		r.bus.log.Error("skipping a mention that cannot be read", zap.Uint64("sequence", sequence), zap.Error(err))
		return nil
	}
	select {
	case r.mentions <- stored:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func readStored(subject string, sequence uint64, data []byte) (earshot.Stored, error) {
	parts := strings.Split(subject, ".")
	if len(parts) != 5 {
		return earshot.Stored{}, fmt.Errorf("subject %s is not of a mention", subject)
	}
	var judged earshot.Judged
	if err := json.Unmarshal(data, &judged); err != nil {
		return earshot.Stored{}, fmt.Errorf("reading a mention: %w", err)
	}
	s := earshot.Stored{Sequence: sequence, Brand: parts[2], Mention: judged.Mention}
	if len(judged.Verdicts) > 0 {
		s.Verdict = &judged.Verdicts[0]
	}
	return s, nil
}
