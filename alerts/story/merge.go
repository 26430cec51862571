package story

import (
	"slices"

	"earshot"
)

// merge makes one story an alias of another. If the mention that connects them
// was counted already, so was all that a record does not tell of.
func (x *Index) merge(into, from *story, sequence uint64) {
	counted := into.restored() && sequence <= into.body.through && !from.restored()
	if into.body == nil {
		x.embody(into)
	}
	from.parent = into
	into.live += from.live
	if into.live > 0 && into.body.place != nil {
		x.idle.Remove(into.body.place)
		into.body.place = nil
	}
	b, first := from.body, from.only
	from.body, from.only = nil, nil
	switch {
	case b != nil:
		x.absorb(into, b, counted)
		x.alias(into, from)
	case first != nil && !counted:
		x.admit(into, first)
	}
	if into.live == 0 && into.body.place == nil {
		into.body.place = x.idle.PushBack(into)
	}
}

// absorb takes over what another story knew.
func (x *Index) absorb(into *story, b *body, counted bool) {
	a := into.body
	if b.place != nil {
		x.idle.Remove(b.place)
	}
	if !counted {
		a.known.Count += b.known.Count
		a.known.Reposts += b.known.Reposts
		a.known.Copies += b.known.Copies
		a.known.Negative += b.known.Negative
		a.authors.merge(&b.authors)
		a.through = max(a.through, b.through)
		a.heard = max(a.heard, b.heard)
		a.span(b.known.Began, b.known.Last)
		for _, network := range b.known.Networks {
			a.join(network)
		}
		for _, s := range append(slices.Clone(b.known.Top), b.known.First) {
			a.show(s)
		}
		x.reshow(into)
	}
	for _, n := range b.members.all {
		x.retain(into, n, true)
		x.drop(n)
	}
	for _, n := range b.ties.all {
		x.retain(into, n, false)
		x.drop(n)
	}
	for _, n := range b.shown {
		x.drop(n)
	}
	for _, an := range b.anchors.all {
		x.fix(into, an)
	}
	a.restored = a.restored || b.restored
	x.touch(into)
}

// alias lets the ID of a story lead to the one that it is part of.
func (x *Index) alias(into, from *story) {
	x.gone = append(x.gone, Record{Story: earshot.Story{ID: from.id, Brand: from.brand}, Alias: into.id})
	into.aliases = append(append(into.aliases, from.aliases...), from.id)
	from.aliases = nil
	for len(into.aliases) > maxAliases {
		delete(x.stories, into.aliases[0])
		x.gone = append(x.gone, Record{Story: earshot.Story{ID: into.aliases[0], Brand: into.brand}, Gone: true})
		into.aliases = into.aliases[1:]
	}
}

// retain has a story hold a name that one of its mentions holds.
func (x *Index) retain(in *story, key uint64, member bool) {
	list, most := &in.body.ties, maxTies
	if member {
		list, most = &in.body.members, maxMembers
	}
	n := x.names[key]
	if n == nil || slices.Contains(list.all, key) {
		return
	}
	n.refs++
	if old, replaced := list.put(key, most); replaced {
		x.drop(old)
	}
}

// anchor has a story be recognised by a print, also when its mentions are not
// remembered any more.
func (x *Index) anchor(in *story, a anchor) {
	x.fix(in, a)
	x.kept.Put(hash(in.brand, "group", ""), &a.text, a.mark)
}

func (x *Index) fix(in *story, a anchor) {
	if old, replaced := in.body.anchors.put(a, maxAnchors); replaced {
		old.mark.off = true
	}
}

// reshow holds the names of the mentions that a story shows, so that they are
// found when they are taken back.
func (x *Index) reshow(in *story) {
	b := in.body
	now := b.names()
	if slices.Equal(now, b.shown) {
		return
	}
	for _, key := range now {
		if n := x.names[key]; n != nil {
			n.refs++
		}
	}
	for _, key := range b.shown {
		x.drop(key)
	}
	b.shown = now
}
