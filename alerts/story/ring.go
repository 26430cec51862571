package story

import (
	"time"

	"earshot"
)

// remember puts a mention into the ring; the oldest one leaves.
func (x *Index) remember(p *post) {
	at := x.placed % x.options.Prints
	if len(x.posts) < x.options.Prints {
		x.posts = append(x.posts, p)
	} else {
		if old := x.posts[at]; old != nil && !old.off {
			x.release(old)
		}
		x.posts[at] = p
	}
	p.slot = at
	x.placed++
	x.mine[p.name] = p
	in := p.story
	if in.live++; in.body != nil && in.body.place != nil {
		x.idle.Remove(in.body.place)
		in.body.place = nil
	}
}

// hold makes sure that a name leads to the story of the mention.
func (x *Index) hold(p *post, key uint64, how How) {
	n := x.names[key]
	if n == nil {
		n = &name{}
		x.names[key] = n
	}
	if n.story == nil || n.story.root() != p.story { // an old page, or words that others said, too
		n.story, n.how, n.of = p.story, how, p.key
	}
	n.at = p.at
	n.refs++
	p.held = append(p.held, key)
}

// drop lets go of a name.
func (x *Index) drop(key uint64) {
	if n := x.names[key]; n != nil {
		if n.refs--; n.refs <= 0 {
			delete(x.names, key)
		}
	}
}

// release forgets a mention that is not the newest any more. Its story stays for
// a while if it had others.
func (x *Index) release(p *post) {
	p.off = true
	for _, n := range p.held {
		x.drop(n)
	}
	p.held = nil
	if x.mine[p.name] == p {
		delete(x.mine, p.name)
	}
	in := p.story.root()
	in.live--
	if in.only == p {
		in.only = nil
	}
	if in.live == 0 && in.body != nil && in.body.place == nil {
		in.body.place = x.idle.PushBack(in)
	}
}

// expire forgets stories of which nothing was heard for long, a few at a time.
func (x *Index) expire(now time.Time) {
	const few = 2
	for range few {
		front := x.idle.Front()
		if front == nil {
			return
		}
		in, ok := front.Value.(*story)
		if !ok {
			return
		}
		if x.idle.Len() <= x.options.Stories && now.UnixNano()-in.body.heard <= int64(x.options.Window) {
			return
		}
		x.forget(in)
	}
}

// forget lets go of a story.
func (x *Index) forget(in *story) {
	b := in.body
	if b.place != nil {
		x.idle.Remove(b.place)
		b.place = nil
	}
	for _, n := range b.members.all {
		x.drop(n)
	}
	for _, n := range b.ties.all {
		x.drop(n)
	}
	for _, n := range b.shown {
		x.drop(n)
	}
	for _, a := range b.anchors.all {
		a.mark.off = true
	}
	for _, id := range append(in.aliases, in.id) {
		delete(x.stories, id)
		x.gone = append(x.gone, Record{Story: earshot.Story{ID: id, Brand: in.brand}, Gone: true})
	}
	in.aliases = nil
	b.dead = true
}
