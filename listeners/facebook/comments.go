package facebook

import (
	"context"
	"net/url"
	"slices"

	"earshot"
	"earshot/listeners/seen"
)

// complete adds the comments that did not come with their posts, for as long as
// there are some that nobody has heard.
func (s *source) complete(ctx context.Context, g *graph, known *seen.Memory, p *page) error {
	network, channel := s.account.id()
	for _, r := range p.roots {
		id := network + ":" + r.id
		below := func(m earshot.Mention) bool { return m.Conversation == id }
		for pages := 0; r.after != "" && pages < mostPages; pages++ {
			if !anyUnknown(known, p.mentions, below) {
				break
			}
			params := url.Values{"fields": {commentFields}, "limit": {"100"}, "after": {r.after}}
			if network == instagram {
				params.Set("fields", igCommentFields)
			} else {
				params.Set("filter", "stream")
				params.Set("order", "reverse_chronological")
			}
			var l list
			if err := g.get(ctx, r.id+"/comments", params, &l); err != nil {
				return err
			}
			more := page{}
			more.comments(network, channel, id, l)
			at := slices.IndexFunc(p.mentions, func(m earshot.Mention) bool { return m.ID == id })
			p.mentions = slices.Insert(p.mentions, max(at, 0), more.mentions...)
			p.dead = append(p.dead, more.dead...)
			if next := l.next(); next != r.after && anyUnknown(known, more.mentions, below) {
				r.after = next
			} else {
				r.after = ""
			}
		}
	}
	return nil
}

func anyUnknown(known *seen.Memory, all []earshot.Mention, of func(earshot.Mention) bool) bool {
	return slices.ContainsFunc(all, func(m earshot.Mention) bool {
		_, heard := known.Said(seen.KeyOf(m.ID))
		return of(m) && !heard
	})
}
