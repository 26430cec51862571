package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"earshot"
)

// record is a stored message.
type record struct {
	subject  string
	sequence uint64
	header   nats.Header
	data     []byte
}

// get is a request of the server's direct-get protocol.
type get struct {
	Sequence  uint64     `json:"seq,omitempty"`
	StartTime *time.Time `json:"start_time,omitempty"` // instead of a sequence
	Next      string     `json:"next_by_subj,omitempty"`
	Last      string     `json:"last_by_subj,omitempty"`
	MultiLast []string   `json:"multi_last,omitempty"`
	UpTo      uint64     `json:"up_to_seq,omitempty"`
	Batch     int        `json:"batch,omitempty"`
	MaxBytes  int        `json:"max_bytes,omitempty"`
}

// Bounds of one direct get; what does not fit is asked for again from there.
const (
	getBatch = 512
	getBytes = 16 << 20
)

// errTooMany says that a lookup matches more subjects than the server tells of.
var errTooMany = errors.New("too many subjects match")

// last returns the newest message of a subject, or ErrNotFound.
func (l *link) last(ctx context.Context, stream, subject string) (record, error) {
	return l.one(ctx, stream, get{Last: subject})
}

// next returns the first message of a subject from a sequence on, or ErrNotFound.
func (l *link) next(ctx context.Context, stream, subject string, from uint64) (record, error) {
	return l.one(ctx, stream, get{Next: subject, Sequence: max(from, 1)})
}

func (l *link) one(ctx context.Context, stream string, g get) (record, error) {
	var r record
	err := l.retry(ctx, func() error {
		body, err := json.Marshal(g)
		if err != nil {
			return err
		}
		request, cancel := l.attempt(ctx)
		defer cancel()
		answer, err := l.nc.RequestWithContext(request, directGet(stream), body)
		if err != nil {
			return away(ctx, err)
		}
		if err := status(answer); err != nil {
			return err
		}
		r, err = readRecord(answer)
		return err
	})
	return r, err
}

// each calls f for every message that answers g, in the order of the stream.
func (l *link) each(ctx context.Context, stream string, g get, f func(record) error) error {
	g.Batch, g.MaxBytes = getBatch, getBytes
	for more := true; more; {
		err := l.retry(ctx, func() error {
			var err error
			more, err = l.page(ctx, stream, &g, f)
			return err
		})
		if errors.Is(err, earshot.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// page asks for one answer's worth and moves g behind it.
func (l *link) page(ctx context.Context, stream string, g *get, f func(record) error) (more bool, err error) {
	body, err := json.Marshal(g)
	if err != nil {
		return false, err
	}
	request, cancel := l.attempt(ctx)
	defer cancel()
	inbox := l.nc.NewInbox()
	sub, err := l.nc.SubscribeSync(inbox)
	if err != nil {
		return false, away(ctx, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return false, away(ctx, err)
	}
	if err := l.nc.PublishRequest(directGet(stream), inbox, body); err != nil {
		return false, away(ctx, err)
	}
	for {
		answer, err := sub.NextMsgWithContext(request)
		if err != nil {
			return false, away(ctx, err)
		}
		if answer.Header.Get("Status") == "204" {
			upTo, _ := strconv.ParseUint(answer.Header.Get("Nats-UpTo-Sequence"), 10, 64)
			g.UpTo = max(g.UpTo, upTo)
			return answer.Header.Get("Nats-Num-Pending") != "0", nil
		}
		if err := status(answer); err != nil {
			return false, err
		}
		r, err := readRecord(answer)
		if err != nil {
			return false, err
		}
		if err := f(r); err != nil {
			return false, err
		}
		g.Sequence, g.StartTime = r.sequence+1, nil
	}
}

func directGet(stream string) string { return "$JS.API.DIRECT.GET." + stream }

// status returns the error that an answer without a message stands for.
func status(m *nats.Msg) error {
	code := m.Header.Get("Status")
	switch code {
	case "":
		return nil
	case "404":
		return earshot.ErrNotFound
	case "413":
		return errTooMany
	case "503":
		return fmt.Errorf("%w: %w", errAway, nats.ErrNoResponders)
	}
	return fmt.Errorf("the server says: %s %s", code, m.Header.Get("Description"))
}

func readRecord(m *nats.Msg) (record, error) {
	sequence, err := strconv.ParseUint(m.Header.Get(headerSequence), 10, 64)
	if err != nil {
		return record{}, fmt.Errorf("reading a stored message: %w", err)
	}
	return record{subject: m.Header.Get(headerSubject), sequence: sequence, header: m.Header, data: m.Data}, nil
}

// lastOf returns the newest message of every subject that matches a filter.
func (l *link) lastOf(ctx context.Context, stream string, filters []string) (map[string]record, error) {
	found := make(map[string]record)
	err := l.lastInto(ctx, stream, filters, found)
	return found, err
}

func (l *link) lastInto(ctx context.Context, stream string, filters []string, found map[string]record) error {
	const filtersAtOnce = 300
	for len(filters) > filtersAtOnce {
		if err := l.lastInto(ctx, stream, filters[:filtersAtOnce], found); err != nil {
			return err
		}
		filters = filters[filtersAtOnce:]
	}
	if len(filters) == 0 {
		return nil
	}
	err := l.each(ctx, stream, get{MultiLast: filters}, func(r record) error {
		found[r.subject] = r
		return nil
	})
	if errors.Is(err, errTooMany) && len(filters) > 1 {
		half := len(filters) / 2
		if err := l.lastInto(ctx, stream, filters[:half], found); err != nil {
			return err
		}
		return l.lastInto(ctx, stream, filters[half:], found)
	}
	return err
}

// walk calls f for every message of a subject up to a sequence, in the order of
// the stream. Unlike in each, f may take its time.
func (l *link) walk(ctx context.Context, stream, subject string, upTo uint64, f func(record) error) error {
	return l.walkFrom(ctx, stream, get{Next: subject, Sequence: 1}, upTo, f)
}

// walkFrom is walk from the first message that answers g on.
func (l *link) walkFrom(ctx context.Context, stream string, g get, upTo uint64, f func(record) error) error {
	g.Batch, g.MaxBytes = getBatch, getBytes
	for more := true; more; {
		var page []record
		err := l.retry(ctx, func() error {
			var err error
			more, err = l.page(ctx, stream, &g, func(r record) error { page = append(page, r); return nil })
			return err
		})
		if errors.Is(err, earshot.ErrNotFound) {
			more = false
		} else if err != nil {
			return err
		}
		for _, r := range page {
			if r.sequence > upTo {
				return nil
			}
			if err := f(r); err != nil {
				return err
			}
		}
	}
	return nil
}
