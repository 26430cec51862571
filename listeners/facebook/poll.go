package facebook

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// What is asked for. Comments come with their posts, the newest first, so that one
// request answers for many posts.
const (
	commentFields   = "id,message,created_time,from,parent{id},attachment,like_count,comment_count,permalink_url,is_hidden"
	postFields      = "id,message,story,created_time,permalink_url,from,parent_id,attachments{title,description,url,unshimmed_url,media,subattachments},shares,place,reactions.limit(0).summary(true)"
	feedFields      = postFields + ",comments.filter(stream).order(reverse_chronological).limit(50).summary(true){" + commentFields + "}"
	igCommentFields = "id,text,timestamp,username,from,like_count,parent_id,replies{id,text,timestamp,username,from,like_count}"
	igMediaFields   = "id,caption,timestamp,permalink,username,like_count,comments_count,media_type,media_url"
	igOwnFields     = igMediaFields + ",comments.limit(50){" + igCommentFields + "}"
)

// edge is a list of posts that an account has.
type edge struct{ name, fields string }

// edges are those of a network: what is on the account's own page, and where others
// mention it.
func edges(network string) []edge {
	if network == instagram {
		return []edge{{"media", igOwnFields}, {"tags", igMediaFields}}
	}
	return []edge{{"feed", feedFields}, {"tagged", postFields}}
}

const (
	postsAtOnce = 25
	mostPages   = 200 // of one edge in a round
	mostAtOnce  = 500 // mentions of one batch
)

// Listen asks when it is time to and emits what is new.
func (s *source) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readState(from)
	if err != nil {
		_, id := s.account.id()
		s.log.Warn("cursor is unreadable, hearing the account again", zap.String("account", id), zap.NamedError("err", err))
	}
	for {
		g, err := s.graph(s.client, s.account)
		if err != nil {
			return err
		}
		if err := sleep(ctx, min(time.Until(st.Next), s.Every)); err != nil {
			return err
		}
		for {
			if err := s.round(ctx, g, st, emit); err != nil {
				return err
			}
			pause := g.usage.pause(s.Every)
			st.Next = time.Now().Add(pause).UTC()
			listeners.Report(ctx, listeners.Outlook{Next: st.Next})
			if err := sleep(ctx, pause); err != nil {
				return err
			}
		}
	}
}

func isAbsent(err error) bool {
	refused, ok := errors.AsType[*apiError](err)
	return ok && refused.absent()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(max(d, 0))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err() // both may be true
	}
}

// round reads what there is and emits what is new in it, oldest first.
func (s *source) round(ctx context.Context, g *graph, st *state, emit listeners.Emit) error {
	since := time.Now().Add(-s.Since)
	found := &finding{known: &st.Known, items: map[uint64]bool{}}
	network, _ := s.account.id()
	for i, e := range edges(network) {
		err := s.walk(ctx, g, e, since, "", func(p page) error {
			if err := s.complete(ctx, g, found.known, &p); err != nil {
				return err
			}
			found.take(p)
			return nil
		})
		if i > 0 && isAbsent(err) { // the page's own posts are not lost for that
			listeners.Report(ctx, listeners.Outlook{Note: e.name + ": " + err.Error()})
			continue
		}
		if err != nil {
			return err
		}
	}
	slices.Reverse(found.fresh)
	slices.SortStableFunc(found.fresh, func(a, b earshot.Mention) int { return a.Posted.Compare(b.Posted) })
	return s.emitAll(ctx, st, found, emit)
}

// walk reads an edge, page by page, back to since.
func (s *source) walk(ctx context.Context, g *graph, e edge, since time.Time, after string, each func(page) error) error {
	network, id := s.account.id()
	for range mostPages {
		params := url.Values{"fields": {e.fields}, "limit": {strconv.Itoa(postsAtOnce)}}
		if network == facebook {
			params.Set("since", strconv.FormatInt(since.Unix(), 10))
		}
		if after != "" {
			params.Set("after", after)
		}
		var l list
		if err := g.get(ctx, id+"/"+e.name, params, &l); err != nil {
			return err
		}
		p := parsePage(network, id, l)
		older := len(p.mentions) > 0 && p.mentions[len(p.mentions)-1].Posted.Before(since)
		p.mentions = slices.DeleteFunc(p.mentions, func(m earshot.Mention) bool { return !m.Posted.IsZero() && m.Posted.Before(since) })
		if p.next == after || older {
			p.next = ""
		}
		if err := each(p); err != nil {
			return err
		}
		if after = p.next; after == "" {
			return nil
		}
	}
	return fmt.Errorf("%w: %s of %s has more than %d pages", listeners.ErrMalformed, e.name, id, mostPages)
}
