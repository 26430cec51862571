package mastodon

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/golang-lru/v2"
	"github.com/mattn/go-mastodon"
	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/seen"
)

const (
	tick       = 50 * time.Millisecond // what a stream tells within it is one batch
	mostPosts  = 500                   // in a batch
	remembered = 20_000                // posts of a lively timeline that a deletion in the stream can name
)

// source hears one timeline.
type source struct {
	server   *instance
	timeline timeline
	log      *zap.Logger
}

// listening is one Listen.
type listening struct {
	*source
	token   string
	reader  reader
	threads *threads
	emit    listeners.Emit
	state   *state // what has been accepted
	heard   *lru.Cache[mastodon.ID, known]
}

// Listen asks in rounds and hears the stream in between.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		s.log.Warn("cursor is unreadable, beginning as at first contact", zap.NamedError("err", err))
	}
	l, err := s.begin(st, emit)
	if err != nil {
		return err
	}
	for {
		if err := l.turn(ctx); err != nil {
			return err
		}
	}
}

func (s *source) begin(st *state, emit listeners.Emit) (*listening, error) {
	token, err := s.server.token()
	if err != nil {
		return nil, err
	}
	heard, err := lru.New[mastodon.ID, known](remembered)
	if err != nil {
		return nil, fmt.Errorf("remembering posts: %w", err)
	}
	threads, err := newThreads(s.server, token)
	if err != nil {
		return nil, err
	}
	return &listening{
		source: s, token: token, emit: emit, state: st, heard: heard,
		reader:  reader{host: s.server.url.Host, notifications: s.timeline.isNotifications()},
		threads: threads,
	}, nil
}

// turn is as long as a stream lasts, or one round without. The stream begins
// before the round, so that nothing falls in between.
func (l *listening) turn(ctx context.Context) error {
	var stream *stream
	note := "polling"
	if l.server.config.Stream {
		var err error
		if stream, err = l.open(ctx); err == nil {
			defer stream.close()
			note = "streaming"
		} else if ctx.Err() != nil {
			return ctx.Err()
		} else {
			note = "no stream: polling"
			l.log.Debug("there is no stream", zap.NamedError("err", err))
		}
	}
	for {
		if err := l.round(ctx); err != nil {
			return err
		}
		l.server.report(ctx)
		listeners.Report(ctx, listeners.Outlook{Next: time.Now().Add(l.server.config.Every), Note: note})
		again, err := l.wait(ctx, stream)
		if err != nil || !again {
			return err
		}
	}
}

// wait hears the stream until the next round is due, and reports whether the
// stream is still there for it. Without one it is merely a pause.
func (l *listening) wait(ctx context.Context, s *stream) (again bool, err error) {
	timer := time.NewTimer(l.server.config.Every)
	defer timer.Stop()
	var events <-chan event
	if s != nil {
		events = s.events
	}
	for {
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-timer.C:
			return s != nil, ctx.Err()
		case e, ok := <-events:
			if !ok {
				l.log.Debug("the stream ended", zap.NamedError("err", s.err))
				return false, l.pause(ctx)
			}
			if err := l.take(ctx, events, e); err != nil {
				return false, err
			}
		}
	}
}

// pause keeps a server that cuts every stream at once from being asked too often.
func (l *listening) pause(ctx context.Context) error {
	timer := time.NewTimer(min(l.server.config.Every, time.Second))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}

// take stores what the stream tells within a tick of one event.
func (l *listening) take(ctx context.Context, events <-chan event, e event) error {
	b := l.batch()
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for ok := true; ok; {
		if err := b.event(ctx, e); err != nil {
			return err
		}
		if len(b.Mentions) >= mostPosts {
			break
		}
		select {
		case e, ok = <-events:
		case <-timer.C:
			ok = false
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return b.store(ctx)
}

// batch is what is to be stored next, with the state that follows from it.
type batch struct {
	*listening
	listeners.Batch
	next  *state
	fresh []known
}

func (l *listening) batch() *batch { return &batch{listening: l, next: l.state.clone()} }

// hear takes a post that may be known.
func (b *batch) hear(ctx context.Context, p *post, change earshot.Change) error {
	now := knownOf(p)
	was := b.next.find(p.mention.ID)
	if was == nil {
		if old, ok := b.heard.Get(p.id); ok && old.Mention == now.Mention {
			was = &old
		}
	}
	switch {
	case was != nil && was.Content == now.Content:
		return nil
	case was != nil:
		change = earshot.Edited
		was.Content, was.Hidden = now.Content, false
	}
	m := p.mention
	m.Change = change
	if err := b.threads.place(ctx, p, &m); err != nil {
		return err
	}
	b.Mentions = append(b.Mentions, m)
	b.fresh = append(b.fresh, now)
	if was == nil {
		b.next.add(now)
	}
	return nil
}

// forget takes a post back.
func (b *batch) forget(k known) {
	m := k.deletion()
	b.Mentions = append(b.Mentions, m)
	b.next.drop(m.ID)
	b.heard.Remove(k.local())
}

// event takes what the stream tells.
func (b *batch) event(ctx context.Context, e event) error {
	switch e.kind {
	case "delete":
		if k := b.next.at(e.id); k != nil {
			b.forget(*k)
		} else if k, ok := b.heard.Get(e.id); ok {
			b.forget(k)
		}
		return nil
	case "update", "status.update", "notification":
		p, ok, err := b.reader.one(e.payload)
		if err != nil {
			b.Dead = append(b.Dead, b.next.mourn([]earshot.DeadLetter{{Reason: err.Error(), Body: e.payload}})...)
			return nil
		}
		if !ok {
			return nil
		}
		change := earshot.New
		if e.kind == "status.update" {
			change = earshot.Edited
		}
		return b.hear(ctx, &p, change)
	}
	return nil
}

// store emits the batch, if there is anything to store.
func (b *batch) store(ctx context.Context) error {
	if len(b.Mentions) == 0 && len(b.Dead) == 0 && b.next.Floor == b.state.Floor && b.next.Turn == b.state.Turn && b.next.Since.Equal(b.state.Since) {
		b.state = b.next
		return nil
	}
	next, err := b.next.write()
	if err != nil {
		return err
	}
	b.Next = next
	if err := b.emit(ctx, b.Batch); err != nil {
		return err
	}
	b.state = b.next
	for _, k := range b.fresh {
		b.heard.Add(k.local(), k)
	}
	var newest time.Time
	for i := range b.Mentions {
		if at := b.Mentions[i].Posted; at.After(newest) {
			newest = at
		}
	}
	listeners.Report(ctx, listeners.Outlook{Posted: newest})
	return nil
}

// isGone reports whether the server does not know a post any more.
func isGone(err error) bool {
	status, ok := errors.AsType[*listeners.StatusError](err)
	return ok && (status.Code == 404 || status.Code == 410)
}

// isUnknown reports whether the server does not say what it was asked about one
// post. Whether it is well, and the credential good, is found out by asking for
// the timeline.
func isUnknown(err error) bool {
	if _, wait := errors.AsType[*listeners.RetryAfter](err); wait {
		return false
	}
	_, refused := errors.AsType[*listeners.Refused](err)
	_, status := errors.AsType[*listeners.StatusError](err)
	return refused || status
}

// differs reports whether a post says something else than what is known of it.
func (k *known) differs(p *post) bool { return k.Content != seen.ContentOf(&p.mention) }
