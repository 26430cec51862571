package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

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
	end      atomic.Bool // of the log was reached
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

// AllRead reports whether all that was stored when the reader began has been handed
// out by Next.
func (r *Reader) AllRead() bool { return r.end.Load() && len(r.mentions) == 0 }

var errClosed = errors.New("the reader is closed")

// Close ends the reader.
func (r *Reader) Close() {
	r.stop()
	<-r.stopped
}

// follow hands on the mentions after a sequence.
func (r *Reader) follow(ctx context.Context, after uint64) {
	defer close(r.stopped)
	f := follower{bus: r.bus, after: after, hear: r.handOn, current: func() { r.end.Store(true) }, of: jetstream.ConsumerConfig{
		Description: "mentions in order", FilterSubject: mentionSubjects,
	}}
	f.run(ctx)
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
	judged, err := readJudged(data)
	if err != nil {
		return earshot.Stored{}, fmt.Errorf("reading a mention: %w", err)
	}
	s := earshot.Stored{Sequence: sequence, Brand: parts[2], Mention: judged.Mention}
	if len(judged.Verdicts) > 0 {
		s.Verdict = &judged.Verdicts[0]
	}
	return s, nil
}
