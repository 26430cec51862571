// Package rss hears feeds: RSS, RDF, Atom and JSON Feed, each address a part
// with a cursor of its own. It asks politely and seldom, finds the feed of a web
// page, and tells new items from edited and deleted ones. It trusts nothing a
// server sends. Limits per host and private addresses are the client's business,
// retries the runner's; both are in listeners.
package rss

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// Driver is the rss kind of listener.
func Driver() listeners.Driver {
	return listeners.Driver{Config: Config{Every: defaultEvery, Comments: defaultComments}, Open: open}
}

// open makes a part of each address. Problems that are warnings only come with
// the parts.
func open(setup listeners.Setup) ([]listeners.Part, error) {
	config := Config{Every: defaultEvery, Comments: defaultComments}
	if err := setup.Decode(&config); err != nil {
		return nil, err
	}
	problems := config.check()
	if problems.Fatal() {
		return nil, problems
	}
	pushes := newPushes(setup.Inbox, setup.Name)
	var parts []listeners.Part
	for _, address := range config.URLs {
		u, err := url.Parse(address)
		if err != nil {
			return nil, fmt.Errorf("reading the address: %w", err)
		}
		u.Fragment = ""
		parts = append(parts, listeners.Part{Name: address, Source: &source{
			listener: setup.Name, part: address, address: u, bounds: config.bounds(),
			comments: config.Comments, pushes: pushes, client: setup.Client, log: setup.Log,
		}})
	}
	if len(problems) > 0 {
		return parts, problems
	}
	return parts, nil
}

// source hears one feed.
type source struct {
	listener, part string
	address        *url.URL // as configured
	bounds         bounds
	comments       int     // of how many posts the comments are heard
	pushes         *pushes // nil when nothing can be pushed
	client         *http.Client
	log            *zap.Logger
}

// Listen fetches the feed when it is due or its hub says that there is something
// new, and emits what is new in it and in the comments of its newest posts.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, hearing the whole feed again", zap.String("part", plainAddress(s.address)), zap.NamedError("err", err))
	}
	ctx, stop := context.WithCancel(ctx)
	var receiving sync.WaitGroup
	if s.pushes.callback("") != "" {
		receiving.Go(func() { s.pushes.serve(ctx) })
	}
	defer receiving.Wait()
	defer stop()
	for {
		if err := s.turn(ctx, st, emit); err != nil {
			return err
		}
	}
}

// turn waits until there is something to do and does it.
func (s *source) turn(ctx context.Context, st *state, emit listeners.Emit) error {
	one := s.enroll(st)
	due := time.Now().Add(min(time.Until(st.Next), s.bounds.most))
	next := st.nextComments(due)
	if st.Push != nil && s.pushes.callback("") != "" && st.Push.due().Before(next) {
		next = st.Push.due()
	}
	listeners.Report(ctx, listeners.Outlook{Next: next.UTC()})
	if err := await(ctx, time.Until(next), one.news); err != nil {
		return err
	}
	arrived := false
	if one.news != nil {
		var err error
		if arrived, err = s.heed(ctx, st, one, emit); err != nil {
			return err
		}
	}
	if arrived || !time.Now().Before(due) {
		if err := s.fetchNow(ctx, st, arrived, emit); err != nil {
			return err
		}
	}
	if err := s.subscribe(ctx, st, emit); err != nil {
		return err
	}
	return s.hearComments(ctx, st, emit)
}

// fetchNow is a round that a push announced, or not. Pushes that follow each other
// are fetched together, a second apart.
func (s *source) fetchNow(ctx context.Context, st *state, announced bool, emit listeners.Emit) error {
	before := st.Push
	st.announced = announced
	err := s.round(ctx, st, emit)
	st.announced = false
	if before != nil && st.Push != before {
		s.pushes.leave(before.path())
	}
	if err == nil && announced {
		err = wait(ctx, min(time.Second, s.bounds.least))
	}
	return err
}

func newest(mentions []earshot.Mention) time.Time {
	var at time.Time
	for i := range mentions {
		if mentions[i].Posted.After(at) {
			at = mentions[i].Posted
		}
	}
	return at
}

// await waits like wait, at most until there is news.
func await(ctx context.Context, d time.Duration, news <-chan struct{}) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-news:
	case <-timer.C:
	}
	return ctx.Err() // several may be true
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err() // both may be true
	}
}

