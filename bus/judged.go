package bus

import (
	"context"
	"fmt"
	"time"

	"earshot"
)

// Judged calls each for every mention that the log holds for a brand, "" for all,
// that was stored or changed since a moment and that nobody has taken back, in the
// order of the log: one of several brands once for each, one after the other. done
// is the share of the log gone through. It ends with what was stored when it was
// called and returns the first error of each, which may take its time.
func (b *Bus) Judged(ctx context.Context, brand string, since time.Time, each func(s earshot.Stored, done float64) error) error {
	if brand == "" {
		brand = "*"
	} else if err := tokens(brand); err != nil {
		return fmt.Errorf("reading judged mentions: %w", err)
	}
	info, err := b.streamInfo(ctx, streamMentions)
	if err == nil && info == nil {
		err = earshot.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("reading judged mentions: stream %s: %w", streamMentions, err)
	}
	first := uint64(0)
	from := get{Next: "earshot.*." + brand + ".*.*", StartTime: &since}
	return b.link.walkFrom(ctx, streamMentions, from, info.State.LastSeq, func(r record) error {
		if r.header.Get(headerWithdrawn) != "" {
			return nil
		}
		stored, err := readStored(r.subject, r.sequence, r.data)
		if err != nil {
			return nil //nolint:nilerr // what cannot be read has no mention in it; readers of the log report it
		}
		if first == 0 {
			first = r.sequence
		}
		return each(stored, float64(r.sequence-first+1)/float64(info.State.LastSeq-first+1))
	})
}
