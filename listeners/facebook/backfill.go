package facebook

import (
	"context"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/seen"
)

// Backfill hears the account's posts and their comments back to since, page by
// page, the newest first. What it hears twice is stored once.
func (s *source) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	w, err := readWalked(from)
	if err != nil {
		return err
	}
	g, err := s.graph(s.client, s.account)
	if err != nil {
		return err
	}
	network, _ := s.account.id()
	all := edges(network)
	began := time.Now()
	for ; w.Edge < len(all); w.Edge, w.After = w.Edge+1, "" {
		err := s.walk(ctx, g, all[w.Edge], since, w.After, func(p page) error {
			if err := s.complete(ctx, g, &seen.Memory{}, &p); err != nil {
				return err
			}
			w.After = p.next
			batch := listeners.Batch{Mentions: p.mentions, Dead: p.dead}
			var err error
			if batch.Next, err = encode(w); err != nil {
				return err
			}
			if n := len(p.mentions); n > 0 && w.Edge == 0 {
				behind := began.Sub(p.mentions[n-1].Posted).Seconds() / max(began.Sub(since).Seconds(), 1)
				listeners.Report(ctx, listeners.Outlook{Done: min(max(behind, 0), 0.99)})
			}
			return emit(ctx, batch)
		})
		if err != nil && (w.Edge == 0 || !isAbsent(err)) {
			return err
		}
	}
	listeners.Report(ctx, listeners.Outlook{Done: 1})
	return nil
}
