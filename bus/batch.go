package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"earshot"
)

// Headers of the server's protocol.
const (
	headerBatch       = "Nats-Batch-Id"
	headerBatchSeq    = "Nats-Batch-Sequence"
	headerBatchCommit = "Nats-Batch-Commit"
	headerExpected    = "Nats-Expected-Last-Subject-Sequence"
	headerRollup      = "Nats-Rollup"
	headerTTL         = "Nats-TTL"
	headerSubject     = "Nats-Subject"
	headerSequence    = "Nats-Sequence"
	headerKVOperation = "KV-Operation"
	// headerSingle names the batch of a message that was published alone.
	headerSingle = "Earshot-Batch"
)

// Error codes of the server that are told apart.
const (
	codeWrongSequence      = 10071
	codeSubjectBusy        = 10164 // somebody else is writing to the subject right now
	codeInsufficient       = 10023
	codeStorageExceeded    = 10047
	codeStoreFailed        = 10077 // a limit of the stream, or of the disk
	codeBatchIncomplete    = 10176
	codeBatchTooManyOpen   = 10210
	codeSubjectNotReady    = 10163
	codeMaxMessageExceeded = 10054
)

// ack is the server's answer to a publish.
type ack struct {
	Sequence uint64 `json:"seq"` // of the last message of the batch
	Error    *struct {
		Code        int    `json:"code"`
		ErrCode     int    `json:"err_code"`
		Description string `json:"description"`
	} `json:"error"`
}

// publish stores the messages, all or none, and returns the sequence of the
// last one; they follow each other without a gap. It tries once: ErrConflict
// when an expected sequence was wrong, ErrFull when there is no room, and
// errAway when it is unknown whether they are stored. Which batch a stored
// message belongs to is found in its header: id and the number of the attempt.
func (b *Bus) publish(ctx context.Context, id string, attempt int, msgs []*nats.Msg) (uint64, error) {
	select {
	case b.batches <- struct{}{}:
		defer func() { <-b.batches }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return b.link.publish(ctx, id, attempt, msgs)
}

// publish is the same without a place in the queue of the daemon.
func (l *link) publish(ctx context.Context, id string, attempt int, msgs []*nats.Msg) (uint64, error) {
	id += "-" + strconv.Itoa(attempt)
	last := msgs[len(msgs)-1]
	if len(msgs) == 1 {
		last.Header[headerSingle] = []string{id}
	} else {
		for i, m := range msgs {
			m.Header[headerBatch] = []string{id}
			m.Header[headerBatchSeq] = []string{strconv.Itoa(i + 1)}
		}
		last.Header[headerBatchCommit] = []string{"1"}
	}
	request, cancel := l.attempt(ctx)
	defer cancel()
	for _, m := range msgs[:len(msgs)-1] {
		if err := l.nc.PublishMsg(m); err != nil {
			return 0, away(ctx, err)
		}
	}
	answer, err := l.nc.RequestMsgWithContext(request, last)
	if err != nil {
		return 0, away(ctx, err)
	}
	return readAck(answer.Data)
}

// away says that the outcome of a request is unknown, unless nobody waits for it.
func away(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, nats.ErrConnectionClosed) {
		return err
	}
	return fmt.Errorf("%w: %w", errAway, err)
}

func readAck(data []byte) (uint64, error) {
	var a ack
	if err := json.Unmarshal(data, &a); err != nil {
		return 0, fmt.Errorf("%w: reading the acknowledgement: %w", errAway, err)
	}
	if a.Error == nil {
		return a.Sequence, nil
	}
	said := fmt.Errorf("the server says: %s (%d)", a.Error.Description, a.Error.ErrCode)
	switch a.Error.ErrCode {
	case codeWrongSequence, codeSubjectBusy:
		return 0, fmt.Errorf("%w: %w", earshot.ErrConflict, said)
	case codeInsufficient, codeStorageExceeded:
		return 0, fmt.Errorf("%w: %w", earshot.ErrFull, said)
	case codeStoreFailed:
		if full(a.Error.Description) {
			return 0, fmt.Errorf("%w: %w", earshot.ErrFull, said)
		}
	case codeBatchIncomplete, codeBatchTooManyOpen, codeSubjectNotReady:
	default:
		if a.Error.Code != 503 {
			return 0, said
		}
	}
	return 0, fmt.Errorf("%w: %w", errAway, said)
}

// stillTrying says, once per batch, that something takes strangely long. A server
// that refuses what it has just been asked about contradicts itself.
func (b *Bus) stillTrying(attempt int, err error) {
	switch {
	case attempt != 10:
	case errors.Is(err, earshot.ErrConflict):
		b.log.Error("a batch is not stored yet: the store refuses what fits what is in it. A block of it may be damaged: "+
			"restart earshot, and the server if it is one of its own, so that it is read anew; else restore a backup. Still trying", zap.Error(err))
	default:
		b.log.Warn("a batch is not stored yet: still trying", zap.Error(err))
	}
}

func full(description string) bool {
	return strings.Contains(description, "maximum bytes") || strings.Contains(description, "maximum messages") ||
		strings.Contains(description, "no space")
}

// batchOf returns the id of the batch that stored a message, and the message's
// place in it from 0.
func batchOf(h nats.Header) (id string, place uint64) {
	if single := h.Get(headerSingle); single != "" {
		id, _, _ = strings.Cut(single, "-")
		return id, 0
	}
	id, _, _ = strings.Cut(h.Get(headerBatch), "-")
	n, _ := strconv.ParseUint(h.Get(headerBatchSeq), 10, 64)
	return id, n - 1
}

// message makes a message with a JSON body and the attributes of a CloudEvent.
func message(subject string, e event, body any) (*nats.Msg, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", e.kind, err)
	}
	return &nats.Msg{Subject: subject, Header: e.header(), Data: data}, nil
}

// expect has the message stored only if the last one of its subject has the
// sequence; 0 means that there is none.
func expect(m *nats.Msg, sequence uint64) *nats.Msg {
	m.Header[headerExpected] = []string{strconv.FormatUint(sequence, 10)}
	return m
}

// replace has the message take the place of all before it on its subject.
func replace(m *nats.Msg) *nats.Msg {
	m.Header[headerRollup] = []string{"sub"}
	return m
}

// forever keeps the message when its time has come.
func forever(m *nats.Msg) *nats.Msg {
	m.Header[headerTTL] = []string{"never"}
	return m
}
