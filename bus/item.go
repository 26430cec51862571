package bus

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"earshot"
)

// headerWithdrawn marks the tombstone of a mention and says who took it back:
// its author (deleted), for good, or an edit that made it concern the brand no
// more (edited), which another edit may undo. A mention that an edit made private,
// or public again, is not taken back: it lives on under its other subject (moved).
const (
	headerWithdrawn = "Earshot-Withdrawn"
	moved           = "moved"
)

// item is one mention, or one dead letter, on its way into the log.
type item struct {
	judged *earshot.Judged
	dead   *earshot.DeadLetter
	held   map[string]held // by subject, as far as it was looked for
	dlq    []string        // subjects of dead letters that it was before
}

// held is what the log has on a subject.
type held struct {
	sequence uint64
	body     []byte
	gone     string
	writer   string
}

func (it *item) key() string { return it.judged.Network + "." + it.judged.Key() }

// keyOfSubject is the key of the mention that a subject belongs to.
func keyOfSubject(subject string) string {
	end := strings.LastIndexByte(subject, '.')
	return subject[strings.LastIndexByte(subject[:max(end, 0)], '.')+1:]
}

// filters are the subjects that decide what is written of the item.
func (it *item) filters() []string {
	if it.judged.Change != earshot.New {
		return append(mentionEverywhere(&it.judged.Mention), deadMention("*", it.judged.Key()))
	}
	subjects := make([]string, len(it.judged.Verdicts))
	for i, v := range it.judged.Verdicts {
		subjects[i] = mentionSubject(&it.judged.Mention, v.Brand)
	}
	return subjects
}

// gather brings the batch into one item per mention, in the order heard. What
// happened to a mention within the batch is folded together: the first of equal
// news wins, an edit replaces it, a deletion ends it.
func (c *commit) gather() []*item {
	items := make([]*item, 0, len(c.batch.Mentions)+len(c.batch.Dead))
	seen := make(map[string]*item, len(c.batch.Mentions))
	for i := range c.batch.Mentions {
		judged := c.batch.Mentions[i]
		if judged.Change == "" {
			judged.Change = earshot.New
		}
		if problem := unstorable(&judged); problem != "" {
			items = append(items, &item{dead: c.deadLetter(&judged, problem)})
			continue
		}
		it := &item{judged: &judged}
		known := seen[it.key()]
		switch {
		case known == nil && judged.Change == earshot.New && c.old(&judged):
			c.done.Old++
		case known == nil:
			seen[it.key()] = it
			items = append(items, it)
		case judged.Change == earshot.New:
			c.done.Known++
		case known.judged.Change != earshot.Deleted:
			known.judged = &judged
		}
	}
	for i := range c.batch.Dead {
		items = append(items, &item{dead: &c.batch.Dead[i]})
	}
	return items
}

func (c *commit) old(j *earshot.Judged) bool {
	return !j.Posted.IsZero() && c.now.Sub(j.Posted) > c.bus.retention
}

// unstorable says why a mention has no place in the log, or nothing.
func unstorable(j *earshot.Judged) string {
	if j.ID == "" {
		return "it has no id"
	}
	if err := tokens(j.Network); err != nil {
		return "network " + err.Error()
	}
	for _, v := range j.Verdicts {
		if err := tokens(v.Brand); err != nil {
			return "brand " + err.Error()
		}
	}
	return ""
}

// changedOf returns the items that need a look at the log first. News are tried
// without: nearly all of them are.
func changedOf(items []*item) []*item {
	var changed []*item
	for _, it := range items {
		if it.judged != nil && it.judged.Change != earshot.New {
			changed = append(changed, it)
		}
	}
	return changed
}

// Bounds of one transaction.
const (
	maxMentions   = 900
	maxBatchBytes = 32 << 20
)

// fit returns how many of the items go into one transaction, at least one if
// there is any.
func fit(items []*item) int {
	messages, size := 0, 0
	for i, it := range items {
		n := 1
		if it.judged != nil {
			n = len(it.judged.Verdicts) + len(it.held)
			size += n * (len(it.judged.Text) + len(it.judged.Title) + 2048)
		} else {
			size += len(it.dead.Body)
		}
		messages += n
		if i > 0 && (messages > maxMentions || size > maxBatchBytes) {
			return i
		}
	}
	return len(items)
}

