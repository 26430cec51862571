package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"earshot"
)

// Place is a part of the store where copies of what people wrote may lie.
type Place struct{ stream, subject string }

// The places.
var (
	InMentions    = Place{streamMentions, mentionSubjects}
	InDeadLetters = Place{streamMentions, "earshot.dlq.>"}
	InAlerts      = Place{streamAlerts, "earshot.alerts.>"}
	InMemberships = Place{streamAlerts, "earshot.progress.*.*"}
	InCases       = Place{streamCases, "earshot.cases.>"}
	InDrills      = Place{streamDrill, "earshot.drill.>"}
)

// OfCase narrows InCases to one case of one team.
func (p Place) OfCase(team, id string) Place { return Place{p.stream, caseSubject(team, id)} }

// Copy is a message of the store.
type Copy struct {
	Subject   string
	Sequence  uint64
	Body      []byte
	Withdrawn bool   // a tombstone
	Rewrites  uint64 // sequence of the message that this one stands for
	stream    string
}

// headerRewrites names the message that a case event was made of.
const headerRewrites = "Earshot-Rewrites"

// Tokens are the words of the subject behind earshot and the place.
func (c *Copy) Tokens() []string { return strings.Split(c.Subject, ".")[2:] }

// Key is the key of the mention that the copy is of or about, or empty.
func (c *Copy) Key() string {
	if rest, ok := strings.CutPrefix(c.Subject, "earshot.progress."); ok {
		_, key, _ := strings.Cut(rest, ".")
		return key
	}
	return keyIn(c.Subject)
}

// Walk calls each for every copy in a place, oldest first, up to what is stored
// when it begins; each may take its time. Only the daemon's user may.
func (c *Client) Walk(ctx context.Context, in Place, each func(Copy) error) error {
	upTo, err := c.end(ctx, in.stream)
	if err == nil {
		err = c.link.walk(ctx, in.stream, in.subject, upTo, func(r record) error {
			rewrites, _ := strconv.ParseUint(r.header.Get(headerRewrites), 10, 64)
			return each(Copy{
				Subject: r.subject, Sequence: r.sequence, Body: r.data, Rewrites: rewrites,
				Withdrawn: r.header.Get(headerWithdrawn) != "", stream: in.stream,
			})
		})
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", in.subject, err)
	}
	return nil
}

// end is the last sequence of a stream. It is the first thing asked of the server,
// so it tells who may not ask.
func (c *Client) end(ctx context.Context, stream string) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	s, err := c.link.js.Stream(ctx, stream)
	if err != nil {
		return 0, c.link.managing(ctx, "looking at stream "+stream, err)
	}
	return s.CachedInfo().State.LastSeq, nil
}

// Count is how many messages the store has in all places.
func (c *Client) Count(ctx context.Context) (uint64, error) {
	var all uint64
	for _, stream := range []string{streamMentions, streamAlerts, streamCases, streamDrill} {
		s, err := c.link.js.Stream(ctx, stream)
		if err != nil {
			return 0, c.link.managing(ctx, "looking at stream "+stream, err)
		}
		all += s.CachedInfo().State.Msgs
	}
	return all, nil
}

// Erase overwrites a copy in the files of the store and removes it. Again does no
// harm.
func (c *Client) Erase(ctx context.Context, of Copy) error {
	if err := c.link.erase(ctx, of.stream, of.Sequence); err != nil {
		return fmt.Errorf("erasing from %s: %w", of.stream, err)
	}
	return nil
}

// Withdraw puts a tombstone in the place of a mention that nobody has taken back,
// as if its author had deleted it, and returns that. It is earshot.ErrConflict when
// something newer has taken the place of the copy.
func (c *Client) Withdraw(ctx context.Context, of Copy, mention earshot.Mention) (Copy, error) {
	body := earshot.Judged{
		Mention:  earshot.Mention{ID: mention.ID, Network: mention.Network, Change: earshot.Deleted, Heard: time.Now().UTC()},
		Verdicts: []earshot.Verdict{},
	}
	id := rand.Text()
	m, err := message(of.Subject, event{
		id: of.Subject[len("earshot."):] + "." + id, kind: "mention." + string(earshot.Deleted), source: "forget", schema: "mention", at: body.Heard,
	}, body)
	if err != nil {
		return Copy{}, err
	}
	m.Header[headerWithdrawn] = []string{string(earshot.Deleted)}
	expect(m, of.Sequence)
	sequence, err := c.store(ctx, of.stream, id, m)
	return Copy{Subject: of.Subject, Sequence: sequence, Withdrawn: true, stream: of.stream}, err
}

// store publishes messages of one subject, and finds out what became of them when
// the answer is lost.
func (c *Client) store(ctx context.Context, stream, id string, msgs ...*nats.Msg) (sequence uint64, err error) {
	err = c.link.retry(ctx, func() error {
		var failed error
		sequence, failed = c.link.publish(ctx, id, 0, msgs)
		if !errors.Is(failed, earshot.ErrConflict) {
			return failed
		}
		last, err := c.link.last(ctx, stream, msgs[0].Subject)
		if writer, _ := batchOf(last.header); err == nil && writer == id {
			sequence = last.sequence
			return nil
		}
		return failed
	})
	if err != nil {
		return 0, fmt.Errorf("writing to %s: %w", stream, err)
	}
	return sequence, nil
}

// Rewrite appends events to a case that stand for those with the given sequences,
// all or none, unless the case has changed since the one at last: earshot.ErrConflict.
// What they stand for is then to be erased. At most 900.
func (c *Client) Rewrite(ctx context.Context, events []earshot.CaseEvent, of []uint64, last uint64) error {
	id := rand.Text()
	msgs := make([]*nats.Msg, len(events))
	for i := range events {
		e := &events[i]
		if err := tokens(e.Case.Team, e.Case.ID); err != nil {
			return err
		}
		m, err := message(caseSubject(e.Case.Team, e.Case.ID), event{
			id: fmt.Sprintf("%s.%d", id, i), kind: "case." + e.Event, source: "forget", schema: "case", at: e.At,
		}, e)
		if err != nil {
			return err
		}
		m.Header[headerRewrites] = []string{strconv.FormatUint(of[i], 10)}
		msgs[i] = m
	}
	expect(msgs[0], last)
	_, err := c.store(ctx, streamCases, id, msgs...)
	return err
}

// Progress returns how far the alerts of a brand have come, zero for never.
func (c *Client) Progress(ctx context.Context, brand string) (earshot.Progress, error) {
	return c.link.progress(ctx, brand)
}
