package bus

import (
	"context"
	"fmt"

	"earshot"
)

// Mention returns what is now stored of a mention, named by its key, for a brand,
// which may be its tombstone, or earshot.ErrNotFound.
func (b *Bus) Mention(ctx context.Context, brand, key string) (earshot.Stored, error) {
	var newest earshot.Stored
	if err := tokens(brand, key); err != nil {
		return newest, fmt.Errorf("reading mention: %w", err)
	}
	rest := "." + brand + ".*." + key
	found, err := b.link.lastOf(ctx, streamMentions, []string{"earshot.mentions" + rest, "earshot.private" + rest})
	if err != nil {
		return newest, fmt.Errorf("reading mention %s: %w", key, err)
	}
	for subject, r := range found {
		if r.sequence < newest.Sequence || r.header.Get(headerWithdrawn) == moved {
			continue
		}
		if newest, err = readStored(subject, r.sequence, r.data); err != nil {
			// Trying again would not make it readable.
			return earshot.Stored{}, fmt.Errorf("reading mention %s: %w: %w", key, earshot.ErrNotFound, err)
		}
	}
	if newest.Sequence == 0 {
		return newest, fmt.Errorf("reading mention %s: %w", key, earshot.ErrNotFound)
	}
	return newest, nil
}
