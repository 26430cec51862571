package bus

import (
	"context"
	"errors"
	"fmt"

	"earshot"
)

// Resume returns the sequence after which the mentions begin that the alerts of
// some brand have not dealt with yet: where a Reader starts. What lies before is
// skipped, however long a brand was quiet.
func (b *Bus) Resume(ctx context.Context, brands []string) (uint64, error) {
	info, err := b.streamInfo(ctx, streamMentions)
	if err != nil {
		return 0, fmt.Errorf("looking for the mentions to go on with: %w", err)
	}
	if info == nil {
		return 0, fmt.Errorf("looking for the mentions to go on with: stream %s: %w", streamMentions, earshot.ErrNotFound)
	}
	after := info.State.LastSeq
	for _, brand := range brands {
		p, err := b.Progress(ctx, brand)
		if err != nil {
			return 0, err
		}
		for _, filter := range brandFilters(brand) {
			r, err := b.link.next(ctx, streamMentions, filter, p.Sequence+1)
			if errors.Is(err, earshot.ErrNotFound) {
				continue
			}
			if err != nil {
				return 0, fmt.Errorf("looking for the mentions of %s to go on with: %w", brand, err)
			}
			after = min(after, r.sequence-1)
		}
	}
	return after, nil
}
