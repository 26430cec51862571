package x

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"earshot"
	"earshot/listeners"
)

// recheck is the part that asks X again for posts that are stored: it tells of
// deletions only those who ask. Its cursor moves forward in time: a post is due
// when one of the configured ages of it falls between two rounds.
type recheck struct {
	*account
	every time.Duration
}

const (
	recheckPart  = "recheck"
	recheckEvery = time.Hour // a round reads all that is stored of X
	idsAtOnce    = 100       // of one lookup
	dueAtOnce    = 10_000    // posts that are remembered of a round
)

// checked is the cursor of the part.
type checked struct {
	Version int       `json:"v"`
	To      time.Time `json:"to"`             // everything that was due by then has been checked
	Until   time.Time `json:"until,omitzero"` // of a round under way
	After   snowflake `json:"after,omitzero"` // of a round under way: the last post that was checked
}

func readChecked(from earshot.Cursor, now time.Time) (*checked, error) {
	fresh := &checked{Version: cursorVersion, To: now.UTC()}
	if len(from) == 0 {
		return fresh, nil
	}
	var st checked
	err := json.Unmarshal(from, &st)
	if err == nil && (st.Version != cursorVersion || st.To.IsZero() || st.After < 0) {
		err = errForeignCursor
	}
	if err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	return &st, nil
}

// kept is a post in the log, as far as checking it needs.
type kept struct {
	id         snowflake // that the mention is named by
	version    snowflake // that was heard
	visibility earshot.Visibility
}

// Listen checks what is due, again and again.
func (r *recheck) Listen(ctx context.Context, from earshot.Cursor, emit listeners.Emit) error {
	st, err := readChecked(from, time.Now())
	if err != nil {
		r.log.Warn("cursor is unreadable, checking from now on", zapError(err))
	}
	a, err := r.api()
	if err != nil {
		return err
	}
	for {
		if err := r.round(ctx, a, st, emit); err != nil {
			return err
		}
		if err := r.rest(ctx, "checking stored posts again"); err != nil {
			return err
		}
	}
}

func (r *recheck) rest(ctx context.Context, note string) error {
	listeners.Report(ctx, listeners.Outlook{Next: time.Now().Add(r.every).UTC(), Note: note})
	return wait(ctx, r.every)
}

// round checks all that has become due since the last.
func (r *recheck) round(ctx context.Context, a *api, st *checked, emit listeners.Emit) error {
	if st.Until.IsZero() {
		st.Until = time.Now().UTC()
	}
	for more := true; more; {
		due, err := r.due(ctx, st)
		if err != nil {
			return err
		}
		more = len(due) == dueAtOnce
		for some := range slices.Chunk(due, idsAtOnce) {
			changes, err := r.check(ctx, a, some)
			if err != nil {
				return err
			}
			st.After = some[len(some)-1].id
			if err := emitChecked(ctx, st, changes, emit); err != nil {
				return err
			}
		}
	}
	st.To, st.Until, st.After = st.Until, time.Time{}, 0
	return emitChecked(ctx, st, listeners.Batch{}, emit)
}

func emitChecked(ctx context.Context, st *checked, batch listeners.Batch, emit listeners.Emit) error {
	next, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("writing cursor: %w", err)
	}
	batch.Next = next
	return emit(ctx, batch)
}

