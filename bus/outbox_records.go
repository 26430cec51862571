package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

// Kinds of records of sinks.
const (
	caseRecord  = "case"  // what a sink knows of a case: the thread or ticket it made
	stateRecord = "state" // what else a sink must know after a restart
	sentRecord  = "sent"  // an alert that it delivered
	asideRecord = "aside" // an alert that it will never deliver
)

func sinkRecord(sink, kind, name string) string {
	return "earshot.sinks." + sink + "." + kind + "." + name
}

// write keeps a record in the place of the one before it, as long as alerts are kept.
func (o *Outbox) write(ctx context.Context, kind, name string, value any) error {
	if err := o.bus.lastRoom(); err != nil {
		return err
	}
	return o.bus.link.retry(ctx, func() error {
		m, err := message(sinkRecord(o.sink, kind, name), event{
			id: rand.Text(), kind: "sink." + kind, source: "sinks", schema: "sink-" + kind, at: time.Now(),
		}, value)
		if err != nil {
			return err
		}
		_, err = o.bus.publish(ctx, rand.Text(), 0, []*nats.Msg{replace(m)})
		return err
	})
}

func (l *link) readSink(ctx context.Context, subject string, into any) (bool, error) {
	r, err := l.last(ctx, streamSinks, subject)
	if errors.Is(err, earshot.ErrNotFound) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(r.data, into)
	}
	return err == nil, err
}

// Told returns what was noted of a case when it was last told of, nil for nothing.
func (o *Outbox) Told(ctx context.Context, id string) (json.RawMessage, error) {
	return o.recall(ctx, caseRecord, earshot.Key(id))
}

// State returns what was kept under a name, nil for nothing.
func (o *Outbox) State(ctx context.Context, name string) (json.RawMessage, error) {
	return o.recall(ctx, stateRecord, name)
}

func (o *Outbox) recall(ctx context.Context, kind, name string) (json.RawMessage, error) {
	var value json.RawMessage
	if _, err := o.bus.link.readSink(ctx, sinkRecord(o.sink, kind, name), &value); err != nil {
		return nil, fmt.Errorf("reading what sink %s noted: %w", o.sink, err)
	}
	return value, nil
}

// SetState keeps a value under a name.
func (o *Outbox) SetState(ctx context.Context, name string, value json.RawMessage) error {
	if err := tokens(name); err != nil {
		return fmt.Errorf("keeping the state of sink %s: %w", o.sink, err)
	}
	if err := o.write(ctx, stateRecord, name, value); err != nil {
		return fmt.Errorf("keeping the state of sink %s: %w", o.sink, err)
	}
	return nil
}

// Note keeps that an alert was delivered, and what is to be known of its case.
func (o *Outbox) Note(ctx context.Context, id string, told json.RawMessage, d earshot.Delivery) error {
	err := o.write(ctx, caseRecord, earshot.Key(id), told)
	if err == nil {
		err = o.write(ctx, sentRecord, earshot.Key(d.Alert), d)
	}
	if err != nil {
		return fmt.Errorf("noting what sink %s has delivered: %w", o.sink, err)
	}
	return nil
}

// Sent returns what sinks have delivered of the alerts with the IDs.
func (c *Client) Sent(ctx context.Context, alerts []string) ([]earshot.Delivery, error) {
	filters := make([]string, len(alerts))
	for i, id := range alerts {
		filters[i] = sinkRecord("*", sentRecord, earshot.Key(id))
	}
	found, err := c.link.lastOf(ctx, streamSinks, filters)
	if err != nil {
		return nil, fmt.Errorf("reading what sinks have delivered: %w", err)
	}
	var all []earshot.Delivery
	for _, r := range found {
		var d earshot.Delivery
		if err := json.Unmarshal(r.data, &d); err != nil {
			return nil, fmt.Errorf("reading what a sink has delivered: %w", err)
		}
		all = append(all, d)
	}
	return all, nil
}

// Aside calls each for every alert that a sink set aside, * for all sinks.
func (c *Client) Aside(ctx context.Context, sink string, each func(earshot.SetAside) error) error {
	upTo, err := c.end(ctx, streamSinks)
	if err != nil {
		return err
	}
	return c.link.walk(ctx, streamSinks, sinkRecord(sink, asideRecord, "*"), upTo, func(r record) error {
		var s earshot.SetAside
		if err := json.Unmarshal(r.data, &s); err != nil {
			return fmt.Errorf("reading what sink %s set aside: %w", sink, err)
		}
		return each(s)
	})
}

// Recall returns an alert that lies aside; earshot.ErrNotFound for one that does not,
// or is not kept any more.
func (o *Outbox) Recall(ctx context.Context, sequence uint64) (earshot.Alert, error) {
	var (
		aside earshot.SetAside
		a     earshot.Alert
	)
	found, err := o.bus.link.readSink(ctx, o.asideRecord(sequence), &aside)
	if err == nil && !found {
		err = earshot.ErrNotFound
	}
	if err == nil {
		var r record
		if r, err = o.bus.link.one(ctx, streamAlerts, get{Sequence: sequence}); err == nil {
			err = json.Unmarshal(r.data, &a)
		}
	}
	if err != nil {
		return earshot.Alert{}, fmt.Errorf("looking for an alert that sink %s set aside: %w", o.sink, err)
	}
	return a, nil
}

// Forgive has an alert not lie aside any more.
func (o *Outbox) Forgive(ctx context.Context, sequence uint64) error {
	if err := o.bus.link.eraseAll(ctx, streamSinks, o.asideRecord(sequence)); err != nil {
		return fmt.Errorf("dealing with an alert that sink %s set aside: %w", o.sink, err)
	}
	return nil
}

func (o *Outbox) asideRecord(sequence uint64) string {
	return sinkRecord(o.sink, asideRecord, strconv.FormatUint(sequence, 10))
}

// Count is how many alerts wait, those under way included, and how many lie aside.
func (o *Outbox) Count(ctx context.Context) (waiting, aside int, err error) {
	consumer, err := o.bus.link.js.Consumer(ctx, streamAlerts, outboxName(o.sink))
	if err != nil {
		return 0, 0, fmt.Errorf("looking at the outbox of sink %s: %w", o.sink, err)
	}
	records, err := o.bus.link.js.Stream(ctx, streamSinks)
	if err != nil {
		return 0, 0, fmt.Errorf("looking at the outbox of sink %s: %w", o.sink, err)
	}
	of, err := records.Info(ctx, jetstream.WithSubjectFilter(sinkRecord(o.sink, asideRecord, "*")))
	if err != nil {
		return 0, 0, fmt.Errorf("counting what sink %s set aside: %w", o.sink, err)
	}
	info := consumer.CachedInfo()
	return info.NumAckPending + int(info.NumPending), len(of.State.Subjects), nil
}
