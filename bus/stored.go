package bus

import (
	"context"
	"fmt"

	"earshot"
)

// Stored calls each for every mention of a network that the log holds and that
// nobody has taken back, oldest first, each once however many brands it concerns.
// It ends with what was stored when it was called; what is edited meanwhile may be
// left out. It takes about 50 bytes of memory for each mention, returns the first
// error of each, and each may take its time.
func (b *Bus) Stored(ctx context.Context, network string, each func(earshot.Mention) error) error {
	if err := tokens(network); err != nil {
		return fmt.Errorf("reading stored mentions: %w", err)
	}
	info, err := b.streamInfo(ctx, streamMentions)
	if err == nil && info == nil {
		err = earshot.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("reading stored mentions: stream %s: %w", streamMentions, err)
	}
	seen := make(map[string]struct{})
	return b.link.walk(ctx, streamMentions, "earshot.*.*."+network+".*", info.State.LastSeq, func(r record) error {
		key := keyOfSubject(r.subject)
		if _, again := seen[key]; again || r.header.Get(headerWithdrawn) != "" {
			return nil
		}
		stored, err := readStored(r.subject, r.sequence, r.data)
		if err != nil {
			return nil //nolint:nilerr // what cannot be read has no mention in it that could be checked; readers of the log report it
		}
		seen[key] = struct{}{}
		return each(stored.Mention)
	})
}
