package bluesky

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

const (
	tick     = 50 * time.Millisecond // messages that arrive within it are one batch
	mostSaid = 500                   // a batch is of no more messages
	moveIdly = time.Second           // how often the cursor moves when there is nothing else to store
)

// errOther is an instance that is not the one it was, whatever it is called.
var errOther = errors.New("the instance does not know the place any more")

// errDeaf is an instance that is connected and tells nothing.
var errDeaf = errors.New("the instance is taken for deaf")

// hearing is one Listen, or one Backfill if until is not zero.
type hearing struct {
	*source
	at     cursor
	emit   listeners.Emit
	recent *recent
	server string
	who    *profiles // nil if nobody asks

	since, until time.Time // of a backfill
	first        int64     // the number that the instance must begin with, 0 if it need not
	from         int64     // what was said before, in microseconds since 1970, has been heard
	heard        int       // messages of this Listen

	batch    listeners.Batch
	keys     []uint64  // of its mentions
	messages int       // that it covers
	due      bool      // accounts that are gone fill the cursor
	moved    time.Time // when the cursor was last given away
	swept    time.Time // when posts of accounts that are gone were last taken back
}

// hear connects and hears, once more if the instance has forgotten the place.
func (h *hearing) hear(ctx context.Context) error {
	err := h.connect(ctx)
	if errors.Is(err, errOther) {
		h.log.Warn("the instance has forgotten where it was heard, going back in time instead",
			zap.String("server", host(h.server)), zap.Duration("rewind", rewind))
		h.at.Seq, h.at.Server = 0, ""
		err = h.connect(ctx)
	}
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("hearing %s: %w", host(h.server), err)
	}
	return err
}

func (h *hearing) connect(ctx context.Context) error {
	s, err := open(ctx, h.client, subscribe(h.server, h.place()))
	if err != nil {
		return err
	}
	defer s.close()
	listeners.Report(ctx, listeners.Outlook{Note: "streaming from " + host(h.server)})
	return h.take(ctx, s)
}

// place is where the instance is asked to begin. Numbers mean something only to
// the instance that gave them; elsewhere it is a time well before.
func (h *hearing) place() string {
	h.first, h.from = 0, 0
	switch {
	case h.at.Time == 0: // first contact
		h.from = time.Now().Add(-h.config.Since).UnixMicro()
	case h.at.Server == h.server && h.at.Seq > 0:
		h.first = h.at.Seq
		return strconv.FormatInt(h.at.Seq, 10)
	case h.at.Server == h.server: // it numbers nothing: what was said last may come again
		h.from = h.at.Time
	case h.at.Server == "" && !h.until.IsZero(): // the beginning of a backfill
		h.from = h.at.Time
	default:
		h.from = h.at.Time - rewind.Microseconds()
	}
	return strconv.FormatInt(h.from, 10)
}

