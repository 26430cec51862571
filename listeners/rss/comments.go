package rss

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/markup"
)

const (
	defaultComments = 10
	mostComments    = 20  // feeds of comments; each takes room in the cursor
	mostInComments  = 500 // newest comments that are heard of one feed

	// quietFor is after how long without a word nobody is expected to comment any more.
	quietFor = 14 * 24 * time.Hour
	// hopeless is after how many failures in a row a feed of comments is given up.
	hopeless = 10
)

// commentFeed is where the comments of one post are published.
type commentFeed struct {
	Address string        `json:"address"`
	Post    string        `json:"post"`               // mention ID of what is commented on
	At      time.Time     `json:"at"`                 // when that was published, or first seen
	Heard   time.Time     `json:"heard,omitzero"`     // when the last comment was heard
	Pause   time.Duration `json:"pause,omitempty"`    // between two fetches
	Failed  int           `json:"failures,omitempty"` // in a row
	Over    bool          `json:"over,omitempty"`     // it is not asked for any more
	State   state         `json:"state,omitzero"`
}

// commentFeeds are those of the newest items, of most at most.
func (n normaliser) commentFeeds(all []heard, most int) []*commentFeed {
	var found []*commentFeed
	now := time.Now()
	for _, h := range slices.Backward(all) { // the oldest come first
		if len(found) >= most {
			break
		}
		if f := n.commentsOf(h, now); f != nil {
			found = append(found, f)
		}
	}
	return found
}

// commentsOf is where the comments of an item are published, "" if nowhere.
func (n normaliser) commentsOf(h heard, now time.Time) *commentFeed {
	address := markup.Resolve(n.base, n.doc.extras[h.item].comments)
	if address == "" || h.mention.Change == earshot.Deleted {
		return nil
	}
	at := h.mention.Posted
	if at.IsZero() || at.After(now) {
		at = now.UTC()
	}
	return &commentFeed{Address: address, Post: h.mention.ID, At: at}
}

// followComments keeps the feeds of the newest posts, whether they are asked for
// or over, so that one that is over does not begin again.
func (st *state) followComments(found []*commentFeed, most int) {
	for _, f := range found {
		known := func(k *commentFeed) bool { return k.Address == f.Address }
		if !slices.ContainsFunc(st.Comments, known) {
			st.Comments = append(st.Comments, f)
		}
	}
	slices.SortStableFunc(st.Comments, func(a, b *commentFeed) int { return b.At.Compare(a.At) })
	st.Comments = slices.Clone(st.Comments[:min(len(st.Comments), most)])
}

// nextComments is when the first of the feeds of comments is due, later if none is
// due before that.
func (st *state) nextComments(later time.Time) time.Time {
	for _, f := range st.Comments {
		if !f.Over && f.State.Next.Before(later) {
			later = f.State.Next
		}
	}
	return later
}

// hearComments fetches the feeds of comments that are due. That one of them fails
// is no failure of the feed that named it.
func (s *source) hearComments(ctx context.Context, st *state, emit listeners.Emit) error {
	for _, f := range st.Comments {
		if err := ctx.Err(); err != nil {
			return err
		}
		now := time.Now()
		if f.Over || now.Before(f.State.Next) {
			continue
		}
		if now.Sub(f.At) > quietFor && now.Sub(f.Heard) > quietFor {
			f.end()
			continue
		}
		if err := s.hearCommentsOf(ctx, st, f, emit); err != nil {
			return err
		}
	}
	return nil
}

// hearCommentsOf fetches one feed and emits what was commented.
func (s *source) hearCommentsOf(ctx context.Context, st *state, f *commentFeed, emit listeners.Emit) error {
	u, err := url.Parse(f.Address)
	if err != nil {
		f.end()
		return nil
	}
	below := &source{listener: s.listener, part: s.part, address: u, bounds: s.bounds, client: s.client, log: s.log}
	a, err := below.fetch(ctx, f.Address, &f.State)
	if err != nil {
		return s.loseComments(ctx, f, err)
	}
	defer a.done()
	if a.unchanged {
		f.rest(s.bounds)
		return nil
	}
	doc, err := a.read(ctx, nil)
	if err != nil {
		return s.loseComments(ctx, f, err)
	}
	doc.Items = doc.Items[max(0, len(doc.Items)-mostInComments):]
	out := below.sift(&f.State, doc, a.final)
	a.body = nil
	f.State.Known = f.State.Known.With(out.seen)
	f.State.validate(a)
	if doc.truncated {
		f.State.invalidate()
	}
	f.Failed = 0
	comments := f.comments(out.Mentions)
	if len(comments)+len(out.Dead) == 0 {
		f.rest(s.bounds)
		return nil
	}
	f.Heard, f.Pause = time.Now().UTC(), 0
	f.rest(s.bounds)
	return s.emit(ctx, st, emit, listeners.Batch{Mentions: comments, Dead: out.Dead})
}

// comments says what the mentions of the feed are comments on. Their titles say
// only whose they are.
func (f *commentFeed) comments(all []earshot.Mention) []earshot.Mention {
	var comments []earshot.Mention
	for _, m := range all {
		if m.ID == f.Post {
			continue
		}
		if m.Change != earshot.Deleted {
			m.Conversation = f.Post
			if m.ReplyTo == "" {
				m.ReplyTo = f.Post
			}
			if m.Text != "" {
				m.Title = ""
			}
		}
		comments = append(comments, m)
	}
	return comments
}

// rest waits longer the longer nobody comments.
func (f *commentFeed) rest(b bounds) {
	f.Pause = b.clamp(2 * f.Pause)
	f.State.Next = time.Now().Add(f.Pause).UTC()
}

// end stops asking for good, and forgets what only asking needs.
func (f *commentFeed) end() { f.Over, f.State = true, state{} }

// loseComments notes that a feed of comments cannot be had. It returns an error
// only when ctx has ended.
func (s *source) loseComments(ctx context.Context, f *commentFeed, cause error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.Failed++
	f.rest(s.bounds)
	var status *listeners.StatusError
	retry, asked := errors.AsType[*listeners.RetryAfter](cause)
	switch {
	case asked:
		f.State.Next = time.Now().Add(max(retry.Wait, f.Pause)).UTC()
	case errors.As(cause, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone), f.Failed >= hopeless:
		f.end()
	}
	address := f.Address
	if u, err := url.Parse(f.Address); err == nil {
		address = plainAddress(u)
	}
	s.log.Info("comments of a post cannot be heard", zap.String("part", plainAddress(s.address)), zap.String("comments", address),
		zap.Bool("over", f.Over), zap.String("err", cause.Error()))
	return nil
}
