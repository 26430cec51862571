package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

// KeyReader is told what the log holds, and what comes to it, whoever stores it.
type KeyReader struct {
	Key     func(mention string)  // the key of a mention, or of a dead letter of one; again for each brand and version
	Reached func(sequence uint64) // everything up to the sequence has been told of; not called for each
}

// Keys tells a reader of all keys in the log, without reading what they are of,
// and goes on with those that come until ctx ends. It begins anew, without a gap,
// when the server was away.
func (b *Bus) Keys(ctx context.Context, to KeyReader) {
	f := follower{bus: b, of: jetstream.ConsumerConfig{Description: "keys of mentions", HeadersOnly: true}}
	f.hear = func(_ context.Context, m jetstream.Msg, _ uint64) error {
		if key := keyIn(m.Subject()); key != "" {
			to.Key(key)
		}
		return nil
	}
	f.current = func() { to.Reached(f.after) }
	f.run(ctx)
}

// keyIn is the key of the mention that a subject is about, if it is about one.
func keyIn(subject string) string {
	tokens := strings.Split(subject, ".")
	switch {
	case len(tokens) == 5 && (tokens[1] == "mentions" || tokens[1] == "private"):
		return tokens[4]
	case len(tokens) == 4 && tokens[1] == "dlq":
		return tokens[3]
	}
	return ""
}

// Size is how many messages the log of mentions holds.
func (b *Bus) Size(ctx context.Context) (uint64, error) {
	info, err := b.streamInfo(ctx, streamMentions)
	if err == nil && info == nil {
		err = earshot.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("looking at stream %s: %w", streamMentions, err)
	}
	return info.State.Msgs, nil
}

// Newest is the sequence of the last message in the log of mentions, 0 for none.
func (b *Bus) Newest(ctx context.Context) (uint64, error) {
	r, err := b.link.last(ctx, streamMentions, "earshot.>")
	if err != nil && !errors.Is(err, earshot.ErrNotFound) {
		return 0, fmt.Errorf("looking for the end of stream %s: %w", streamMentions, err)
	}
	return r.sequence, nil
}

// Holders returns the brands that hold mentions, named by their keys, as they are
// stored now: not those from which they were taken back.
func (b *Bus) Holders(ctx context.Context, mentions []string) (map[string][]string, error) {
	filters := make([]string, len(mentions))
	for i, key := range mentions {
		if err := tokens(key); err != nil {
			return nil, fmt.Errorf("looking for mentions: %w", err)
		}
		filters[i] = "earshot.*.*.*." + key
	}
	found, err := b.link.lastOf(ctx, streamMentions, filters)
	if err != nil {
		return nil, fmt.Errorf("looking for mentions: %w", err)
	}
	brands := make(map[string][]string)
	for subject, r := range found {
		key, brand := keyIn(subject), strings.Split(subject, ".")[2]
		if r.header.Get(headerWithdrawn) == "" && !slices.Contains(brands[key], brand) {
			brands[key] = append(brands[key], brand)
		}
	}
	for _, of := range brands {
		slices.Sort(of)
	}
	return brands, nil
}
