package poll

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mapping"
	"earshot/listeners/seen"
)

const (
	batchSize   = 500
	mostInRound = 20_000   // items that are held before the oldest of them is heard
	mostBytes   = 32 << 20 // of their texts
)

// Listen asks when it is due and emits what is new.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, hearing what is there again", zap.String("part", s.part), zap.NamedError("err", err))
	}
	live, err := s.session()
	if err != nil {
		return err
	}
	safe := from
	remember := func(ctx context.Context, b listeners.Batch) error {
		err := emit(ctx, b)
		if err == nil && b.Next != nil {
			safe = b.Next
		}
		return err
	}
	for {
		if err := wait(ctx, min(st.Next.Sub(s.now()), max(s.plan.Every, longestHold))); err != nil {
			return err
		}
		if err := live.round(ctx, st, remember); err != nil {
			return s.respect(ctx, safe, err, emit)
		}
		listeners.Report(ctx, listeners.Outlook{Posted: st.Newest, Next: st.Next})
	}
}

// respect keeps in the cursor until when the network asked to be left alone, so
// that a restart does not ask too soon. It returns why the round failed.
func (s *source) respect(ctx context.Context, safe earshot.Cursor, failed error, emit listeners.Emit) error {
	retry, asked := errors.AsType[*listeners.RetryAfter](failed)
	if !asked || ctx.Err() != nil || errors.Is(failed, listeners.ErrSpent) {
		return failed
	}
	st, err := readState(safe) // without what the round had begun
	if err != nil {
		return failed
	}
	st.Next = s.now().Add(min(retry.Wait, longestHold)).UTC()
	next, err := st.cursor()
	if err == nil {
		err = emit(ctx, listeners.Batch{Next: next})
	}
	return errors.Join(failed, err)
}

// round polls once. The cursor moves in the same batch as what it covers.
func (s *session) round(ctx context.Context, st *state, emit listeners.Emit) error {
	if s.plan.Order == oldest {
		return s.ascend(ctx, st, emit)
	}
	return s.descend(ctx, st, emit)
}

// values are what a round asks with.
func (s *session) values(st *state) values {
	now := s.now()
	if st.Began.IsZero() {
		st.Began = now.Add(-s.plan.First).UTC()
	}
	since := st.Began
	if !st.Newest.IsZero() {
		since = st.Newest.Add(-s.plan.Overlap)
	}
	return values{since: since, until: now.Add(24 * time.Hour), after: st.After}
}

// due is when to ask again.
func (s *session) due() time.Time {
	return later(s.now().Add(s.plan.Every), s.hold).UTC()
}

// ascend hears a network that lists the oldest first: page by page, each as soon
// as it is there.
func (s *session) ascend(ctx context.Context, st *state, emit listeners.Emit) error {
	w := s.begin(s.values(st))
	for {
		p, err := s.step(ctx, w, nil)
		if err != nil {
			return err
		}
		more, err := s.forward(w, p)
		if err != nil {
			return err
		}
		if err := s.deliver(ctx, st, s.sift(st, p.items), emit, s.due()); err != nil || !more {
			return err
		}
		if w.pages%s.plan.Paging.Most == 0 && !s.restart(w, st) {
			s.tellGap(ctx, w)
			return nil
		}
	}
}

// restart has the walk begin again behind what was heard, for networks that show
// so many pages and no more. It reports whether that leads anywhere.
func (s *session) restart(w *walk, st *state) bool {
	since := st.Newest.Add(-time.Second) // posts may share it
	switch {
	case s.plan.uses("since") && since.After(w.since), s.plan.uses("after") && st.After != w.after:
		w.since, w.after = since, st.After
		w.page, w.offset, w.token, w.url = s.plan.Paging.Start, 0, "", ""
		return true
	}
	return !s.plan.uses("since") && !s.plan.uses("after") && w.pages < mostPages
}

