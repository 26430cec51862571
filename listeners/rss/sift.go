package rss

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/markup"
	"earshot/listeners/seen"
)

// heard is an item of a document with the mention it makes.
type heard struct {
	item    *gofeed.Item
	mention earshot.Mention
}

// sifted is what a document comes to.
type sifted struct {
	listeners.Batch
	seen      []seen.Item      // all that is in it, to be remembered
	traces    map[uint64]trace // by the raw bytes that said so
	comments  []*commentFeed   // where its items are commented on
	ambiguous bool             // an item may concern one that was left out: the whole document must be read
}

// sift returns what is new, edited or deleted in a document, oldest first.
func (s *source) sift(st *state, doc *document, from *url.URL) *sifted {
	n := normaliser{doc: doc, feed: feedName(s.address), base: baseOf(doc, from)}
	out := &sifted{traces: make(map[uint64]trace, len(doc.kept)+len(doc.Items))}
	kept := make(map[uint64]bool, len(doc.kept))
	for _, t := range doc.kept {
		out.seen = append(out.seen, t.Item)
		out.traces[t.raw], kept[t.Key] = t, true
	}
	out.ambiguous = len(doc.kept) > 0 && len(doc.shared) > 0
	all, unnamed := n.hear()
	all, deleted := n.withoutDeleted(all)
	for _, h := range all {
		key := out.add(st, h.mention)
		out.ambiguous = out.ambiguous || kept[key.Key]
		if raw := doc.extras[h.item].raw; raw != 0 && len(doc.shared) == 0 {
			out.traces[raw] = trace{key, raw, h.mention.Posted}
		}
	}
	for _, m := range deleted {
		out.add(st, m)
	}
	out.comments = n.commentFeeds(all, s.comments)
	said := map[uint64]bool{}
	for _, b := range append(unnamed, doc.broken...) {
		now := seen.Item{Key: seen.KeyOf("dead:" + string(b.raw)), Content: 1}
		if said[now.Key] {
			continue
		}
		said[now.Key] = true
		out.seen = append(out.seen, now)
		if _, known := st.Known.Said(now.Key); !known {
			out.Dead = append(out.Dead, s.deadLetter(b))
		}
	}
	return out
}

// add remembers a mention, and takes it into the batch if it says anything new.
func (out *sifted) add(st *state, m earshot.Mention) seen.Item {
	now := seen.Of(&m)
	out.seen = append(out.seen, now)
	before, known := st.Known.Said(now.Key)
	if known && before == now.Content {
		return now
	}
	if known && m.Change == earshot.New {
		m.Change = earshot.Edited
	}
	out.Mentions = append(out.Mentions, m)
	return now
}

// baseOf is what relative addresses are relative to: in RSS, which does not say,
// the site that the feed is of, wherever the feed itself is kept.
func baseOf(doc *document, from *url.URL) *url.URL {
	if doc.FeedType == "rss" {
		if u, err := url.Parse(markup.Resolve(from, doc.Link)); err == nil && u.Host != "" {
			return u
		}
	}
	return from
}

func memorise(mentions []earshot.Mention) []seen.Item {
	items := make([]seen.Item, len(mentions))
	for i := range mentions {
		items[i] = seen.Of(&mentions[i])
	}
	return items
}

func (s *source) deadLetter(b breakage) earshot.DeadLetter {
	const longest = 64 << 10
	return earshot.DeadLetter{
		Listener: s.listener, Part: s.part, Reason: b.reason,
		At: time.Now().UTC(), Body: b.raw[:min(len(b.raw), longest)],
	}
}

// hear makes mentions of all items in their order, each ID once, and returns the
// items that nothing can be told by.
func (n normaliser) hear() (all []heard, unnamed []breakage) {
	byID := map[string]int{}
	for _, item := range n.doc.Items {
		h := heard{item, n.mention(item)}
		if h.mention.ID == "" {
			raw, err := json.Marshal(item)
			if err != nil { // a year beyond 9999 is no JSON
				raw = []byte(item.Published + item.Updated)
			}
			unnamed = append(unnamed, breakage{raw, "an item without ID, link, title and text"})
			continue
		}
		if i, again := byID[h.mention.ID]; again {
			all[i] = h // a later version of the same item
			continue
		}
		byID[h.mention.ID] = len(all)
		all = append(all, h)
	}
	return all, unnamed
}

// sharedIDs are the IDs that a feed gives to items with different addresses:
// they say nothing.
func sharedIDs(items []*gofeed.Item) map[string]bool {
	address := make(map[string]string, len(items))
	shared := map[string]bool{}
	for _, item := range items {
		guid := strings.TrimSpace(item.GUID)
		if guid == "" || item.Link == "" {
			continue
		}
		if first, known := address[guid]; known && first != item.Link {
			shared[guid] = true
		} else {
			address[guid] = item.Link
		}
	}
	return shared
}

// withoutDeleted takes out what the feed's tombstones are for, and returns the
// deletions. An entry that was changed after its tombstone is alive.
func (n normaliser) withoutDeleted(all []heard) (alive []heard, deleted []earshot.Mention) {
	if len(n.doc.tombstones) == 0 {
		return all, nil
	}
	graves := map[string]time.Time{}
	for _, t := range n.doc.tombstones {
		if id := n.native(t.ref); !t.when.Before(graves[id]) {
			graves[id] = t.when
		}
	}
	for _, h := range all {
		when, dead := graves[h.mention.ID]
		if dead && (h.item.UpdatedParsed == nil || !h.item.UpdatedParsed.After(when)) {
			continue
		}
		delete(graves, h.mention.ID)
		alive = append(alive, h)
	}
	for id := range graves {
		deleted = append(deleted, earshot.Mention{ID: id, Network: network, Change: earshot.Deleted})
	}
	slices.SortFunc(deleted, func(a, b earshot.Mention) int {
		if c := graves[a.ID].Compare(graves[b.ID]); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return alive, deleted
}

// oldestFirst orders items by date. Those without one stay beside their
// neighbours; feeds list the newest first unless their dates say otherwise.
func oldestFirst(items []*gofeed.Item) []*gofeed.Item {
	type dated struct {
		item *gofeed.Item
		at   time.Time
	}
	all := make([]dated, len(items))
	for i, item := range items {
		all[i] = dated{item, posted(item)}
	}
	rising, falling := 0, 0
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1].at, all[i].at; !a.IsZero() && !b.IsZero() {
			switch a.Compare(b) {
			case -1:
				rising++
			case 1:
				falling++
			}
		}
	}
	if rising <= falling {
		slices.Reverse(all)
	}
	for i := 1; i < len(all); i++ {
		if all[i].at.IsZero() {
			all[i].at = all[i-1].at
		}
	}
	slices.SortStableFunc(all, func(a, b dated) int { return a.at.Compare(b.at) })
	ordered := make([]*gofeed.Item, len(all))
	for i := range all {
		ordered[i] = all[i].item
	}
	return ordered
}
