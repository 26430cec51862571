package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"earshot"
)

// Revise puts another version of a mention into the place of a stored one, for its
// brand: what is known of it has changed, not what its author says. It blocks while
// the server is away, until ctx ends. ErrConflict says that something newer lies
// there, or nothing any more, and ErrFull that there is no room for posts; nothing
// is written then.
func (b *Bus) Revise(ctx context.Context, was earshot.Stored, now earshot.Mention, verdict earshot.Verdict, source string) error {
	now.Change = earshot.Edited
	err := b.room()
	if err == nil {
		err = b.revise(ctx, was, of(&earshot.Judged{Mention: now}, verdict), source)
		b.noteShort(ofPosts, err)
	}
	if err != nil {
		return fmt.Errorf("revising mention %s: %w", was.Mention.Key(), err)
	}
	return nil
}

func (b *Bus) revise(ctx context.Context, was earshot.Stored, body earshot.Judged, source string) error {
	if problem := unstorable(&body); problem != "" {
		return errors.New(problem)
	}
	subject, id := mentionSubject(&was.Mention, was.Brand), rand.Text()
	m, err := message(subject, event{
		id: subject[len("earshot."):] + "." + id, kind: "mention." + string(body.Change), source: source, schema: "mention", at: time.Now(),
	}, body)
	if err != nil {
		return err
	}
	if limit := b.maxBody(); len(m.Data) > limit {
		return fmt.Errorf("it takes %d bytes, more than the %d of a message", len(m.Data), limit)
	}
	expect(m, was.Sequence)
	err = b.link.retry(ctx, func() error {
		_, failed := b.publish(ctx, id, 0, []*nats.Msg{m})
		if !errors.Is(failed, earshot.ErrConflict) {
			return failed
		}
		last, err := b.link.last(ctx, streamMentions, subject)
		if writer, _ := batchOf(last.header); err == nil && writer == id {
			return nil // the answer to an earlier try was lost
		}
		return failed
	})
	if err != nil {
		return err
	}
	if err := b.link.erase(ctx, streamMentions, was.Sequence); err != nil {
		b.log.Debug("a replaced mention is erased later", zap.Uint64("sequence", was.Sequence), zap.Error(err))
	}
	return nil
}

// Opinions returns what models think of mentions, named by their keys, for all
// brands, as it is stored now.
func (b *Bus) Opinions(ctx context.Context, mentions []string) (map[string][]earshot.Opinion, error) {
	filters := make([]string, len(mentions))
	for i, key := range mentions {
		if err := tokens(key); err != nil {
			return nil, fmt.Errorf("looking for opinions: %w", err)
		}
		filters[i] = "earshot.*.*.*." + key
	}
	found, err := b.link.lastOf(ctx, streamMentions, filters)
	if err != nil {
		return nil, fmt.Errorf("looking for opinions: %w", err)
	}
	all := make(map[string][]earshot.Opinion)
	for subject, r := range found {
		if r.header.Get(headerWithdrawn) != "" {
			continue
		}
		stored, err := readStored(subject, r.sequence, r.data)
		if err != nil {
			continue // readers of the log report it
		}
		key := keyIn(subject)
		all[key] = append(all[key], stored.Mention.Opinions...)
	}
	return all, nil
}
