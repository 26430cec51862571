package mastodon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mattn/go-mastodon"

	"earshot"
	"earshot/listeners"
)

const (
	mostFirst = 5000 // posts of the first contact
	lookUps   = 5    // known posts that are looked up in a round
)

// round asks for everything that is new, reads the newest posts again, and looks
// some older ones up. Until a round was over that met a post there is nothing to
// ask from, even where the stream has told of some: others may lie before them.
func (l *listening) round(ctx context.Context) error {
	if l.state.Floor == "" {
		return l.first(ctx)
	}
	there := map[mastodon.ID]bool{}
	for from := l.state.Floor; ; {
		pg := &mastodon.Pagination{MinID: from, Limit: window}
		posts, got, b, err := l.page(ctx, pg)
		if err != nil {
			return err
		}
		for i := range posts {
			there[posts[i].page] = true
			if err := b.hear(ctx, &posts[i], earshot.New); err != nil {
				return err
			}
		}
		if err := b.store(ctx); err != nil {
			return err
		}
		if got.newer.Compare(from) <= 0 { // also of a server that does not know min_id and gives the same page again
			return l.review(ctx, there)
		}
		from = got.newer
	}
}

func max2(a, b mastodon.ID) mastodon.ID {
	if a.Compare(b) < 0 {
		return b
	}
	return a
}

// page asks for a page, whose posts come oldest first, with a batch that holds
// what in it is no post.
func (l *listening) page(ctx context.Context, pg *mastodon.Pagination) ([]post, *answer, *batch, error) {
	got, err := l.server.call(ctx, l.token, l.timeline.public == "remote", func(c *mastodon.Client) error {
		return l.timeline.ask(ctx, c, pg)
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("asking %s for posts: %w", l.server.url.Host, err)
	}
	posts, dead, err := l.reader.page(got.body)
	if err != nil {
		return nil, nil, nil, err
	}
	slices.SortStableFunc(posts, func(a, b post) int { return a.page.Compare(b.page) })
	b := l.batch()
	b.Dead = b.next.mourn(dead)
	return posts, got, b, nil
}

// ask does the request of a page; the answer is read elsewhere.
func (t timeline) ask(ctx context.Context, c *mastodon.Client, pg *mastodon.Pagination) error {
	var err error
	switch {
	case t.tag != "":
		_, err = c.GetTimelineHashtag(ctx, t.tag, false, pg)
	case t.public != "":
		_, err = c.GetTimelinePublic(ctx, t.public == "local", pg)
	default:
		others := []string{"follow", "follow_request", "favourite", "reblog", "poll", "status", "update", "quote", "admin.sign_up", "admin.report"}
		_, err = c.GetNotificationsExclude(ctx, &others, pg)
	}
	return err
}

// first goes back as far as the first contact shall reach, and then tells it from
// the beginning.
func (l *listening) first(ctx context.Context) error {
	b := l.batch()
	if b.next.Since.IsZero() { // nobody may post for longer than that
		b.next.Since = time.Now().Add(-l.server.config.Since).UTC()
	}
	since := b.next.Since
	var all []post
	pg := mastodon.Pagination{Limit: window}
	for len(all) < mostFirst {
		asked := pg
		posts, got, page, err := l.page(ctx, &asked)
		if err != nil {
			return err
		}
		b.Dead = append(b.Dead, b.next.mourn(page.Dead)...)
		all = append(posts, all...)
		if got.older == "" || got.older == pg.MaxID || len(posts) > 0 && posts[0].mention.Posted.Before(since) {
			break
		}
		pg.MaxID = got.older
	}
	slices.SortStableFunc(all, func(a, b post) int { return a.page.Compare(b.page) })
	for i := range all {
		if all[i].mention.Posted.Before(since) {
			b.next.Floor = max2(b.next.Floor, all[i].page)
			continue
		}
		if err := b.hear(ctx, &all[i], earshot.New); err != nil {
			return err
		}
		if len(b.Mentions) >= window {
			b.next.Floor = max2(b.next.Floor, all[max(0, i-window)].page) // what the stream told of lies beyond
			if err := b.store(ctx); err != nil {
				return err
			}
			b = l.batch()
		}
	}
	b.next.settle()
	return b.store(ctx)
}

// review finds out what has become of posts that a round should have met and did
// not, and of some older ones in turn.
func (l *listening) review(ctx context.Context, there map[mastodon.ID]bool) error {
	b := l.batch()
	for _, k := range l.due(there) {
		if !l.server.spare() {
			break
		}
		if err := l.look(ctx, b, k); err != nil {
			return err
		}
	}
	b.next.settle()
	return b.store(ctx)
}

// due are the posts that are to be looked up in this round.
func (l *listening) due(there map[mastodon.ID]bool) []known {
	var missing, older []known
	for _, k := range l.state.Known {
		switch {
		case there[k.Page]:
		case k.Page.Compare(l.state.Floor) > 0 && !k.Hidden:
			missing = append(missing, k)
		default:
			older = append(older, k)
		}
	}
	after, _ := slices.BinarySearchFunc(older, l.state.Turn, func(k known, turn mastodon.ID) int {
		if k.Page.Compare(turn) <= 0 {
			return -1
		}
		return 1
	})
	older = append(older[after:len(older):len(older)], older[:after]...)
	return append(missing[:min(window, len(missing))], older[:min(lookUps, len(older))]...)
}

// look looks one post up.
func (l *listening) look(ctx context.Context, b *batch, k known) error {
	got, err := l.server.call(ctx, l.token, false, func(c *mastodon.Client) error {
		_, err := c.GetStatus(ctx, k.local())
		return err
	})
	b.next.Turn = k.Page
	switch {
	case isGone(err):
		b.forget(k)
		return nil
	case isUnknown(err):
		return nil
	case err != nil:
		return fmt.Errorf("looking up a post at %s: %w", l.server.url.Host, err)
	}
	p, err := l.reader.status(got.body)
	if err != nil || p.mention.ID != network+":"+k.Mention {
		return nil // it answers something else: nothing is known by that
	}
	p.page = k.Page
	if now := b.next.find(p.mention.ID); now != nil {
		now.Hidden = true
	}
	if k.differs(&p) {
		return b.hear(ctx, &p, earshot.Edited)
	}
	return nil
}

// Backfill goes back page by page until since, newest first. Its cursor is where
// the next page ends.
func (s *source) Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit listeners.Emit) error {
	l, err := s.begin(&state{Version: cursorVersion}, emit)
	if err != nil {
		return err
	}
	began := time.Now()
	for at := mastodon.ID(from); ; {
		posts, got, b, err := l.page(ctx, &mastodon.Pagination{MaxID: at, Limit: window})
		if err != nil {
			return err
		}
		if got.older == "" {
			return nil
		}
		oldest := began
		for i := range posts {
			if oldest = posts[0].mention.Posted; posts[i].mention.Posted.Before(since) {
				continue
			}
			if err := b.hear(ctx, &posts[i], earshot.New); err != nil {
				return err
			}
		}
		b.Next = earshot.Cursor(got.older)
		if err := emit(ctx, b.Batch); err != nil {
			return err
		}
		if oldest.Before(since) || got.older == at {
			return nil
		}
		l.server.report(ctx)
		listeners.Report(ctx, listeners.Outlook{Done: began.Sub(oldest).Seconds() / began.Sub(since).Seconds()})
		at = got.older
	}
}
