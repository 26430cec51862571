package youtube

import (
	"context"
	"errors"
	"slices"
	"time"

	"earshot"
	"earshot/listeners"
)

// Backfill reads the comments of a channel or video back to since, with all
// replies. A search has no past: it hears the videos that it finds.
func (s *source) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	at, began := readPast(from), time.Now()
	if at.Threads == nil {
		st := &state{Version: cursorVersion}
		if _, search := s.find.(searchFinder); search {
			return errors.New("a search finds what is new; backfill the channels and videos that matter")
		}
		if _, err := s.find.find(ctx, s.api, st); err != nil {
			return err
		}
		at.Threads = &st.Threads[0]
	}
	for !at.Over {
		p, err := s.api.comments(ctx, *at.Threads, at.Page)
		if errors.Is(err, errBadPage) && at.Page != "" {
			at.Page = "" // it has expired: begin anew, what is heard twice is stored once
			continue
		}
		if err != nil {
			return err
		}
		if err := s.emitPast(ctx, since, began, at, p, emit); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) emitPast(ctx context.Context, since, began time.Time, at *past, p page, emit listeners.Emit) error {
	batch := listeners.Batch{Dead: p.dead}
	all := &threads{Name: at.Threads.Name, Begun: true} // remembers nothing: all replies are asked for
	said, err := s.unroll(ctx, all, p.threads)
	if err != nil {
		return err
	}
	for _, t := range p.threads {
		at.Oldest = t.mention.Posted
	}
	slices.SortStableFunc(said, byTime)
	for _, p := range said {
		if !p.mention.Posted.Before(since) {
			batch.Mentions = append(batch.Mentions, p.mention)
		}
	}
	at.Page = p.next
	at.Over = p.next == "" || at.Oldest.Before(since)
	if batch.Next, err = writeCursor(at); err != nil {
		return err
	}
	if err := emit(ctx, batch); err != nil {
		return err
	}
	done := 1.0
	if !at.Over && since.Before(began) {
		done = min(max(float64(began.Sub(at.Oldest))/float64(began.Sub(since)), 0), 1)
	}
	listeners.Report(ctx, listeners.Outlook{Done: done})
	return nil
}