// due are the oldest posts that are to be checked in this round and have not
// been.
func (r *recheck) due(ctx context.Context, st *checked) ([]kept, error) {
	var all []kept
	err := r.setup.Stored(ctx, network, func(m earshot.Mention) error {
		one, ok := keptOf(&m)
		if !ok || m.Listener != r.setup.Name || one.id <= st.After || !r.isDue(&m, st) {
			return nil
		}
		if all = append(all, one); len(all) >= 2*dueAtOnce {
			all = oldest(all)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading what is stored: %w", err)
	}
	return oldest(all), nil
}

func oldest(all []kept) []kept {
	slices.SortFunc(all, func(a, b kept) int { return int(min(max(a.id-b.id, -1), 1)) })
	return all[:min(len(all), dueAtOnce)]
}

func keptOf(m *earshot.Mention) (kept, bool) {
	id, err := parseID(m.ID[min(len(m.ID), len(network)+1):])
	if err != nil {
		return kept{}, false // of another listener's making
	}
	k := kept{id: id, version: id, visibility: m.Visibility}
	if version, ok := versionAt(m.URL); ok {
		k.version = version
	}
	return k, true
}

// isDue reports whether the post reaches one of the ages in this round.
func (r *recheck) isDue(m *earshot.Mention, st *checked) bool {
	posted := m.Posted
	if posted.IsZero() {
		posted = m.Heard
	}
	for _, age := range r.config.Recheck {
		at := posted.Add(age)
		if at.After(st.To) && !at.After(st.Until) {
			return true
		}
	}
	return false
}

// check asks X for posts and returns what has become of them.
func (r *recheck) check(ctx context.Context, a *api, posts []kept) (listeners.Batch, error) {
	versions := make([]snowflake, len(posts))
	for i, p := range posts {
		versions[i] = p.version
	}
	found, missing, err := r.lookUp(ctx, a, versions)
	if err != nil {
		return listeners.Batch{}, err
	}
	var edited []snowflake
	byVersion := map[snowflake]kept{}
	for _, p := range posts {
		byVersion[p.version] = p
	}
	for i := range found {
		more, err := extraOf(&found[i])
		if _, asked := byVersion[snowflake(found[i].ID)]; err == nil && asked && more.Latest > snowflake(found[i].ID) {
			edited = append(edited, more.Latest)
		}
	}
	batch := withdrawn(byVersion, missing)
	if len(edited) > 0 {
		latest, _, err := r.lookUp(ctx, a, edited)
		if err != nil {
			return listeners.Batch{}, err
		}
		changes := batchOf(latest)
		batch.Mentions = append(batch.Mentions, changes.Mentions...)
		batch.Dead = append(batch.Dead, changes.Dead...)
	}
	return batch, nil
}

// withdrawn are the deletions of the posts that are gone.
func withdrawn(asked map[snowflake]kept, missing []snowflake) listeners.Batch {
	var batch listeners.Batch
	for _, id := range missing {
		p, known := asked[id]
		if !known {
			continue // a post that one of them refers to
		}
		delete(asked, id) // X may say it twice
		batch.Mentions = append(batch.Mentions, earshot.Mention{
			ID: idOf(p.id), Network: network, Change: earshot.Deleted, Visibility: p.visibility,
		})
	}
	return batch
}

// lookUp gets posts by their IDs, as many at once as there is money for.
func (r *recheck) lookUp(ctx context.Context, a *api, ids []snowflake) (found []tweet, missing []snowflake, err error) {
	for len(ids) > 0 {
		n, err := r.lookUpSome(ctx, a, ids, &found, &missing)
		if err != nil {
			return nil, nil, err
		}
		ids = ids[n:]
	}
	return found, missing, nil
}

// lookUpSome gets the first posts and returns how many it has asked for.
func (r *recheck) lookUpSome(ctx context.Context, a *api, ids []snowflake, found *[]tweet, missing *[]snowflake) (int, error) {
	n, reserved, err := r.pay(ctx, a, len(ids))
	if err != nil {
		return 0, err
	}
	b := &bridge{api: a, ctx: ctx}
	some, err := b.lookUp(ids[:n])
	if err != nil {
		return 0, errors.Join(fmt.Errorf("looking up stored posts: %w", err), r.purse.failed(ctx, reserved, err))
	}
	*found, *missing = append(*found, some...), append(*missing, b.answer.gone...)
	return n, r.purse.settle(ctx, reserved, r.purse.cost(r.config.Price.Post, len(some), b.answer))
}

const fewIDs = 10 // that a lookup is worth being made for

// pay waits until there is money to spare, since hearing comes first, and returns
// for how many posts.
func (r *recheck) pay(ctx context.Context, a *api, most int) (int, paid, error) {
	each := r.purse.worst(r.config.Price.Post, a.edition(endpointLookup))
	for {
		easy, err := r.purse.easy(ctx)
		if err != nil {
			return 0, paid{}, err
		}
		if easy {
			n, reserved, err := r.purse.reservePage(ctx, most, min(most, fewIDs), each)
			if err == nil || !errors.Is(err, listeners.ErrSpent) {
				return n, reserved, err
			}
		}
		if err := r.rest(ctx, "waiting for money to check stored posts again"); err != nil {
			return 0, paid{}, err
		}
	}
}
