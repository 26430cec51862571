package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

// forgottenRecord is how long the mark of a record that was forgotten lasts.
const forgottenRecord = time.Minute

func countRecords(progress []earshot.Progress) int {
	n := 0
	for i := range progress {
		n += len(progress[i].Records)
	}
	return n
}

func addRecords(msgs []*nats.Msg, id string, progress []earshot.Progress) ([]*nats.Msg, error) {
	now := time.Now()
	for i := range progress {
		p := &progress[i]
		for n, r := range p.Records {
			if err := tokens(p.Brand, r.Name); err != nil {
				return nil, err
			}
			m, err := message(recordSubject(p.Brand, r.Name), event{
				id: fmt.Sprintf("%s.%s.r%d", id, p.Brand, n), kind: "record", source: "alerts", schema: "record", at: now,
			}, r.Data)
			if err != nil {
				return nil, err
			}
			msgs = append(msgs, lasting(replace(m), r))
		}
	}
	return msgs, nil
}

func lasting(m *nats.Msg, r earshot.Record) *nats.Msg {
	switch {
	case r.Data == nil:
		m.Header[headerTTL] = []string{forgottenRecord.String()}
	case r.Keep == 0:
		return forever(m)
	default:
		m.Header[headerTTL] = []string{max(r.Keep, time.Second).Truncate(time.Second).String()}
	}
	return m
}

// Records returns what was committed with the progress of a brand and lasts.
func (b *Bus) Records(ctx context.Context, brand string) ([]earshot.Record, error) {
	if err := tokens(brand); err != nil {
		return nil, fmt.Errorf("reading records: %w", err)
	}
	var all []earshot.Record
	below := recordSubject(brand, "")
	err := b.link.each(ctx, streamAlerts, get{Next: below + "*", Sequence: 1}, func(r record) error {
		if len(r.data) > 0 && string(r.data) != "null" {
			all = append(all, earshot.Record{Name: strings.TrimPrefix(r.subject, below), Data: json.RawMessage(r.data)})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading records of %s: %w", brand, err)
	}
	return all, nil
}

// RecordNow returns what lasts under a name of a brand, or earshot.ErrNotFound.
func (b *Bus) RecordNow(ctx context.Context, brand, name string) (earshot.Record, error) {
	if err := tokens(brand, name); err != nil {
		return earshot.Record{}, fmt.Errorf("reading record: %w", err)
	}
	r, err := b.link.last(ctx, streamAlerts, recordSubject(brand, name))
	switch {
	case err != nil:
		return earshot.Record{}, fmt.Errorf("reading record %s of %s: %w", name, brand, err)
	case len(r.data) == 0 || string(r.data) == "null":
		return earshot.Record{}, fmt.Errorf("record %s of %s: %w", name, brand, earshot.ErrNotFound)
	}
	return earshot.Record{Name: name, Data: json.RawMessage(r.data)}, nil
}

// Cases hands over the last event of every case, in the order of the log.
func (b *Bus) Cases(ctx context.Context, each func(earshot.CaseEvent) error) error {
	ctx, done := context.WithCancelCause(ctx)
	defer done(nil)
	f := follower{
		bus: b, stream: streamCases, latest: true,
		of: jetstream.ConsumerConfig{Description: "all cases", FilterSubject: caseSubject("*", "*")},
	}
	f.current = func() { done(errAllRead) }
	f.hear = func(_ context.Context, m jetstream.Msg, sequence uint64) error {
		e, err := readCaseEvent(record{sequence: sequence, data: m.Data()})
		if err == nil {
			err = each(e)
		}
		if err != nil {
			done(err)
		}
		return err
	}
	f.run(ctx)
	if cause := context.Cause(ctx); !errors.Is(cause, errAllRead) {
		return fmt.Errorf("reading cases: %w", cause)
	}
	return nil
}

var errAllRead = errors.New("all is read")
