package bus

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"earshot"
)

// Batch is what a listener heard in one of its parts, judged.
type Batch struct {
	Listener string
	Part     string
	Revision uint64 // of the cursor, as Cursor or the last Commit returned it
	Mentions []earshot.Judged
	Dead     []earshot.DeadLetter
	Next     earshot.Cursor // nil for a source without a cursor
}

// Committed says what became of a batch. The counts are of mentions.
type Committed struct {
	Revision  uint64 // of the cursor; the next Commit of the part names it
	Stored    int    // new to the log, or changed in it
	Known     int    // already there
	Old       int    // older than the retention, not stored
	Withdrawn int    // taken back, by their author or by an edit
	Dead      int    // dead letters, mentions that could not be stored among them
}

// cursor is the body of a cursor message.
type cursor struct {
	Part   string    `json:"part"`
	Cursor []byte    `json:"cursor"`
	At     time.Time `json:"at"`
}

// Cursor returns where the part stopped, and the revision that its next Commit
// must name. Both are zero for a part never heard.
func (b *Bus) Cursor(ctx context.Context, listener, part string) (earshot.Cursor, uint64, error) {
	if err := tokens(listener); err != nil {
		return nil, 0, fmt.Errorf("reading cursor: %w", err)
	}
	r, err := b.link.last(ctx, streamMentions, cursorSubject(listener, part))
	if errors.Is(err, earshot.ErrNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading cursor: %w", err)
	}
	var c cursor
	if err := json.Unmarshal(r.data, &c); err != nil {
		return nil, 0, fmt.Errorf("reading cursor of %s: %w", listener, err)
	}
	return c.Cursor, r.sequence, nil
}

// Commit makes a batch durable with its cursor. It blocks while the server is
// away, until ctx ends. ErrConflict says that somebody else moved the cursor,
// ErrFull that there is no room for posts, or for alerts of them; whole messages
// of a batch too big for one transaction may be stored then, and are known when
// they come again.
func (b *Bus) Commit(ctx context.Context, batch Batch) (Committed, error) {
	start := time.Now()
	c := &commit{bus: b, batch: batch, done: Committed{Revision: batch.Revision}, now: start}
	err := b.room()
	if err == nil {
		err = c.run(ctx)
		b.noteShort(ofPosts, err)
	}
	b.metrics.committed(time.Since(start), c.done, err)
	if err != nil {
		return c.done, fmt.Errorf("committing %s: %w", batch.Listener, err)
	}
	return c.done, nil
}

// commit is one Commit under way.
type commit struct {
	bus   *Bus
	batch Batch
	done  Committed
	now   time.Time
}

func (c *commit) run(ctx context.Context) error {
	if err := tokens(c.batch.Listener); err != nil {
		return err
	}
	rest := c.gather()
	changed := changedOf(rest)
	if err := c.look(ctx, changed); err != nil {
		return err
	}
	if err := c.eraseDead(ctx, changed); err != nil {
		return err
	}
	for {
		n := fit(rest)
		last := n == len(rest)
		if err := c.store(ctx, rest[:n], last && c.batch.Next != nil); err != nil || last {
			return err
		}
		rest = rest[n:]
	}
}

// store writes some items, with the cursor or without, in one transaction. Every
// message expects what was last known of its subject. When that was wrong, or
// the answer is lost, it looks again and builds anew; so nothing is written twice
// and nothing on top of what somebody else wrote.
func (c *commit) store(ctx context.Context, items []*item, withCursor bool) error {
	id := rand.Text()
	wait := firstPause
	for attempt := 0; ; attempt++ {
		p, err := c.plan(items, id)
		if err != nil {
			return err
		}
		if withCursor {
			if err := c.addCursor(p, id); err != nil {
				return err
			}
		}
		if err := c.bus.checkSizes(p.msgs); err != nil {
			return err
		}
		if len(p.msgs) == 0 {
			c.count(p, c.done.Revision)
			return nil
		}
		sequence, err := c.bus.publish(ctx, id, attempt, p.msgs)
		if err == nil {
			if !withCursor {
				sequence = c.done.Revision
			}
			c.count(p, sequence)
			c.erase(ctx, p.over)
			return nil
		}
		if !errors.Is(err, earshot.ErrConflict) && !errors.Is(err, errAway) {
			return err
		}
		c.bus.stillTrying(attempt, err)
		if attempt > 0 || errors.Is(err, errAway) {
			if c.bus.link.pause(ctx, wait) != nil {
				return fmt.Errorf("%w (%w)", ctx.Err(), err)
			}
			wait = min(2*wait, maxPause)
		}
		stored, err := c.settle(ctx, id, items, withCursor)
		if err != nil {
			return err
		}
		if stored {
			c.count(p, c.done.Revision)
			c.erase(ctx, p.over)
			return nil
		}
	}
}