// round fetches once and emits what came of it. The cursor moves in the same
// batch as what it covers, validators included.
func (s *source) round(ctx context.Context, st *state, emit listeners.Emit) error {
	a, doc, err := s.obtain(ctx, st)
	if err != nil {
		return s.lose(ctx, st, emit, err)
	}
	defer a.done() // not before what came of a large answer is stored: others wait until then
	now := time.Now()
	st.follow(a)
	if doc == nil { // unchanged
		st.Next = s.due(st, a, now)
		return s.emit(ctx, st, emit, listeners.Batch{})
	}
	out := s.sift(st, doc, a.final)
	if out.ambiguous {
		if doc, err = a.read(ctx, nil); err != nil {
			return err
		}
		out = s.sift(st, doc, a.final)
	}
	a.body = nil
	if err := s.emitSome(ctx, st, emit, &out.Batch); err != nil {
		return err
	}
	st.Known = st.Known.With(out.seen)
	st.recent.traces = out.traces
	st.followComments(out.comments, s.comments)
	st.announce(doc.push.by(a.header, a.final))
	st.Push.judge(st.announced, len(out.Mentions) > 0)
	listeners.Report(ctx, listeners.Outlook{Posted: newest(out.Mentions)})
	st.Pace = doc.pace(now)
	if doc.truncated {
		st.invalidate() // or the server would say that nothing has changed since
		st.Next = now.Add(s.bounds.least).UTC()
	} else {
		st.validate(a)
		st.Next = s.due(st, a, now)
	}
	if err := s.emit(ctx, st, emit, out.Batch); err != nil {
		return err
	}
	return complaint(a, doc)
}

// due is when to ask again after an answer.
func (s *source) due(st *state, a *answer, now time.Time) time.Time {
	if st.Push.verified(now) && st.Push.Works {
		return now.Add(s.bounds.most).UTC() // it is only to make sure
	}
	return now.Add(s.bounds.clamp(max(st.Pace, freshness(a.header, now)))).UTC()
}

// complaint is what the runner must hear of a feed that was not heard in full.
func complaint(a *answer, doc *document) error {
	switch {
	case doc.truncated && a.cut != nil:
		return fmt.Errorf("hearing the part of the feed that came: %w", a.cut)
	case doc.truncated:
		return fmt.Errorf("%w: the feed ends in the middle; its %d whole items were heard", listeners.ErrMalformed, len(doc.Items))
	case doc.excess > 0:
		return fmt.Errorf("%w: the feed has %d items more than the %d newest that were heard", listeners.ErrMalformed, doc.excess, len(doc.Items))
	}
	return nil
}

// obtain fetches and reads the feed, wherever it is. The document is nil when it
// has not changed.
func (s *source) obtain(ctx context.Context, st *state) (*answer, *document, error) {
	address := s.address.String()
	if st.URL != "" {
		address = st.URL
	}
	a, err := s.fetch(ctx, address, st)
	if err != nil || a.unchanged {
		return a, nil, err
	}
	doc, err := a.read(ctx, st.recent)
	if err == nil {
		st.WasFeed = st.WasFeed || st.URL == ""
		return a, doc, nil
	}
	defer a.done()
	switch {
	case a.cut != nil:
		return nil, nil, a.cut
	case errors.Is(err, errWebPage) && st.URL == "" && !st.WasFeed:
		return s.discover(ctx, st, a)
	}
	return nil, nil, fmt.Errorf("reading what %s sent: %w", plainAddress(a.final), err)
}

// lose returns why a fetch failed. An address that is not the configured one is
// forgotten when the feed is not there any more, so that the next attempt begins
// where the configuration says.
func (s *source) lose(ctx context.Context, st *state, emit listeners.Emit, cause error) error {
	var status *listeners.StatusError
	missing := errors.As(cause, &status) && status.Code/100 == 4 && status.Code != http.StatusTooManyRequests
	if st.URL == "" || !missing && !errors.Is(cause, listeners.ErrMalformed) {
		return cause
	}
	st.forget()
	if err := s.emit(ctx, st, emit, listeners.Batch{}); err != nil {
		return err
	}
	// Not wrapped: the feed may be gone from there, but not from everywhere.
	return fmt.Errorf("going back to the configured address, since the feed is no longer where it was found: %s", cause.Error())
}

// mostAtOnce is how many mentions go into one batch. Feeds never have more.
const mostAtOnce = 5000

// emitSome emits all but the last batch of a huge feed. Their cursors remember
// their own items and ask for the same document again.
func (s *source) emitSome(ctx context.Context, st *state, emit listeners.Emit, batch *listeners.Batch) error {
	for len(batch.Mentions) > mostAtOnce {
		some := batch.Mentions[:mostAtOnce]
		st.invalidate()
		st.Next = time.Time{}
		st.Known = st.Known.With(memorise(some))
		if err := s.emit(ctx, st, emit, listeners.Batch{Mentions: some}); err != nil {
			return err
		}
		batch.Mentions = batch.Mentions[mostAtOnce:]
	}
	return nil
}

func (s *source) emit(ctx context.Context, st *state, emit listeners.Emit, batch listeners.Batch) error {
	var err error
	if batch.Next, err = st.cursor(); err != nil {
		return err
	}
	return emit(ctx, batch)
}
