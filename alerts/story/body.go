package story

import (
	"cmp"
	"container/list"
	"encoding/json"
	"slices"
	"time"

	"earshot"
	"earshot/alerts/likeness"
)

// What a story remembers of itself. All of it fits into one record.
const (
	maxMembers  = 128 // mentions by name
	maxTies     = 96  // what they refer to
	maxAnchors  = 8   // prints
	maxTop      = 5   //
	maxNetworks = 16  //
	maxAliases  = 256 // further names
)

// body is what is known of a story with two mentions or more.
type body struct {
	known    earshot.Story
	authors  authors
	members  few[uint64] // names of its mentions
	ties     few[uint64] // names of what they refer to
	shown    []uint64    // names of the mentions in First and Top
	anchors  few[anchor]
	through  uint64 // sequence of the last mention counted
	heard    int64  // when the last one was heard
	restored bool   // from a record
	dirty    bool   // in Index.changed
	dead     bool   // forgotten
	place    *list.Element
}

// anchor is a print by which a story is recognised when its mentions are not
// remembered any more.
type anchor struct {
	text likeness.Print
	mark *mark
}

// few holds a bounded number of things: the first ones, as they began the story,
// and the newest.
type few[T any] struct {
	all  []T
	next int
}

// put adds one and returns the one it replaced.
func (f *few[T]) put(v T, most int) (old T, replaced bool) {
	if len(f.all) < most {
		f.all = append(f.all, v)
		return old, false
	}
	first := most / 4
	at := first + f.next%(most-first)
	f.next = (f.next + 1) % (most - first)
	old, f.all[at] = f.all[at], v
	return old, true
}

func newBody(in *story) *body {
	return &body{known: earshot.Story{ID: in.id, Brand: in.brand}}
}

func (b *body) count() int {
	if b == nil {
		return 0
	}
	return b.known.Count
}

// has reports whether a mention is among those that the story knows by name.
func (b *body) has(name uint64) bool {
	return b != nil && (slices.Contains(b.members.all, name) || slices.Contains(b.shown, name))
}

// story is a copy of what is known.
func (b *body) story() *earshot.Story {
	if b == nil || b.dead {
		return nil
	}
	s := b.known
	s.Authors, s.NewAuthors, s.Reach = b.authors.estimate()
	s.Authors = min(s.Authors, s.Count)
	s.NewAuthors = min(s.NewAuthors, s.Authors)
	s.Networks, s.Top = slices.Clone(s.Networks), slices.Clone(s.Top)
	return &s
}

// add counts a mention.
func (b *body) add(p *post) {
	k := &b.known
	k.Count++
	k.Reposts += one(p.shared)
	k.Copies += one(p.copied)
	k.Negative += one(p.unhappy)
	if p.author != 0 {
		b.authors.add(p.author, p.fans, p.fresh)
	}
	b.span(p.source.Posted, p.source.Posted)
	b.join(p.source.Network)
	b.heard = max(b.heard, p.at)
}

// subtract takes a mention back.
func (b *body) subtract(p *post) {
	k := &b.known
	k.Count = max(k.Count-1, 0)
	k.Reposts = max(k.Reposts-one(p.shared), 0)
	k.Copies = max(k.Copies-one(p.copied), 0)
	k.Negative = max(k.Negative-one(p.unhappy), 0)
	if p.author != 0 {
		b.authors.remove(p.author)
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func (b *body) span(began, last time.Time) {
	if k := &b.known; k.Began.IsZero() {
		k.Began, k.Last = began, last
	}
	if began.Before(b.known.Began) {
		b.known.Began = began
	}
	if last.After(b.known.Last) {
		b.known.Last = last
	}
}

func (b *body) join(network string) {
	if k := &b.known; network != "" && len(k.Networks) < maxNetworks && !slices.Contains(k.Networks, network) {
		k.Networks = append(k.Networks, network)
	}
}

// show offers a mention as the first or one of those with the widest reach, and
// reports whether it is.
func (b *body) show(source earshot.Source) bool {
	k := &b.known
	last := len(k.Top) - 1
	if k.First.Mention != "" && earlier(source, k.First) > 0 && len(k.Top) == maxTop && wider(source, k.Top[last]) > 0 {
		return false // as nearly all of a large story
	}
	if source = bounded(source); source.Mention == "" {
		return false
	}
	if k.First.Mention == "" || earlier(source, k.First) < 0 {
		k.First = source
	}
	b.known.Top = slices.DeleteFunc(b.known.Top, func(s earshot.Source) bool { return s.Mention == source.Mention })
	at, _ := slices.BinarySearchFunc(b.known.Top, source, wider)
	if at < maxTop {
		b.known.Top = slices.Insert(b.known.Top, at, source)
		b.known.Top = b.known.Top[:min(len(b.known.Top), maxTop)]
	}
	return true
}

func wider(a, b earshot.Source) int {
	return cmp.Or(cmp.Compare(b.Reach, a.Reach), earlier(a, b))
}

func earlier(a, b earshot.Source) int {
	return cmp.Or(a.Posted.Compare(b.Posted), cmp.Compare(a.Mention, b.Mention))
}

// hide takes a mention out of what is shown.
func (b *body) hide(key string) {
	is := func(s earshot.Source) bool { return s.Mention == key }
	b.known.Top = slices.DeleteFunc(b.known.Top, is)
	if is(b.known.First) {
		b.known.First = earshot.Source{}
		for _, s := range b.known.Top {
			if b.known.First.Mention == "" || earlier(s, b.known.First) < 0 {
				b.known.First = s
			}
		}
	}
}

// names are those of the mentions that are shown.
func (b *body) names() []uint64 {
	var list []uint64
	for _, s := range append([]earshot.Source{b.known.First}, b.known.Top...) {
		if s.Mention != "" {
			list = append(list, hash(b.known.Brand, "mention", s.Mention))
		}
	}
	return list
}

// bounded leaves out of a source what nobody would type.
func bounded(s earshot.Source) earshot.Source {
	size := func() int {
		j, err := json.Marshal(s)
		if err != nil {
			return maxSource + 1
		}
		return len(j)
	}
	if len(s.URL) > maxSource || size() > maxSource {
		s.URL = ""
	}
	if len(s.Mention) > maxSource || size() > maxSource {
		return earshot.Source{}
	}
	return s
}
