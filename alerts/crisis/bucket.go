package crisis

import (
	"cmp"
	"slices"
	"time"

	"earshot"
)

// Sizes of a bucket: what is in takes 9 KiB at most.
const (
	mentionLimit = 192
	authorLimit  = 96
	textLimit    = 10
	topLimit     = 2
	idLimit      = 160 // bytes; a source with a longer ID is not shown, one with a longer URL without it
	urlLimit     = 200
	mostReach    = 1 << 36 // more than there are people
)

// flags say what is known of a mention or of what an author wrote.
type flags uint8

const (
	negative flags = 1 << iota
	positive
	newAccount
	repost
	copied   // the same words as another
	ownWords // negative, and neither a repost nor a copy
	aped     // a copy by a new account
)

func (f flags) has(all flags) bool { return f&all == all }

// mention, author, text and top are what a bucket keeps. Their fields are exported
// for gob only; names are numbers of a registry.
type mention struct {
	Flags                   flags
	Network, Rule, Listener uint8
	By                      uint32 // the end of the author's fingerprint, short for the sake of the records
}

// signature is what a mention keeps of its author.
func signature(author uint64) uint32 { return uint32(author & (1<<24 - 1)) }

type author struct {
	Flags   flags
	Network uint8
	Reach   int64
}

type text struct {
	Author uint64
	Words  []string
}

type top struct {
	Source   earshot.Source
	Author   uint64
	Negative bool
}

// bucket is what was posted in five minutes.
type bucket struct {
	Step     int64 // since 1970, in steps
	Mentions sample[mention]
	Authors  sample[author]
	Texts    sample[text]
	Top      []top // by distinct authors, the first the foremost
	First    *top  // the first negative one
}

func stepOf(at time.Time) int64 { return floorDiv(at.Unix(), int64(step/time.Second)) }

func timeOf(of int64) time.Time { return time.Unix(of*int64(step/time.Second), 0).UTC() }

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}

// hear adds a mention. One that is in the bucket already changes nothing; of one that
// says something else by now both are held unless it was removed before.
func (b *bucket) hear(s *Seen, names *registry) {
	key, who := fingerprint(s.Key), fingerprint(cmp.Or(s.Author, s.Key))
	f := s.flags()
	network := names.number(s.Network)
	if m, isNew := b.Mentions.place(key, mentionLimit); m != nil {
		m.Flags |= f
		if isNew {
			m.Network, m.Rule, m.Listener, m.By = network, names.number(s.Rule), names.number(s.Listener), signature(who)
		}
	}
	if a, _ := b.Authors.place(who, authorLimit); a != nil {
		a.Flags |= f
		a.Network = network
		a.Reach = max(a.Reach, s.reach())
	}
	if s.Text != "" && !f.has(repost) {
		if t, isNew := b.Texts.place(key, textLimit); isNew {
			t.Author, t.Words = who, words(s.Text)
		}
	}
	b.show(s, who, f)
}

// remove takes a mention out, and its author unless others are of the same. Of more
// than the samples hold it takes out what it knows of.
func (b *bucket) remove(key uint64, id string) bool {
	gone := b.Texts.remove(key) != nil
	if m := b.Mentions.remove(key); m != nil {
		gone = true
		b.absolve(m.By)
	}
	shown := len(b.Top)
	b.Top = slices.DeleteFunc(b.Top, func(t top) bool { return t.Source.Mention == id })
	gone = gone || len(b.Top) < shown
	if b.First == nil || b.First.Source.Mention != id {
		return gone
	}
	b.First = nil
	for i := range b.Top {
		if t := b.Top[i]; t.Negative && (b.First == nil || earlier(t, *b.First) < 0) {
			b.First = &t
		}
	}
	return true
}

// absolve has an author be what the mentions of theirs say that are left.
func (b *bucket) absolve(by uint32) {
	at := slices.IndexFunc(b.Authors.Keys, func(key uint64) bool { return signature(key) == by })
	if at < 0 {
		return
	}
	left, f := false, flags(0)
	for i := range b.Mentions.Values {
		if m := &b.Mentions.Values[i]; m.By == by {
			left, f = true, f|m.Flags
		}
	}
	if left {
		b.Authors.Values[at].Flags = f
		return
	}
	b.Authors.remove(b.Authors.Keys[at])
}

// show keeps the mention if it is among those that a person should look at first.
func (b *bucket) show(s *Seen, who uint64, f flags) {
	if len(s.ID) > idLimit || f.has(repost) {
		return
	}
	if len(b.Top) == topLimit && b.First != nil && !f.has(negative) && s.reach() < b.Top[topLimit-1].Source.Reach {
		return // the most frequent case, and cheap
	}
	one := top{Author: who, Negative: f.has(negative), Source: earshot.Source{
		Mention: s.ID, Network: s.Network, Posted: s.At.UTC(), Reach: s.reach(),
	}}
	if len(s.URL) <= urlLimit {
		one.Source.URL = s.URL
	}
	if one.Negative && (b.First == nil || earlier(one, *b.First) < 0) {
		first := one // on its own, so that only this one is allocated
		b.First = &first
	}
	b.Top = rank(b.Top, one, topLimit)
}

// rank puts one into a list of the foremost, by distinct authors.
func rank(list []top, one top, limit int) []top {
	if at := slices.IndexFunc(list, func(t top) bool { return t.Author == one.Author }); at >= 0 {
		if foremost(one, list[at]) >= 0 {
			return list
		}
		list = slices.Delete(list, at, at+1)
	}
	at, _ := slices.BinarySearchFunc(list, one, foremost)
	if at >= limit {
		return list
	}
	if len(list) == limit {
		list = list[:limit-1]
	}
	return slices.Insert(list, at, one)
}

// foremost orders mentions: negative ones first, then by reach, then by age.
func foremost(a, b top) int {
	if a.Negative != b.Negative {
		if a.Negative {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(b.Source.Reach, a.Source.Reach), earlier(a, b))
}

func earlier(a, b top) int {
	return cmp.Or(a.Source.Posted.Compare(b.Source.Posted), cmp.Compare(a.Source.Mention, b.Source.Mention))
}
