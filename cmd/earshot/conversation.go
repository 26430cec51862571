package main

import (
	"context"
	"slices"

	"earshot"
)

// related lists the mentions that one belongs to: what it answers, repeats or
// comments on, and the root of its thread.
func related(m *earshot.Mention) []string {
	var ids []string
	for _, id := range []string{m.ReplyTo, m.Conversation, m.RepostOf, m.QuoteOf} {
		if id != "" && id != m.ID && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// connect tells mentions which brands hold what they belong to: a reply concerns
// the brand that the post above it does, though it does not name it. It asks the
// log once a batch, and only for what may be there. The mentions it is given stay
// as they are.
func (p *pipeline) connect(ctx context.Context, mentions []earshot.Mention) ([]earshot.Mention, error) {
	if !slices.ContainsFunc(mentions, func(m earshot.Mention) bool { return isChange(&m) || len(related(&m)) > 0 }) {
		return mentions, nil
	}
	if err := p.known.Ready(ctx); err != nil {
		return nil, err
	}
	mentions = slices.Clone(mentions)
	var keys []string
	asked := map[string]bool{}
	for i := range mentions {
		for _, id := range related(&mentions[i]) {
			if key := earshot.Key(id); !asked[key] && mentions[i].Change != earshot.Deleted && p.known.Has(key) {
				asked[key] = true
				keys = append(keys, key)
			}
		}
	}
	if len(keys) == 0 {
		return mentions, nil
	}
	brands, err := p.bus.Holders(ctx, keys)
	if err != nil || len(brands) == 0 {
		return mentions, err
	}
	for i := range mentions {
		m := &mentions[i]
		m.About = nil
		for _, id := range related(m) {
			m.About = union(m.About, brands[earshot.Key(id)])
		}
	}
	return mentions, nil
}

func isChange(m *earshot.Mention) bool {
	return m.Change == earshot.Edited || m.Change == earshot.Deleted
}

// union adds to brands those of more that are not among them, in order.
func union(brands, more []string) []string {
	for _, brand := range more {
		if at, found := slices.BinarySearch(brands, brand); !found {
			brands = slices.Insert(slices.Clip(brands), at, brand)
		}
	}
	return brands
}

// spread judges mentions again that belong to others of the same batch, which are
// not stored yet, and in turn those that belong to them.
func (p *pipeline) spread(mentions []earshot.Mention, verdicts [][]earshot.Verdict) {
	below := map[string][]int{} // by ID: the mentions that belong to it
	for i := range mentions {
		if mentions[i].Change != earshot.Deleted {
			for _, id := range related(&mentions[i]) {
				below[id] = append(below[id], i)
			}
		}
	}
	if len(below) == 0 {
		return
	}
	var queue []int
	for i := range mentions {
		if len(verdicts[i]) > 0 {
			queue = append(queue, i)
		}
	}
	for len(queue) > 0 {
		above := queue[0]
		queue = queue[1:]
		brands := brandsOf(verdicts[above])
		for _, i := range below[mentions[above].ID] {
			m := &mentions[i]
			about := union(slices.Clone(m.About), brands)
			if len(about) == len(m.About) {
				continue
			}
			m.About = about
			had := len(verdicts[i])
			if verdicts[i] = p.verdicts(m); len(verdicts[i]) > had {
				queue = append(queue, i)
			}
		}
	}
}

func brandsOf(verdicts []earshot.Verdict) []string {
	brands := make([]string, len(verdicts))
	for i := range verdicts {
		brands[i] = verdicts[i].Brand
	}
	slices.Sort(brands)
	return brands
}
