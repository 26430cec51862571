package youtube

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/seen"
)

const (
	firstPages = 10  // of a listing at the first look: a thousand threads
	mostPages  = 50  // at any other
	mostAtOnce = 500 // mentions in a batch
)

// source hears one part.
type source struct {
	part    string
	api     *api
	find    finder
	every   time.Duration
	authors bool
	log     *zap.Logger
}

// Listen looks every so often and emits what is new or edited.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, hearing the comments again", zap.String("part", s.part), zap.NamedError("err", err))
	}
	for {
		if err := s.round(ctx, st, emit); err != nil {
			return err
		}
		listeners.Report(ctx, listeners.Outlook{Next: time.Now().Add(s.every).UTC(), Note: "polling"})
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

// round looks once at all there is to hear.
func (s *source) round(ctx context.Context, st *state, emit listeners.Emit) error {
	searched := st.Search
	found, err := s.find.find(ctx, s.api, st)
	if err != nil {
		return err
	}
	if len(found) > 0 || !st.Search.Equal(searched) {
		if err := s.emitVideos(ctx, st, found, emit); err != nil {
			return err
		}
	}
	for i := 0; i < len(st.Threads); {
		err := s.hear(ctx, st, &st.Threads[i], emit)
		switch {
		case errors.Is(err, errMissing) && st.Search.IsZero():
			return gone(err, s.part)
		case errors.Is(err, errMissing): // others were found too
			st.Threads = slices.Delete(st.Threads, i, i+1)
			continue
		case err != nil && !errors.Is(err, errDisabled):
			return err
		}
		i++
	}
	return nil
}

func (s *source) emitVideos(ctx context.Context, st *state, found []post, emit listeners.Emit) error {
	if s.authors && len(found) > 0 {
		if err := s.api.introduce(ctx, found); err != nil {
			return err
		}
	}
	var batch listeners.Batch
	for _, p := range found {
		batch.Mentions = append(batch.Mentions, p.mention)
	}
	var err error
	if batch.Next, err = writeCursor(st); err != nil {
		return err
	}
	return emit(ctx, batch)
}

// hear looks once at one listing. Nothing is emitted before all that is new has
// been read: newer comments that are known would hide the older ones that are not.
func (s *source) hear(ctx context.Context, st *state, t *threads, emit listeners.Emit) error {
	all, err := s.collect(ctx, t)
	if err != nil {
		return err
	}
	slices.Reverse(all.threads) // those of one second stay in their order, oldest first
	said, err := s.unroll(ctx, t, all.threads)
	if err != nil {
		return err
	}
	var fresh []post
	var now []seen.Item
	for _, p := range said {
		item := seen.Of(&p.mention)
		now = append(now, item)
		before, known := t.Known.Said(item.Key)
		if known && before == item.Content {
			continue
		}
		if known {
			p.mention.Change = earshot.Edited
		}
		fresh = append(fresh, p)
	}
	for _, one := range all.threads {
		now = append(now, countOf(one))
	}
	var dead []earshot.DeadLetter
	for _, d := range all.dead {
		item := seen.Item{Key: seen.KeyOf("dead:" + string(d.Body)), Content: 1}
		if _, known := t.Known.Said(item.Key); !known {
			dead = append(dead, d)
		}
		now = append(now, item)
	}
	if len(fresh)+len(dead) == 0 && t.Begun {
		return nil
	}
	slices.SortStableFunc(fresh, byTime)
	if s.authors {
		if err := s.api.introduce(ctx, fresh); err != nil {
			return err
		}
	}
	roots, err := s.roots(ctx, t, fresh)
	if err != nil {
		return err
	}
	return s.emit(ctx, st, t, append(roots, fresh...), dead, now, emit)
}

// countOf is what is remembered of how many replies a comment has.
func countOf(t thread) seen.Item {
	return seen.Item{Key: seen.KeyOf("replies:" + t.id), Content: uint32(max(t.total, 0))} //nolint:gosec // no comment has four billion replies
}

// collect reads pages until one holds a comment that is known.
func (s *source) collect(ctx context.Context, t *threads) (page, error) {
	var all page
	here := map[string]bool{}
	pages := firstPages
	if t.Begun {
		pages = mostPages
	}
	for range pages {
		p, err := s.api.comments(ctx, *t, all.next)
		if err != nil {
			return page{}, err
		}
		met := false
		for _, one := range p.threads {
			_, known := t.Known.Said(seen.KeyOf(one.mention.ID))
			if met = met || known; !here[one.id] {
				here[one.id] = true
				all.threads = append(all.threads, one)
			}
		}
		all.dead, all.next = append(all.dead, p.dead...), p.next
		if met || p.next == "" {
			return all, nil
		}
	}
	if t.Begun {
		s.log.Warn("more comments were written since the last look than are read at once, so that the oldest of them are not heard; ask more often",
			zap.String("part", s.part), zap.Int("threads", len(all.threads)))
	}
	return all, nil
}

// unroll returns all comments and their replies. Replies that did not come with
// their comment are asked for when there are more than the last time; at the
// first look that would cost a unit for each comment there ever was.
func (s *source) unroll(ctx context.Context, t *threads, all []thread) ([]post, error) {
	var said []post
	for _, one := range all {
		said = append(said, one.post)
		before, known := t.Known.Said(seen.KeyOf("replies:" + one.id))
		if t.Begun && one.total > len(one.replies) && (!known || before != uint32(one.total)) { //nolint:gosec // as in countOf
			replies, err := s.api.replies(ctx, one.post, t.Name)
			if err != nil && !errors.Is(err, errMissing) {
				return nil, err
			}
			one.replies = append(one.replies, replies...)
		}
		here := map[string]bool{}
		for _, r := range one.replies {
			if !here[r.id] {
				here[r.id] = true
				said = append(said, r)
			}
		}
	}
	return said, nil
}

// roots are the videos that the comments of a channel are below, where they are
// new: without them nobody would know what a comment is about.
func (s *source) roots(ctx context.Context, t *threads, fresh []post) ([]post, error) {
	if t.Channel == "" {
		return nil, nil
	}
	var ids []string
	for _, p := range fresh {
		if _, known := t.Known.Said(seen.KeyOf("video:" + p.video)); !known && videoID.MatchString(p.video) && !slices.Contains(ids, p.video) {
			ids = append(ids, p.video)
		}
	}
	return s.api.videos(ctx, ids)
}

// emit hands over what was heard, in batches; each cursor remembers its own.
func (s *source) emit(ctx context.Context, st *state, t *threads, said []post, dead []earshot.DeadLetter, now []seen.Item, emit listeners.Emit) error {
	videos := map[string]bool{}
	for _, p := range said {
		if t.Channel != "" && p.video != "" && !videos[p.video] {
			videos[p.video] = true
			now = append(now, seen.Item{Key: seen.KeyOf("video:" + p.video), Content: 1})
		}
	}
	for {
		n := min(len(said), mostAtOnce)
		var batch listeners.Batch
		var items []seen.Item
		for _, p := range said[:n] {
			batch.Mentions = append(batch.Mentions, p.mention)
			items = append(items, seen.Of(&p.mention))
		}
		if said = said[n:]; len(said) == 0 {
			batch.Dead, items, t.Begun = dead, now, true
		}
		t.Known = t.Known.With(items)
		var err error
		if batch.Next, err = writeCursor(st); err != nil {
			return err
		}
		if err := emit(ctx, batch); err != nil {
			return err
		}
		if n > 0 {
			listeners.Report(ctx, listeners.Outlook{Posted: batch.Mentions[n-1].Posted})
		}
		if len(said) == 0 {
			return nil
		}
	}
}
