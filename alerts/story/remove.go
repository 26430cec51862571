package story

import "slices"

// Remove takes a mention back. Of one that is not remembered any more it is known
// that it was, and what its story shows of it goes; not what it added to the
// other numbers.
func (x *Index) Remove(brand, key string) {
	name := hash(brand, "mention", key)
	if p := x.mine[name]; p != nil {
		x.retract(p)
		return
	}
	n := x.names[name]
	if n == nil {
		return
	}
	in := n.story.root()
	if !in.body.has(name) {
		return // others refer to it, and it was never heard
	}
	k := &in.body.known
	k.Count--
	k.Reposts, k.Copies, k.Negative = min(k.Reposts, k.Count), min(k.Copies, k.Count), min(k.Negative, k.Count)
	x.erase(in, name, key)
}

// retract takes a remembered mention back.
func (x *Index) retract(p *post) {
	in := p.story.root()
	x.posts[p.slot] = nil
	x.release(p)
	if in.body == nil {
		return
	}
	in.body.subtract(p)
	x.erase(in, p.name, p.key)
}

// erase removes what a story keeps of a mention.
func (x *Index) erase(in *story, name uint64, key string) {
	b := in.body
	if i := slices.Index(b.members.all, name); i >= 0 {
		b.members.all = slices.Delete(b.members.all, i, i+1)
		b.members.next = 0
		x.drop(name)
	}
	b.anchors.all = slices.DeleteFunc(b.anchors.all, func(a anchor) bool {
		if a.mark.key == key {
			a.mark.off = true
			return true
		}
		return false
	})
	b.hide(key)
	x.reshow(in)
	x.touch(in)
	if b.known.Count <= 0 {
		x.forget(in)
	}
}
