package poll

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mapping"
)

// progress is how far a backfill has come: the cursor of one.
type progress struct {
	Version int       `json:"v"`
	Until   time.Time `json:"until"`
	Page    int       `json:"page,omitempty"`
	Offset  int       `json:"offset,omitempty"`
	Token   string    `json:"token,omitempty"`
	URL     string    `json:"url,omitempty"`
	Pages   int       `json:"pages,omitempty"` // so far
}

// mostPages is how many pages are followed of a network that never ends.
const mostPages = 10_000

// Backfill emits what was posted at since or later, page by page in the order of
// the network, each page the oldest first.
func (s *source) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	live, err := s.session()
	if err != nil {
		return err
	}
	w := live.begin(values{since: since, until: s.now().Add(24 * time.Hour)})
	if err := live.resume(w, from); err != nil {
		return err
	}
	for {
		here, err := w.position()
		if err != nil {
			return err
		}
		p, err := live.step(ctx, w, nil)
		if err != nil {
			return err
		}
		more, err := live.forward(w, p)
		if err != nil {
			return err
		}
		down := s.plan.Order == newest
		if down && live.reached(p.items, since) {
			more = false
		}
		if more && down && w.pages%s.plan.Paging.Most == 0 {
			live.window(w, p.items)
		}
		if more && w.pages > mostPages {
			return fmt.Errorf("%w: the network has more than %d pages", listeners.ErrMalformed, mostPages)
		}
		progress := 1.0
		if more {
			progress = done(p.items, since, s.now(), down)
		}
		listeners.Report(ctx, listeners.Outlook{Done: progress})
		next, err := w.position()
		if err != nil {
			return err
		}
		if err := live.emitPage(ctx, p.items, since, here, next, emit); err != nil || !more {
			return err
		}
	}
}

// resume takes the walk to where a backfill was interrupted.
func (s *session) resume(w *walk, from earshot.Cursor) error {
	if len(from) == 0 {
		return nil
	}
	var at progress
	if err := json.Unmarshal(from, &at); err != nil {
		return fmt.Errorf("reading the cursor of the backfill: %w", err)
	}
	if at.Version != cursorVersion {
		return fmt.Errorf("reading the cursor of the backfill: its version is %d, not %d", at.Version, cursorVersion)
	}
	w.until, w.page, w.offset, w.token, w.pages = at.Until, at.Page, at.Offset, at.Token, at.Pages
	if at.URL != "" && s.sameHost(at.URL) {
		w.url = at.URL
	}
	return nil
}

// position is where the walk stands, as a cursor.
func (w *walk) position() (earshot.Cursor, error) {
	at, err := json.Marshal(progress{Version: cursorVersion, Until: w.until, Page: w.page, Offset: w.offset, Token: w.token, URL: w.url, Pages: w.pages})
	if err != nil {
		return nil, fmt.Errorf("writing the cursor of the backfill: %w", err)
	}
	return at, nil
}

// emitPage emits what is young enough on a page that stands at here, and in the
// end where the next one is.
func (s *session) emitPage(ctx context.Context, items []mapping.Item, since time.Time, here, next earshot.Cursor, emit listeners.Emit) error {
	if s.plan.Order == newest {
		slices.Reverse(items)
	}
	items = slices.DeleteFunc(items, func(i mapping.Item) bool {
		return !i.Mention.Posted.IsZero() && i.Mention.Posted.Before(since)
	})
	var nowhere state
	for len(items) > batchSize {
		b := s.batch(&nowhere, items[:batchSize])
		b.Next, items = here, items[batchSize:]
		if err := emit(ctx, b); err != nil {
			return err
		}
	}
	b := s.batch(&nowhere, items)
	b.Next = next
	return emit(ctx, b)
}

// done is how much of the time since then a page has got through.
func done(items []mapping.Item, since, now time.Time, down bool) float64 {
	last, ok := oldestOf(items)
	if !ok || !now.After(since) {
		return 0
	}
	behind := now.Sub(last.Mention.Posted)
	if !down {
		behind = last.Mention.Posted.Sub(since)
	}
	return min(max(float64(behind)/float64(now.Sub(since)), 0.001), 1)
}
