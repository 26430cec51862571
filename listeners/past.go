package listeners

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"earshot"
)

// ErrThrough is wrapped by the error of a part made by Past when it has heard all
// it was asked to: its state is then Gone.
var ErrThrough = fmt.Errorf("%w: everything has been heard", ErrGone)

// Past returns a part that hears what was posted at since or later in p, and
// whether its source can. It has a cursor of its own and goes on with a backfill
// that was interrupted, from that one's since, unless it is to restart.
func Past(p Part, since time.Time, restart bool) (Part, bool) {
	source, ok := p.Source.(Backfiller)
	if !ok {
		return Part{}, false
	}
	return Part{Name: "backfill " + p.Name, Source: &past{source: source, since: since, restart: restart}}, true
}

type past struct {
	source  Backfiller
	since   time.Time
	restart bool // until the first Listen has begun anew
}

// pastCursor is where a backfill stands.
type pastCursor struct {
	Since  time.Time      `json:"since"`
	Cursor earshot.Cursor `json:"cursor,omitempty"`
	Done   bool           `json:"done,omitempty"`
}

// Listen backfills until it is through.
func (p *past) Listen(ctx context.Context, from earshot.Cursor, emit Emit) error {
	var at pastCursor
	unreadable := len(from) > 0 && json.Unmarshal(from, &at) != nil
	if len(from) == 0 || unreadable || at.Done || p.restart {
		at = pastCursor{Since: p.since.UTC()}
	}
	p.restart = false
	store := func(ctx context.Context, batch Batch, done bool) error {
		if batch.Next != nil {
			at.Cursor = batch.Next
		}
		at.Done = done
		next, err := json.Marshal(at)
		if err != nil {
			return fmt.Errorf("writing where the backfill stands: %w", err)
		}
		batch.Next = next
		return emit(ctx, batch)
	}
	err := p.source.Backfill(ctx, at.Since, at.Cursor, func(ctx context.Context, batch Batch) error {
		return store(ctx, batch, false)
	})
	if err == nil {
		err = store(ctx, Batch{}, true)
	}
	if err == nil {
		Report(ctx, Outlook{Done: 1})
		return ErrThrough
	}
	return err
}
