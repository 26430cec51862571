// Package alerts decides what is raised: it groups judged mentions into cases and
// tells teams of them, exactly once. It holds what belongs together and who was
// told. It does not judge (rules), store (bus, behind Log) or deliver (its sinks).
package alerts

import (
	"context"

	"earshot"
)

// Log is where cases and alerts last. Its methods may be called concurrently;
// those that write return earshot.ErrConflict when a compare-and-set lost, after
// which nothing of the call was written.
type Log interface {
	// Case returns the last event of a case, or earshot.ErrNotFound.
	Case(ctx context.Context, team, id string) (earshot.CaseEvent, error)
	// Events returns the events of all cases that were stored after a sequence, in
	// the order of the log.
	Events(ctx context.Context, after uint64) ([]earshot.CaseEvent, error)
	// Membership returns the cases that a mention, named by its key, is or was in
	// for a brand, or earshot.ErrNotFound.
	Membership(ctx context.Context, brand, mention string) (earshot.Membership, error)
	// LastOf returns what Case does for those of these cases of a team that exist, and
	// Memberships what Membership does for mentions of a brand, in any order. The names
	// differ from each other.
	LastOf(ctx context.Context, team string, ids []string) ([]earshot.CaseEvent, error)
	Memberships(ctx context.Context, brand string, mentions []string) ([]earshot.Membership, error)
	// Mention returns what is now stored of a mention, named by its key, for a brand,
	// or earshot.ErrNotFound.
	Mention(ctx context.Context, brand, mention string) (earshot.Stored, error)
	// Erase makes sure that nothing is left of what a mention said before this
	// version of it, nor of the alerts with these sequences. Again does no harm.
	Erase(ctx context.Context, version earshot.Stored, alerts []uint64) error
	// Append stores events, all or none, and returns their sequences. The first
	// event of each case names in Sequence the event before it; events of one case
	// follow each other in order. At most 900.
	Append(ctx context.Context, events []earshot.CaseEvent) ([]uint64, error)
	// Cases hands over the last event of every case, in the order of the log.
	Cases(ctx context.Context, each func(earshot.CaseEvent) error) error
	// Records returns what was committed with the progress of a brand and lasts.
	Records(ctx context.Context, brand string) ([]earshot.Record, error)
	// Progress returns how far the alerts of a brand have come, zero for never.
	Progress(ctx context.Context, brand string) (earshot.Progress, error)
	// Publish stores alerts, memberships and progress, all or none, and returns the
	// new revisions of the progress. Each progress is fenced by its Revision; a
	// membership takes the place of the one before it, and the alerts that quote its
	// mention are added to its Quoted. Revisions and sequences of alerts are of one
	// order. At most 900 alerts, memberships and records, and 90 brands.
	Publish(ctx context.Context, alerts []earshot.Alert, memberships []earshot.Membership, progress []earshot.Progress) ([]uint64, error)
}

// Mentions is the log of judged mentions, read in order. If it has a method
// AllRead() bool, no crisis is said to fade before that is true: all that was stored
// at the beginning has been handed out.
type Mentions interface {
	// Next returns the mentions that follow, up to max, in the order of the log.
	// It waits until there is at least one or ctx ends. The slice is the caller's.
	Next(ctx context.Context, max int) ([]earshot.Stored, error)
}