// descend hears a network that lists the newest first: it goes back to what it
// knows, and then emits what it found, the oldest first.
func (s *session) descend(ctx context.Context, st *state, emit listeners.Emit) error {
	w := s.begin(s.values(st))
	first := digest(s.plan.address.expand(&w.values))
	found, header, err := s.goBack(ctx, w, st)
	if err != nil {
		return err
	}
	slices.Reverse(found)
	if dated(found) {
		slices.SortStableFunc(found, func(a, b mapping.Item) int { return a.Mention.Posted.Compare(b.Mention.Posted) })
	}
	h := s.sift(st, found)
	h.asked, h.header = first, header
	if header == nil { // unchanged: what is known stays true
		h.asked, h.header = st.Asked, http.Header{"Etag": {st.ETag}, "Last-Modified": {st.LastModified}}
	}
	return s.deliver(ctx, st, h, emit, s.due())
}

// goBack collects pages until there is nothing new. The header is that of the
// first, nil if nothing has changed.
func (s *session) goBack(ctx context.Context, w *walk, st *state) (found []mapping.Item, header http.Header, err error) {
	weight := 0
	for {
		p, err := s.step(ctx, w, st)
		if err != nil || p.unchanged {
			return nil, nil, err
		}
		if header == nil {
			header = p.header
		}
		found = append(found, p.items...)
		for i := range p.items {
			weight += len(p.items[i].Mention.Text) + len(p.items[i].Body)
		}
		more, err := s.forward(w, p)
		switch full := len(found) > mostInRound || weight > mostBytes; {
		case err != nil:
			return nil, nil, err
		case s.reached(p.items, w.since), len(p.items) > 0 && !s.anyFresh(st, p.items):
			return found, header, nil
		case !more:
			if s.single() && s.noneKnown(st, p.items) {
				s.tellGap(ctx, w)
			}
			return found, header, nil
		case full, w.pages%s.plan.Paging.Most == 0 && !s.window(w, p.items):
			s.tellGap(ctx, w)
			return found, header, nil
		}
	}
}

// tellGap says that there was more than was heard.
func (s *session) tellGap(ctx context.Context, w *walk) {
	s.log.Warn("more was posted than could be asked for: some of it may not be heard (ask more often, or raise paging.most)",
		zap.String("part", s.part), zap.Int("pages", w.pages), zap.Time("since", w.since))
	listeners.Report(ctx, listeners.Outlook{Note: "more was posted than could be asked for"})
}

// noneKnown reports whether the list has moved on by more than a page since it was
// last asked for.
func (s *session) noneKnown(st *state, items []mapping.Item) bool {
	return !st.first() && len(items) > 0 && !slices.ContainsFunc(items, func(i mapping.Item) bool {
		_, known := st.Known.Said(keyOf(&i))
		return known
	})
}

// window has the walk begin again with what was posted before the oldest post so
// far, for networks that show so many pages and no more.
func (s *session) window(w *walk, items []mapping.Item) bool {
	if !s.plan.uses("until") {
		return false
	}
	last, ok := oldestOf(items)
	if !ok {
		return false
	}
	until := last.Mention.Posted.Add(time.Second) // in case that posts share it
	if !until.Before(w.until) {
		return false
	}
	w.until, w.page, w.offset, w.token, w.url = until, s.plan.Paging.Start, 0, "", ""
	return true
}

// single reports whether a page is all there is: what it does not show is lost.
func (s *session) single() bool {
	p := s.plan
	paged := p.Paging.Link || p.next != nil || p.token != nil || p.uses("page") || p.uses("offset")
	return !paged && !p.uses("since") && !p.uses("after")
}

// reached reports whether a page goes back far enough.
func (s *session) reached(items []mapping.Item, since time.Time) bool {
	last, ok := oldestOf(items)
	return ok && last.Mention.Posted.Before(since)
}

func dated(items []mapping.Item) bool {
	return !slices.ContainsFunc(items, func(i mapping.Item) bool { return i.Mention.Posted.IsZero() })
}

