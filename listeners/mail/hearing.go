package mail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"go.uber.org/zap"

	"earshot"
	"earshot/listeners"
)

// hearing is one Listen or Backfill at work.
type hearing struct {
	*source
	session  *session
	emit     listeners.Emit
	place    place
	backfill bool
	since    time.Time // mails received before are left out; zero for none
}

// begin finds out where to go on in the folder.
func (h *hearing) begin(ctx context.Context, box *imap.SelectData) error {
	known := h.place.Validity == box.UIDValidity
	if known && box.UIDNext > 0 && h.place.UID >= box.UIDNext {
		known = false // nobody can have heard what is not there yet
	}
	if known {
		return h.act(ctx)
	}
	if h.place.Validity != 0 {
		h.log.Warn("the folder was made anew, hearing it again; mails that are known are not stored twice", zap.String("part", h.folder))
	}
	place, err := h.session.placeAt(ctx, box, time.Now().Add(-h.Since))
	if err != nil {
		return err
	}
	h.place = place
	return h.save(ctx, listeners.Batch{})
}

// Sizes of what is fetched at once, which is what one batch says.
const (
	mostFetched      = 100
	mostFetchedBytes = 8 << 20
	narrowest        = 1000 // UIDs that the first listing asks for
)

// catchUp hears what is new below next, or to the end of the folder when next is 0.
func (h *hearing) catchUp(ctx context.Context, next imap.UID) error {
	width := imap.UID(narrowest)
	for next == 0 || h.place.UID+1 < next {
		first, last := h.place.UID+1, imap.UID(0)
		if next != 0 {
			last = next - 1
			if last-first >= width {
				last = first + width - 1
			}
		}
		if next == 0 {
			h.drain() // what it told of is in this listing
		}
		listed, err := h.session.list(ctx, first, last)
		if err != nil {
			return err
		}
		if err := h.hear(ctx, listed); err != nil {
			return err
		}
		full := len(listed) == mostListed
		switch {
		case last == 0 && !full:
			return nil
		case last != 0 && !full && h.place.UID < last:
			h.place.UID = last // nothing else is there
		}
		if len(listed) == 0 {
			width = min(2*width, widest) // a gap, as wide as it may be
		}
		h.progress(ctx, next)
	}
	if h.backfill {
		return h.save(ctx, listeners.Batch{})
	}
	return nil
}

func (h *hearing) drain() {
	select {
	case <-h.session.news:
	default:
	}
}

func (h *hearing) progress(ctx context.Context, next imap.UID) {
	if h.backfill && next > h.place.First+1 {
		done := float64(h.place.UID-h.place.First) / float64(next-1-h.place.First)
		listeners.Report(ctx, listeners.Outlook{Done: min(done, 1)})
	}
}

// hear fetches and emits what is listed, some at a time.
func (h *hearing) hear(ctx context.Context, listed []found) error {
	for len(listed) > 0 {
		n, bytes := 0, int64(0)
		for n < min(len(listed), mostFetched) && (n == 0 || bytes < mostFetchedBytes) {
			bytes += min(listed[n].size, h.MaxSize)
			n++
		}
		if err := h.hearSome(ctx, listed[:n]); err != nil {
			return err
		}
		listed = listed[n:]
	}
	return nil
}

func (h *hearing) hearSome(ctx context.Context, some []found) error {
	uids := make([]imap.UID, 0, len(some))
	for _, f := range some {
		uids = append(uids, f.uid)
	}
	letters, withheld, err := h.obtain(ctx, uids)
	if err != nil {
		return err
	}
	var batch listeners.Batch
	h.place.Pending = nil
	for _, uid := range uids {
		if l, ok := letters[uid]; ok {
			if stored := h.add(&batch, l); stored && h.After != "" && !h.backfill {
				h.place.Pending = append(h.place.Pending, uid)
			}
		} else if slices.Contains(withheld, uid) {
			batch.Dead = append(batch.Dead, earshot.DeadLetter{Reason: fmt.Sprintf("the server lists the mail with UID %d, but does not hand it out", uid)})
		}
	}
	h.place.UID = uids[len(uids)-1]
	if err := h.save(ctx, batch); err != nil {
		return err
	}
	return h.act(ctx)
}

// obtain fetches mails, and once more those that did not come. What the server
// still lists then is withheld; the others have been taken away meanwhile.
func (h *hearing) obtain(ctx context.Context, uids []imap.UID) (letters map[imap.UID]letter, withheld []imap.UID, err error) {
	letters, err = h.session.fetch(ctx, uids, h.MaxSize)
	if err != nil || len(letters) == len(uids) {
		return letters, nil, err
	}
	var missing []imap.UID
	for _, uid := range uids {
		if _, ok := letters[uid]; !ok {
			missing = append(missing, uid)
		}
	}
	again, err := h.session.fetch(ctx, missing, h.MaxSize)
	if err != nil {
		return nil, nil, err
	}
	for _, uid := range missing {
		if l, ok := again[uid]; ok {
			letters[uid] = l
			continue
		}
		there, err := h.session.list(ctx, uid, uid)
		if err != nil {
			return nil, nil, err
		}
		if len(there) > 0 {
			withheld = append(withheld, uid)
		}
	}
	return letters, withheld, nil
}

// add makes a mention of a mail, or a dead letter if it says nothing at all, and
// reports whether it is to be stored.
func (h *hearing) add(batch *listeners.Batch, l letter) bool {
	if !l.received.IsZero() && l.received.Before(h.since) {
		return false
	}
	if l.err != nil {
		batch.Dead = append(batch.Dead, earshot.DeadLetter{Reason: l.err.Error(), Body: l.raw})
		return true
	}
	m := l.mention
	for _, kind := range h.Skip {
		if slices.Contains(m.Flags, kind) {
			return false
		}
	}
	m.Channel = h.folder
	batch.Mentions = append(batch.Mentions, m)
	return true
}

// save emits a batch with the place as its cursor.
func (h *hearing) save(ctx context.Context, batch listeners.Batch) error {
	var err error
	if batch.Next, err = h.place.cursor(); err != nil {
		return err
	}
	if err := h.emit(ctx, batch); err != nil {
		return err
	}
	for i := range batch.Mentions {
		listeners.Report(ctx, listeners.Outlook{Posted: batch.Mentions[i].Posted})
	}
	return nil
}

// act marks or moves what is stored, if that is wanted. Doing it twice does no
// harm, which is why the cursor follows afterwards.
func (h *hearing) act(ctx context.Context) error {
	if h.After == "" || len(h.place.Pending) == 0 {
		return nil
	}
	var set imap.UIDSet
	set.AddNum(h.place.Pending...)
	err := h.session.within(ctx, func() error {
		h.session.wire.allow(smallAnswer)
		target, moves := strings.CutPrefix(h.After, afterMove)
		switch {
		case !moves:
			return h.session.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close()
		case !h.session.moves:
			return unable("the server cannot move mails in one step, and copying and deleting could lose some: write after: seen, or leave it out")
		}
		_, err := h.session.client.Move(set, target).Wait()
		return err
	})
	if err != nil {
		return fmt.Errorf("doing what follows on storing mails (after: %s): %w", h.After, err)
	}
	h.place.Pending = nil
	return h.save(ctx, listeners.Batch{})
}