// plan builds the messages for the items from what is known of the log.
func (c *commit) plan(items []*item, id string) (*plan, error) {
	p := &plan{msgs: make([]*nats.Msg, 0, len(items)+1)}
	for _, it := range items {
		var err error
		switch {
		case it.dead != nil:
			err = c.addDead(p, it.dead, id)
		case it.judged.Change == earshot.Deleted:
			err = c.addDeleted(p, it, id)
		case it.judged.Change == earshot.Edited:
			err = c.addEdited(p, it, id)
		default:
			err = c.addNew(p, it, id)
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (c *commit) addNew(p *plan, it *item, id string) error {
	written, known := 0, 0
	for _, v := range it.judged.Verdicts {
		if _, held := it.held[mentionSubject(&it.judged.Mention, v.Brand)]; held {
			known++
			continue
		}
		n, err := c.addMention(p, it, v, earshot.New, 0, id)
		if err != nil {
			return err
		}
		written += n
	}
	p.tally(written, known)
	return nil
}

func (c *commit) addEdited(p *plan, it *item, id string) error {
	written, known, lives := 0, 0, make(map[string]bool)
	for _, v := range it.judged.Verdicts {
		subject := mentionSubject(&it.judged.Mention, v.Brand)
		h, held := it.held[subject]
		change := earshot.Edited
		switch {
		case h.gone == string(earshot.Deleted):
			known++
			continue
		case held && h.gone == "" && same(h.body, it.judged, v):
			lives[subject] = true
			known++
			continue
		case it.lives(subject), it.lives(otherArea(subject)):
		case c.old(it.judged):
			p.old++
			continue
		default:
			change = earshot.New
		}
		n, err := c.addMention(p, it, v, change, h.sequence, id)
		if err != nil {
			return err
		}
		lives[subject] = n > 0 || it.lives(subject)
		written += n
	}
	p.tally(written, known)
	return c.addTombstones(p, it, earshot.Edited, lives, id)
}

// lives reports whether the log holds the mention on the subject.
func (it *item) lives(subject string) bool {
	h, held := it.held[subject]
	return held && h.gone == ""
}

func (c *commit) addDeleted(p *plan, it *item, id string) error {
	return c.addTombstones(p, it, earshot.Deleted, nil, id)
}

// addTombstones takes the mention back from every brand that holds it, but for
// the subjects it lives on under.
func (c *commit) addTombstones(p *plan, it *item, by earshot.Change, lives map[string]bool, id string) error {
	withdrawn := false
	for subject, h := range it.held {
		if lives[subject] || h.gone == string(earshot.Deleted) || h.gone != "" && by == earshot.Edited {
			continue
		}
		body := earshot.Judged{
			Mention: earshot.Mention{
				ID: it.judged.ID, Network: it.judged.Network, Listener: it.judged.Listener,
				Change: earshot.Deleted, Heard: it.judged.Heard,
			},
			Verdicts: []earshot.Verdict{},
		}
		m, err := message(subject, c.mentionEvent(it, subject, id, earshot.Deleted), body)
		if err != nil {
			return err
		}
		why := string(by)
		if lives[otherArea(subject)] {
			why = moved
		}
		m.Header[headerWithdrawn] = []string{why}
		p.replace(m, h.sequence)
		withdrawn = withdrawn || why != moved
	}
	if withdrawn {
		p.withdrawn++
	}
	return nil
}

// addMention writes the mention for one brand, in the place of what the brand
// holds of it (the message with sequence over, 0 for none), and returns how many
// mentions that is: none when it is too large and becomes a dead letter.
func (c *commit) addMention(p *plan, it *item, v earshot.Verdict, change earshot.Change, over uint64, id string) (int, error) {
	body := of(it.judged, v)
	body.Change = change
	subject := mentionSubject(&it.judged.Mention, v.Brand)
	m, err := message(subject, c.mentionEvent(it, subject, id, change), body)
	if err != nil {
		return 0, err
	}
	if limit := c.bus.maxBody(); len(m.Data) > limit {
		return 0, c.addDead(p, c.deadLetter(it.judged, fmt.Sprintf("it takes %d bytes, more than the %d of a message", len(m.Data), limit)), id)
	}
	p.replace(m, over)
	return 1, nil
}

// mentionEvent names the event by brand, network and key; changes have the batch
// in their name as well, since there may be many.
func (c *commit) mentionEvent(it *item, subject, id string, change earshot.Change) event {
	e := event{
		id: subject[len("earshot."):], kind: "mention." + string(change), source: c.batch.Listener,
		schema: "mention", at: it.judged.Heard,
	}
	if change != earshot.New {
		e.id += "." + id
	}
	return e
}

func (c *commit) addDead(p *plan, letter *earshot.DeadLetter, id string) error {
	d := *letter
	d.Body, d.Reason = d.Body[:min(len(d.Body), maxDead)], d.Reason[:min(len(d.Reason), maxReason)]
	subject := deadSubject(c.batch.Listener)
	if d.Mention != "" {
		subject = deadMention(c.batch.Listener, earshot.Key(d.Mention))
	}
	m, err := message(subject,
		event{id: fmt.Sprintf("%s.%d", id, len(p.msgs)), kind: "deadletter", source: c.batch.Listener, schema: "deadletter", at: d.At}, d)
	if err != nil {
		return err
	}
	p.msgs = append(p.msgs, m)
	p.dead++
	return nil
}

// Bounds of what is kept of something that could not be stored.
const (
	maxDead   = 64 << 10
	maxReason = 4 << 10
)

func (c *commit) deadLetter(j *earshot.Judged, problem string) *earshot.DeadLetter {
	body := []byte(j.Text)
	return &earshot.DeadLetter{
		Listener: c.batch.Listener, Part: c.batch.Part, At: c.now.UTC(),
		Reason: "it cannot be stored: " + problem, Mention: j.ID,
		Body: body[:min(len(body), maxDead)],
	}
}

// tally counts the mention once, however many brands it concerns.
func (p *plan) tally(written, known int) {
	switch {
	case written > 0:
		p.stored++
	case known > 0:
		p.known++
	}
}

// replace writes a message in the place of the one with sequence over, 0 for none,
// which is erased once the batch is stored. A rollup would remove it as well, yet
// leave its words in the files of the store.
func (p *plan) replace(m *nats.Msg, over uint64) {
	p.msgs = append(p.msgs, expect(m, over))
	if over > 0 {
		p.over = append(p.over, over)
	}
}

// of is what a brand holds of a mention: what is thought of it for others is theirs.
func of(j *earshot.Judged, v earshot.Verdict) earshot.Judged {
	body := earshot.Judged{Mention: j.Mention, Verdicts: []earshot.Verdict{v}}
	body.Opinions = nil
	for _, o := range j.Opinions {
		if o.Brand == v.Brand {
			body.Opinions = []earshot.Opinion{o}
		}
	}
	return body
}

// same reports whether a stored body says what the mention says now. Who heard it,
// and when, does not matter, nor do counters unless they have grown a lot.
func same(body []byte, j *earshot.Judged, v earshot.Verdict) bool {
	var stored earshot.Judged
	if err := json.Unmarshal(body, &stored); err != nil {
		return false
	}
	now := of(j, v)
	for _, each := range []*earshot.Judged{&stored, &now} {
		each.Change, each.Listener, each.Heard = "", "", time.Time{}
	}
	if !stirred(&stored.Mention, &now.Mention) {
		now.Engagement, now.Author.Followers = stored.Engagement, stored.Author.Followers
	}
	a, err1 := json.Marshal(stored)
	b, err2 := json.Marshal(now)
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

// stirred reports whether one of the counters of a post has changed by half. Each
// version that is stored has the one before it erased, which costs much more than
// it is worth for every like.
func stirred(was, is *earshot.Mention) bool {
	a, b := &was.Engagement, &is.Engagement
	for _, of := range [][2]int64{
		{a.Likes, b.Likes},
		{a.Reposts, b.Reposts},
		{a.Replies, b.Replies},
		{a.Views, b.Views},
		{was.Author.Followers, is.Author.Followers},
	} {
		if low, high := min(of[0], of[1]), max(of[0], of[1]); high-low > low/2 {
			return true
		}
	}
	return false
}