func (s *session) anyFresh(st *state, items []mapping.Item) bool {
	return slices.ContainsFunc(items, func(i mapping.Item) bool {
		said, known := st.Known.Said(keyOf(&i))
		return !known || said != contentOf(&i)
	})
}

// keyOf is what an item is remembered by; what cannot be a mention, by its words.
func keyOf(i *mapping.Item) uint64 {
	if i.Reason != "" {
		return seen.KeyOf("dead letter " + string(i.Body))
	}
	return seen.KeyOf(i.Mention.ID)
}

func contentOf(i *mapping.Item) uint32 {
	if i.Reason != "" {
		return 0
	}
	return seen.ContentOf(&i.Mention)
}

// harvest is what came of a round or page, the oldest first.
type harvest struct {
	fresh  []mapping.Item // new or changed
	all    []seen.Item    // known ones too
	asked  string         // the address that the validators in header are of
	header http.Header
}

// sift tells new and edited posts from known ones. On first contact those from
// before it began are only remembered.
func (s *session) sift(st *state, items []mapping.Item) harvest {
	var h harvest
	met := make(map[uint64]bool, len(items))
	for i := range items {
		item := &items[i]
		key, content := keyOf(item), contentOf(item)
		if met[key] { // pages shift while they are read
			continue
		}
		met[key] = true
		h.all = append(h.all, seen.Item{Key: key, Content: content})
		said, known := st.Known.Said(key)
		posted := item.Mention.Posted
		switch {
		case known && said == content:
			continue
		case st.first() && !posted.IsZero() && posted.Before(st.Began):
			continue
		case known && item.Mention.Change != earshot.Deleted:
			item.Mention.Change = earshot.Edited
		}
		h.fresh = append(h.fresh, *item)
	}
	return h
}

// deliver emits a harvest in batches. All but the last cursor remember only what
// was emitted, and ask at once.
func (s *session) deliver(ctx context.Context, st *state, h harvest, emit listeners.Emit, next time.Time) error {
	known := st.Known
	var done []seen.Item
	for len(h.fresh) > batchSize {
		some := h.fresh[:batchSize]
		h.fresh = h.fresh[batchSize:]
		for i := range some {
			done = append(done, seen.Item{Key: keyOf(&some[i]), Content: contentOf(&some[i])})
		}
		st.Next, st.Known, st.Asked = time.Time{}, known.With(done), ""
		if err := s.emit(ctx, st, emit, s.batch(st, some)); err != nil {
			return err
		}
	}
	st.Next, st.Known, st.CaughtUp = next, known.With(h.all), true
	st.validate(h)
	return s.emit(ctx, st, emit, s.batch(st, h.fresh))
}

// batch makes a batch of items and notes them in the state.
func (s *session) batch(st *state, items []mapping.Item) listeners.Batch {
	var b listeners.Batch
	now := s.now()
	for i := range items {
		item := &items[i]
		if item.Reason != "" {
			b.Dead = append(b.Dead, earshot.DeadLetter{Reason: item.Reason, Body: item.Body})
			continue
		}
		st.advance(item, now)
		b.Mentions = append(b.Mentions, item.Mention)
	}
	return b
}

// validate keeps what the next request is conditional on.
func (st *state) validate(h harvest) {
	const longest = 1024
	get := func(name string) string {
		if v := h.header.Get(name); len(v) <= longest {
			return v
		}
		return ""
	}
	st.Asked, st.ETag, st.LastModified = h.asked, get("ETag"), get("Last-Modified")
	if st.ETag == "" && st.LastModified == "" {
		st.Asked = ""
	}
}

func (s *session) emit(ctx context.Context, st *state, emit listeners.Emit, batch listeners.Batch) error {
	var err error
	if batch.Next, err = st.cursor(); err != nil {
		return err
	}
	return emit(ctx, batch)
}