// take hears until the stream ends, or the backfill is through.
func (h *hearing) take(ctx context.Context, s *stream) error {
	silence := time.NewTimer(h.quiet)
	defer silence.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-silence.C:
			if err := h.flush(ctx); err != nil || !h.until.IsZero() { // a backfill is through: there is nothing more
				return err
			}
			if len(h.config.Servers) > 1 {
				return fmt.Errorf("%w: nothing was posted for %s", errDeaf, h.quiet)
			}
			silence.Reset(h.quiet)
		case one, ok := <-s.said:
			if !ok {
				return s.err
			}
			through, err := h.group(ctx, s, one)
			if err != nil || through {
				return err
			}
			if len(h.keys) > 0 { // posts, and not what becomes of accounts: see docs/sources/bluesky.md
				silence.Reset(h.quiet)
			}
			if err := h.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// group collects what is said within a tick of one, and reports whether a backfill
// is through.
func (h *hearing) group(ctx context.Context, s *stream, one said) (through bool, err error) {
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for {
		if err := h.add(&one); err != nil {
			return false, err
		}
		if !h.until.IsZero() && h.at.Time >= h.until.UnixMicro() {
			return true, h.flush(ctx)
		}
		if h.messages >= mostSaid || h.due {
			return false, nil
		}
		var ok bool
		select {
		case one, ok = <-s.said:
			if !ok {
				return false, errors.Join(h.flush(ctx), s.err)
			}
		case <-timer.C:
			return false, nil
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// add takes one message into the batch.
func (h *hearing) add(one *said) error {
	if h.heard++; h.heard == 1 && one.seq > 0 && h.at.Seq == 0 && h.at.Time > 0 && h.at.Server == h.server {
		return errOther // it has learnt to number, and perhaps to tell another time
	}
	if one.dead != nil {
		h.batch.Dead = append(h.batch.Dead, *one.dead)
		return nil
	}
	if first := h.first; first > 0 {
		if h.first = 0; one.seq != first || one.at != h.at.Time {
			return errOther
		}
		return nil // heard before
	}
	if one.at < h.from {
		return nil
	}
	if h.heard == 1 {
		h.warnOfGap(one.at)
	}
	if h.messages++; h.at.passed(h.server, one) {
		return nil
	}
	h.at.pass(h.server, one)
	switch {
	case one.handle != "" && h.who != nil:
		h.who.renamed(one.did, one.handle)
	case one.did != "" && one.handle == "":
		h.due = h.at.leaves(one.did, one.gone)
	}
	if one.mention != nil && !h.recent.has(one.key) && !slices.Contains(h.keys, one.key) {
		h.batch.Mentions = append(h.batch.Mentions, *one.mention)
		h.keys = append(h.keys, one.key)
	}
	return nil
}

// warnOfGap says that an instance begins long after it was asked to: it does not
// keep what was posted before.
func (h *hearing) warnOfGap(begins int64) {
	if h.at.Time > 0 && h.from > 0 && begins-h.from > rewind.Microseconds() {
		h.log.Warn("the instance offers nothing of some time, so posts may be missing",
			zap.String("server", host(h.server)), zap.Time("since", time.UnixMicro(h.from).UTC()),
			zap.Duration("gap", time.Duration(begins-h.from)*time.Microsecond))
	}
}

// flush emits the batch, or the cursor alone when it is time.
func (h *hearing) flush(ctx context.Context) error {
	if h.messages > 0 && (len(h.batch.Mentions) > 0 || len(h.batch.Dead) > 0 || h.due || time.Since(h.moved) >= moveIdly) {
		if err := h.store(ctx); err != nil {
			return err
		}
	}
	if h.until.IsZero() && len(h.at.Gone) > 0 && (h.due || time.Since(h.swept) >= h.sweepEvery) {
		return h.sweep(ctx)
	}
	return nil
}

func (h *hearing) store(ctx context.Context) error {
	next, err := h.at.write()
	if err != nil {
		return err
	}
	h.batch.Next = next
	if h.who != nil {
		h.who.introduce(ctx, h.batch.Mentions)
	}
	if err := h.emit(ctx, h.batch); err != nil {
		return err
	}
	for _, key := range h.keys {
		h.recent.add(key)
	}
	h.batch, h.keys, h.messages, h.moved = listeners.Batch{}, h.keys[:0], 0, time.Now()
	o := listeners.Outlook{Posted: time.UnixMicro(h.at.Time).UTC()}
	if whole := h.until.Sub(h.since); whole > 0 {
		o.Done = min(1, max(0, o.Posted.Sub(h.since).Seconds()/whole.Seconds()))
	}
	listeners.Report(ctx, o)
	return nil
}

// sweep takes back what the log holds of accounts that are gone: Jetstream tells
// of the account and not of each of its posts.
func (h *hearing) sweep(ctx context.Context) error {
	gone := map[string]bool{}
	for _, did := range h.at.Gone {
		gone[did] = true
	}
	var mentions []earshot.Mention
	err := h.stored(ctx, network, func(m earshot.Mention) error {
		if gone[authorOf(m.ID)] {
			mentions = append(mentions, earshot.Mention{ID: m.ID, Network: network, Change: earshot.Deleted})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("looking for posts of accounts that are gone: %w", err)
	}
	for len(mentions) > mostSaid {
		h.batch.Mentions, mentions = mentions[:mostSaid], mentions[mostSaid:]
		if err := h.store(ctx); err != nil {
			return err
		}
	}
	h.at.Gone, h.due, h.swept = nil, false, time.Now()
	h.batch.Mentions = mentions
	return h.store(ctx)
}

// host is how a server is called in messages.
func host(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return "the server" // it was checked before
	}
	return u.Host
}
