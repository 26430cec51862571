package listeners

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"earshot"
	"earshot/listeners/seen"
)

// Recheck is a Source that asks a network what has become of the posts that the
// log holds, for networks that do not say by themselves what was taken back. It
// runs a round every so often, oldest posts first, and resumes within one.
//
// A post that the network does not know any more, without saying that it was
// deleted, is taken back when the next round does not find it either: an answer
// that lacks posts may be the network's mistake.
type Recheck struct {
	Network  string        // of the mentions
	Listener string        // that heard them
	Every    time.Duration // between the beginnings of two rounds
	Most     int           // posts asked about at once
	Stored   Stored
	// Ask returns the posts with these mention IDs as they are now, by ID. One that
	// was taken back is earshot.Deleted; one that the network does not know is
	// missing.
	Ask func(ctx context.Context, ids []string) (map[string]earshot.Mention, error)
}

const (
	recheckedAtOnce = 5000 // posts that are read from the log together
	mostMissed      = 5000 // posts remembered as missing; what is beyond waits for a later round
)

// rechecking is where a Recheck stopped: its cursor.
type rechecking struct {
	Version int             `json:"v"`
	Next    time.Time       `json:"next,omitzero"`    // when the next round begins
	After   time.Time       `json:"after,omitzero"`   // within a round: when the last post asked about was heard
	Missed  map[uint64]bool `json:"missed,omitempty"` // by the last whole round
	Missing map[uint64]bool `json:"missing,omitempty"`
}

// Listen runs rounds until ctx ends or the network fails.
func (r *Recheck) Listen(ctx context.Context, from earshot.Cursor, emit Emit) error {
	st := rechecking{Version: 1}
	if len(from) > 0 {
		if err := json.Unmarshal(from, &st); err != nil || st.Version != 1 {
			st = rechecking{Version: 1} // nothing is lost but time
		}
	}
	if st.Next.IsZero() { // there is nothing in the log yet
		if err := r.rest(ctx, &st, emit); err != nil {
			return err
		}
	}
	for {
		Report(ctx, Outlook{Next: st.Next})
		if !pause(ctx, min(time.Until(st.Next), r.Every)) {
			return ctx.Err()
		}
		if err := r.round(ctx, &st, emit); err != nil {
			return err
		}
	}
}

// rest ends a round and says when the next one begins.
func (r *Recheck) rest(ctx context.Context, st *rechecking, emit Emit) error {
	st.Next, st.After = time.Now().Add(r.Every).UTC(), time.Time{}
	st.Missed, st.Missing = st.Missing, nil
	return r.emit(ctx, st, nil, emit)
}

// round asks about everything that is stored.
func (r *Recheck) round(ctx context.Context, st *rechecking, emit Emit) error {
	for {
		some, err := r.collect(ctx, st.After)
		if err != nil {
			return err
		}
		for rest := some; len(rest) > 0; {
			n := min(len(rest), r.Most)
			if err := r.ask(ctx, st, rest[:n], emit); err != nil {
				return err
			}
			rest = rest[n:]
		}
		if len(some) < recheckedAtOnce || !some[len(some)-1].Heard.After(some[0].Heard) {
			return r.rest(ctx, st, emit)
		}
		st.After = some[len(some)-1].Heard
		if err := r.emit(ctx, st, nil, emit); err != nil {
			return err
		}
	}
}

// held is what is needed to know of a stored mention.
type held struct {
	earshot.Mention        // without its words
	content         uint32 // of its words
}

func hold(m earshot.Mention) held {
	content := wordsOf(&m)
	m.Title, m.Text, m.Links, m.Media, m.Flags = "", "", nil, nil, nil
	return held{m, content}
}

// wordsOf tells an edit. A lookup may not know all that the listing did, the address
// for one.
func wordsOf(m *earshot.Mention) uint32 {
	return seen.ContentOf(&earshot.Mention{Title: m.Title, Text: m.Text})
}

var errEnough = errors.New("that is enough for now")

// collect reads the next mentions from the log, without keeping their texts.
func (r *Recheck) collect(ctx context.Context, after time.Time) ([]held, error) {
	var some []held
	err := r.Stored(ctx, r.Network, func(m earshot.Mention) error {
		if m.Listener != r.Listener || m.Heard.Before(after) {
			return nil
		}
		some = append(some, hold(m))
		if len(some) == recheckedAtOnce {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("reading what is stored: %w", err)
	}
	return some, nil
}

// ask finds out what has become of some posts and emits it.
func (r *Recheck) ask(ctx context.Context, st *rechecking, some []held, emit Emit) error {
	ids := make([]string, len(some))
	for i, h := range some {
		ids[i] = h.ID
	}
	now, err := r.Ask(ctx, ids)
	if err != nil {
		return fmt.Errorf("re-checking stored posts: %w", err)
	}
	var changed []earshot.Mention
	for _, h := range some {
		m, known := now[h.ID]
		switch {
		case known && m.Change == earshot.Deleted, !known && st.miss(h.ID):
			changed = append(changed, earshot.Mention{ID: h.ID, Network: r.Network, Change: earshot.Deleted, Visibility: h.Visibility})
		case known && h.differs(m, r.Listener):
			changed = append(changed, h.edited(m))
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return r.emit(ctx, st, changed, emit)
}

// differs reports whether m, as it will be stored, says something else.
func (h held) differs(m earshot.Mention, listener string) bool {
	return tidy(&m, listener, time.Now().UTC()) == nil && wordsOf(&m) != h.content
}

// edited is m as a change of what is held: what a lookup does not tell stays as it was.
func (h held) edited(m earshot.Mention) earshot.Mention {
	m.Change, m.Visibility, m.Heard = earshot.Edited, h.Visibility, h.Heard
	for _, field := range []struct{ now, was *string }{
		{&m.URL, &h.URL},
		{&m.Lang, &h.Lang},
		{&m.ReplyTo, &h.ReplyTo},
		{&m.Conversation, &h.Conversation},
		{&m.RepostOf, &h.RepostOf},
		{&m.QuoteOf, &h.QuoteOf},
		{&m.Channel, &h.Channel},
		{&m.Place, &h.Place},
		{&m.Country, &h.Country},
		{&m.Author.Handle, &h.Author.Handle},
		{&m.Author.Name, &h.Author.Name},
	} {
		if *field.now == "" {
			*field.now = *field.was
		}
	}
	if m.Posted.IsZero() {
		m.Posted = h.Posted
	}
	m.Author.Followers = max(m.Author.Followers, h.Author.Followers)
	if m.Author.Created.IsZero() {
		m.Author.Created = h.Author.Created
	}
	m.Author.Verified = m.Author.Verified || h.Author.Verified
	return m
}

// miss notes that a post was not found and reports whether it is gone.
func (st *rechecking) miss(id string) bool {
	key := seen.KeyOf(id)
	if st.Missed[key] {
		return true
	}
	if len(st.Missing) < mostMissed {
		if st.Missing == nil {
			st.Missing = map[uint64]bool{}
		}
		st.Missing[key] = true
	}
	return false
}

func (r *Recheck) emit(ctx context.Context, st *rechecking, changed []earshot.Mention, emit Emit) error {
	next, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("writing cursor: %w", err)
	}
	return emit(ctx, Batch{Mentions: changed, Next: next})
}
