package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"earshot"
)

// Tally keeps small records that must outlive a crash at once and are no cursor:
// money spent, habits. All daemons on one bus share them. Its methods may be
// called concurrently.
type Tally struct{ bus *Bus }

// Tally returns the records of this bus.
func (b *Bus) Tally() Tally { return Tally{b} }

// maxTally is the size of a record. The bucket keeps five versions of each and has
// room for two hundred of this size.
const maxTally = 8 << 10

// Load returns a record and the revision that the next Save must name. Both are
// zero for a record never saved.
func (t Tally) Load(ctx context.Context, name string) (value []byte, revision uint64, err error) {
	subject, err := tallySubject(name)
	if err != nil {
		return nil, 0, fmt.Errorf("loading tally: %w", err)
	}
	r, err := t.bus.link.last(ctx, streamSettings, subject)
	switch {
	case errors.Is(err, earshot.ErrNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, fmt.Errorf("loading tally %s: %w", name, err)
	case r.header.Get(headerKVOperation) != "":
		return nil, r.sequence, nil // somebody has deleted it by hand
	}
	return r.data, r.sequence, nil
}

// Save replaces a record, which is durable then, and returns its new revision.
// ErrConflict says that somebody else has replaced it: load it again.
func (t Tally) Save(ctx context.Context, name string, value []byte, revision uint64) (uint64, error) {
	subject, err := tallySubject(name)
	if err != nil {
		return 0, fmt.Errorf("saving tally: %w", err)
	}
	if len(value) > maxTally {
		return 0, fmt.Errorf("saving tally %s: it takes %d bytes, more than the %d of a record", name, len(value), maxTally)
	}
	revision, err = t.bus.setting(ctx, subject, value, revision)
	if err != nil {
		return 0, fmt.Errorf("saving tally %s: %w", name, err)
	}
	return revision, nil
}

// setting replaces the value of a subject of the settings bucket that was last
// written at revision, 0 for never, and returns the new revision.
func (b *Bus) setting(ctx context.Context, subject string, value []byte, revision uint64) (uint64, error) {
	if err := b.lastRoom(); err != nil {
		return 0, err
	}
	fences := []fence{{subject, revision}}
	return b.storeFenced(ctx, streamSettings, rand.Text(), func() ([]*nats.Msg, error) {
		return []*nats.Msg{expect(&nats.Msg{Subject: subject, Header: make(nats.Header), Data: value}, revision)}, nil
	}, &fences)
}

// tallySubject is where a record lies, apart from the other settings.
func tallySubject(name string) (string, error) {
	for part := range strings.SplitSeq(name, ".") {
		if err := tokens(part); err != nil {
			return "", err
		}
	}
	return "$KV." + bucketSettings + ".tally." + name, nil
}