// settle finds out what became of a batch: stored after all, fenced off by
// somebody else (ErrConflict), or to be tried again with what is now known.
func (c *commit) settle(ctx context.Context, id string, items []*item, withCursor bool) (stored bool, err error) {
	if withCursor {
		r, err := c.bus.link.last(ctx, streamMentions, cursorSubject(c.batch.Listener, c.batch.Part))
		if err != nil && !errors.Is(err, earshot.ErrNotFound) {
			return false, err
		}
		if writer, _ := batchOf(r.header); writer == id {
			c.done.Revision = r.sequence
			return true, nil
		}
		if r.sequence < c.batch.Revision {
			return false, fmt.Errorf("%w, or the store is damaged: the cursor is at revision %d, older than what was read (%d). "+
				"If this stays, restart earshot and its server, else restore a backup", earshot.ErrConflict, r.sequence, c.batch.Revision)
		}
		if r.sequence != c.batch.Revision {
			return false, fmt.Errorf("%w: the cursor is at revision %d, expected %d", earshot.ErrConflict, r.sequence, c.batch.Revision)
		}
	}
	if err := c.look(ctx, items); err != nil {
		return false, err
	}
	for _, it := range items {
		for _, h := range it.held {
			if h.writer == id {
				return true, nil
			}
		}
	}
	return false, nil
}

func (c *commit) addCursor(p *plan, id string) error {
	m, err := message(cursorSubject(c.batch.Listener, c.batch.Part),
		event{id: id, kind: "cursor", source: c.batch.Listener, schema: "cursor", at: c.now},
		cursor{Part: c.batch.Part, Cursor: c.batch.Next, At: c.now.UTC()})
	if err != nil {
		return err
	}
	p.msgs = append(p.msgs, forever(replace(expect(m, c.batch.Revision))))
	return nil
}

func (c *commit) count(p *plan, revision uint64) {
	c.done.Revision = revision
	c.done.Stored += p.stored
	c.done.Known += p.known
	c.done.Old += p.old
	c.done.Withdrawn += p.withdrawn
	c.done.Dead += p.dead
}

// erase erases what the batch has taken the place of. What goes wrong here is
// made good by whoever raises alerts, before it deals with the new versions.
func (c *commit) erase(ctx context.Context, sequences []uint64) {
	for _, sequence := range sequences {
		if err := c.bus.link.erase(ctx, streamMentions, sequence); err != nil {
			c.bus.log.Debug("a replaced mention is erased later", zap.Uint64("sequence", sequence), zap.Error(err))
			return
		}
	}
}

// eraseDead erases dead letters of mentions that have been edited or deleted
// since. It comes before the cursor moves, so that no crash can leave any.
func (c *commit) eraseDead(ctx context.Context, items []*item) error {
	for _, it := range items {
		for _, subject := range it.dlq {
			if err := c.bus.link.eraseAll(ctx, streamMentions, subject); err != nil {
				return fmt.Errorf("erasing dead letters: %w", err)
			}
		}
	}
	return nil
}

// look learns what the log holds of the items.
func (c *commit) look(ctx context.Context, items []*item) error {
	byKey := make(map[string]*item, len(items))
	var filters []string
	for _, it := range items {
		if it.judged == nil {
			continue
		}
		it.held, it.dlq = make(map[string]held), nil
		byKey[it.key()], byKey[it.judged.Key()] = it, it
		filters = append(filters, it.filters()...)
	}
	found, err := c.bus.link.lastOf(ctx, streamMentions, filters)
	if err != nil {
		return fmt.Errorf("looking for known mentions: %w", err)
	}
	for subject, r := range found {
		if strings.HasPrefix(subject, deadSubject("")) {
			it := byKey[subject[strings.LastIndexByte(subject, '.')+1:]]
			it.dlq = append(it.dlq, subject)
			continue
		}
		if it := byKey[keyOfSubject(subject)]; it != nil {
			writer, _ := batchOf(r.header)
			it.held[subject] = held{sequence: r.sequence, body: r.data, gone: r.header.Get(headerWithdrawn), writer: writer}
		}
	}
	return nil
}

// plan is the messages for some items, and what they amount to.
type plan struct {
	msgs                                []*nats.Msg
	over                                []uint64 // sequences that the messages take the place of
	stored, known, old, withdrawn, dead int
}
