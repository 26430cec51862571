package bus

import (
	"context"
	"fmt"

	"earshot"
)

// Mention returns what is now stored of a mention for a brand, which may be its
// tombstone, or earshot.ErrNotFound.
func (b *Bus) Mention(ctx context.Context, brand, id string) (earshot.Stored, error) {
	var newest earshot.Stored
	if err := tokens(brand); err != nil {
		return newest, fmt.Errorf("reading mention: %w", err)
	}
	rest := "." + brand + ".*." + earshot.Key(id)
	found, err := b.link.lastOf(ctx, streamMentions, []string{"earshot.mentions" + rest, "earshot.private" + rest})
	if err != nil {
		return newest, fmt.Errorf("reading mention %s: %w", id, err)
	}
	for subject, r := range found {
		if r.sequence < newest.Sequence || r.header.Get(headerWithdrawn) == moved {
			continue
		}
		if newest, err = readStored(subject, r.sequence, r.data); err != nil {
			// Trying again would not make it readable.
			return earshot.Stored{}, fmt.Errorf("reading mention %s: %w: %w", id, earshot.ErrNotFound, err)
		}
	}
	if newest.Sequence == 0 {
		return newest, fmt.Errorf("reading mention %s: %w", id, earshot.ErrNotFound)
	}
	return newest, nil
}
