package facebook

import (
	"encoding/json"
	"fmt"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/seen"
)

// page is one page of an edge, as mentions: newest first, each post behind the
// comments below it.
type page struct {
	mentions []earshot.Mention
	dead     []earshot.DeadLetter
	roots    []root // posts with more comments than came with them
	next     string // cursor of the next page; empty at the end
}

// root is a post whose comments are not all there.
type root struct {
	id    string // native
	after string
}

// parsePage reads a page of posts.
func parsePage(network, channel string, l list) page {
	p := page{next: l.next()}
	for _, raw := range l.Data {
		o, ok := p.object(raw)
		if !ok {
			continue
		}
		id := network + ":" + string(o.ID)
		p.comments(network, channel, id, o.Comments)
		if next := o.Comments.next(); next != "" {
			p.roots = append(p.roots, root{id: string(o.ID), after: next})
		}
		o.Parent.ID, o.Media.ID = "", "" // of a post they mean something else
		p.mentions = append(p.mentions, o.mention(network, "", channel))
	}
	return p
}

// comments adds the comments below a post.
func (p *page) comments(network, channel, root string, l list) {
	for _, raw := range l.Data {
		o, ok := p.object(raw)
		if !ok {
			continue
		}
		if len(o.Replies.Data) > 0 {
			for _, reply := range o.Replies.Data {
				if r, ok := p.object(reply); ok {
					r.ParentID = text(first(string(r.ParentID), string(o.ID)))
					p.mentions = append(p.mentions, r.mention(network, root, channel))
				}
			}
		}
		p.mentions = append(p.mentions, o.mention(network, root, channel))
	}
}

// object decodes one thing, or says why it is none.
func (p *page) object(raw json.RawMessage) (*object, bool) {
	o := &object{}
	err := json.Unmarshal(raw, o)
	if err == nil && o.ID == "" {
		err = fmt.Errorf("%w: it has no id", listeners.ErrMalformed)
	}
	if err != nil {
		p.dead = append(p.dead, earshot.DeadLetter{Reason: "reading a post or comment: " + err.Error(), Body: raw})
		return nil, false
	}
	return o, true
}

// next is the cursor of the page behind l. Addresses of next pages are not used:
// they hold the token.
func (l *list) next() string {
	if l.Paging.Next == "" {
		return ""
	}
	return l.Paging.Cursors.After
}

// deadItem is what a dead letter is remembered by.
func deadItem(d earshot.DeadLetter) seen.Item {
	return seen.Item{Key: seen.KeyOf("dead:" + string(d.Body)), Content: 1}
}
