package reddit

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/seen"
)

const (
	pageSize     = 100 // posts in an answer, the most that Reddit gives
	mostPages    = 10  // of a listing, which ends after a thousand posts
	mostAtOnce   = 500 // mentions in a batch
	mostAnchors  = 5   // posts after which a next page is looked for
	deadContent  = 1   // what is remembered of something that cannot be read
	deadIDPrefix = "dead:"
)

// source hears one timeline.
type source struct {
	timeline
	account *account
	every   time.Duration
	log     *zap.Logger
}

// Listen looks at the timeline every so often and emits what is new, edited or
// deleted in it.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, hearing the whole listing again", zap.String("part", s.part), zap.NamedError("err", err))
	}
	for {
		if err := s.round(ctx, st, emit); err != nil {
			return err
		}
		next := time.Now().Add(s.every)
		listeners.Report(ctx, listeners.Outlook{Next: next.UTC(), Note: s.account.note()})
		if err := wait(ctx, s.every); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err() // both may be true
	}
}

// round looks once. Nothing is emitted before all that is new has been read:
// newer posts that are known would hide the older ones that are not.
func (s *source) round(ctx context.Context, st *state, emit listeners.Emit) error {
	all, err := s.collect(ctx, st)
	if err != nil {
		return err
	}
	slices.Reverse(all.posts) // oldest first
	var batch listeners.Batch
	var now []seen.Item
	for _, p := range all.posts {
		item := seen.Of(&p.mention)
		now = append(now, item)
		before, known := st.Known.Said(item.Key)
		switch {
		case known && before == item.Content, !known && p.mention.Change == earshot.Deleted:
			continue
		case known && p.mention.Change == earshot.New:
			p.mention.Change = earshot.Edited
		}
		batch.Mentions = append(batch.Mentions, p.mention)
	}
	for _, d := range all.dead {
		item := seen.Item{Key: seen.KeyOf(deadIDPrefix + string(d.Body)), Content: deadContent}
		if _, known := st.Known.Said(item.Key); !known {
			batch.Dead = append(batch.Dead, d)
		}
		now = append(now, item)
	}
	if len(batch.Mentions)+len(batch.Dead) == 0 && !st.Known.IsZero() {
		return nil
	}
	return s.emit(ctx, st, batch, now, emit)
}

// emit hands over what was heard, in batches; each cursor remembers its own.
func (s *source) emit(ctx context.Context, st *state, batch listeners.Batch, now []seen.Item, emit listeners.Emit) error {
	for {
		some := batch
		if len(some.Mentions) > mostAtOnce {
			some.Mentions, some.Dead = some.Mentions[:mostAtOnce], nil
			items := make([]seen.Item, mostAtOnce)
			for i := range items {
				items[i] = seen.Of(&some.Mentions[i])
			}
			st.Known = st.Known.With(items)
		} else {
			st.Known = st.Known.With(now)
		}
		var err error
		if some.Next, err = st.cursor(); err != nil {
			return err
		}
		if err := emit(ctx, some); err != nil {
			return err
		}
		s.report(ctx, some.Mentions)
		if batch.Mentions = batch.Mentions[len(some.Mentions):]; len(batch.Mentions) == 0 {
			return nil
		}
	}
}

func (s *source) report(ctx context.Context, heard []earshot.Mention) {
	var newest time.Time
	for _, m := range heard {
		if m.Posted.After(newest) {
			newest = m.Posted
		}
	}
	listeners.Report(ctx, listeners.Outlook{Posted: newest})
}

// collect reads pages until one holds a post that is known, newest first, each
// post once.
func (s *source) collect(ctx context.Context, st *state) (page, error) {
	var all page
	here := map[string]bool{}
	for range mostPages {
		p, err := s.next(ctx, anchors(all.posts))
		if err != nil {
			return page{}, err
		}
		met := false
		for _, one := range p.posts {
			_, known := st.Known.Said(seen.KeyOf(one.mention.ID))
			if met = met || known; !here[one.name] {
				here[one.name] = true
				all.posts = append(all.posts, one)
			}
		}
		all.dead = append(all.dead, p.dead...)
		if met || p.after == "" || len(p.posts) == 0 {
			return all, nil
		}
	}
	if !st.Known.IsZero() {
		s.log.Warn("more was posted since the last look than a listing shows, so that the oldest of it is not heard; ask more often",
			zap.String("part", s.part), zap.Int("posts", len(all.posts)))
	}
	return all, nil
}

// anchors are the last posts, the last one first.
func anchors(posts []post) []string {
	var names []string
	for _, p := range slices.Backward(posts) {
		if names = append(names, p.name); len(names) == mostAnchors {
			break
		}
	}
	return names
}

// next reads the page after the first anchor that is still there: after one that
// was deleted Reddit answers with nothing.
func (s *source) next(ctx context.Context, anchors []string) (page, error) {
	if len(anchors) == 0 {
		return s.account.page(ctx, s.timeline, "")
	}
	for _, anchor := range anchors {
		p, err := s.account.page(ctx, s.timeline, anchor)
		if err != nil || len(p.posts) > 0 {
			return p, err
		}
	}
	return page{}, nil
}

// Backfill reads the timeline back to since, as far as Reddit shows it.
func (s *source) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	at := readPast(from)
	for began := time.Now(); !at.Over; {
		p, err := s.next(ctx, at.Anchors)
		if err != nil {
			return err
		}
		batch := listeners.Batch{Dead: p.dead}
		for _, one := range slices.Backward(p.posts) {
			at.Oldest = earliest(at.Oldest, one.mention.Posted)
			if one.mention.Change != earshot.Deleted && !one.mention.Posted.Before(since) {
				batch.Mentions = append(batch.Mentions, one.mention)
			}
		}
		if names := anchors(p.posts); len(names) > 0 {
			at.Anchors = names
		}
		at.Over = p.after == "" || len(p.posts) == 0 || at.Oldest.Before(since)
		if batch.Next, err = writeCursor(at); err != nil {
			return err
		}
		if err := emit(ctx, batch); err != nil {
			return err
		}
		listeners.Report(ctx, listeners.Outlook{Done: done(began, since, at)})
	}
	return nil
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func done(now, since time.Time, at *past) float64 {
	if at.Over || !since.Before(now) {
		return 1
	}
	return min(max(float64(now.Sub(at.Oldest))/float64(now.Sub(since)), 0), 1)
}
