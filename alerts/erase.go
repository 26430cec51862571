package alerts

import (
	"context"
	"fmt"
	"slices"

	"earshot"
)

// isAgain reports whether the log may hold an older version of the mention.
func isAgain(s *earshot.Stored) bool {
	return s.Verdict == nil || s.Mention.Change == earshot.Edited || s.Mention.Change == earshot.Deleted
}

// quotes reports whether the batch is about to publish what a mention said before
// the version that comes now. Then the batch ends before it: only what is stored
// can be erased.
func (b *batch) quotes(s *earshot.Stored) bool {
	if !isAgain(s) {
		return false
	}
	_, moved := b.moved[seatKey{s.Brand, s.Mention.Key()}]
	return moved
}

// erase takes back what was published of a mention that its author has deleted or
// edited. It comes before the alerts that say so: after a crash between the two
// the mention is dealt with again, while after them nobody would come back to it.
func (b *batch) erase(ctx context.Context, in *brand, s *earshot.Stored, known *earshot.Membership) error {
	var alerts []uint64
	if s.Verdict == nil || !sameWords(s, known.Seats) {
		alerts, known.Quoted = b.older(in, known.Quoted), nil
	}
	if err := b.engine.log.Erase(ctx, *s, alerts); err != nil {
		return fmt.Errorf("erasing what was said of mention %s: %w", known.Mention, err)
	}
	return nil
}

// older leaves out alerts beyond all that this engine knows of: another daemon has
// raised them, after it took over, and of a version that may be newer still.
func (b *batch) older(in *brand, alerts []uint64) []uint64 {
	known := max(in.progress.Revision, b.engine.ledger.progress.Revision)
	return slices.DeleteFunc(slices.Clone(alerts), func(sequence uint64) bool { return sequence > known })
}

// sameWords reports whether all that was told of the mention holds true.
func sameWords(s *earshot.Stored, seats []earshot.Seat) bool {
	said := digest(s)
	return !slices.ContainsFunc(seats, func(seat earshot.Seat) bool { return seat.Member != nil && seat.Said != said })
}
