package story

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// authors counts distinct authors and their followers. It is exact up to
// maxAuthors; beyond, it keeps those with the lowest hashes as a sample, whose
// share of all hashes says how many there are (standard error 5 %), and the
// authors with the most followers apart, as those make nearly all of the reach.
// What it says does not depend on the order of authors. It holds hashes only.
type authors struct {
	sample []author // by hash, below limit
	limit  uint64   // hashes from here on are not in the sample
	widest []author // by followers, the most first; empty while the sample is exact
}

type author struct {
	hash  uint64 // of 40 bits
	fans  int64
	posts int
	fresh bool // a new account
}

const (
	maxAuthors = 400
	maxWidest  = 32
	hashes     = 1 << 40
)

// add counts a mention of an author, whose hash is even spread.
func (a *authors) add(hash uint64, fans int64, fresh bool) {
	one := author{hash: hash % hashes, fans: fans, posts: 1, fresh: fresh}
	a.put(one)
	for len(a.sample) > maxAuthors {
		if a.exact() {
			for _, w := range a.sample {
				a.widen(w)
			}
		}
		a.limit = a.sample[len(a.sample)-1].hash
		a.sample = a.sample[:len(a.sample)-1]
	}
	if !a.exact() {
		a.widen(one)
	}
}

func (a *authors) exact() bool { return a.limit == 0 }

func (a *authors) put(one author) {
	if !a.exact() && one.hash >= a.limit {
		return
	}
	at, known := a.find(one.hash)
	if !known {
		a.sample = slices.Insert(a.sample, at, one)
		return
	}
	was := &a.sample[at]
	was.posts += one.posts
	was.fans, was.fresh = max(was.fans, one.fans), was.fresh || one.fresh
}

func (a *authors) find(hash uint64) (int, bool) {
	return slices.BinarySearchFunc(a.sample, hash, func(x author, h uint64) int { return cmp.Compare(x.hash, h) })
}

func (a *authors) widen(one author) {
	if i := slices.IndexFunc(a.widest, func(w author) bool { return w.hash == one.hash }); i >= 0 {
		one.fans = max(one.fans, a.widest[i].fans)
		a.widest = slices.Delete(a.widest, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(a.widest, one, func(x, y author) int {
		return cmp.Or(cmp.Compare(y.fans, x.fans), cmp.Compare(x.hash, y.hash))
	})
	if at < maxWidest {
		a.widest = slices.Insert(a.widest, at, one)
		a.widest = a.widest[:min(len(a.widest), maxWidest)]
	}
}

// remove takes one mention of an author back.
func (a *authors) remove(hash uint64) {
	hash %= hashes
	at, known := a.find(hash)
	if !known {
		return
	}
	if a.sample[at].posts--; a.sample[at].posts > 0 {
		return
	}
	a.sample = slices.Delete(a.sample, at, at+1)
	a.widest = slices.DeleteFunc(a.widest, func(w author) bool { return w.hash == hash })
}

// merge adds those of another story.
func (a *authors) merge(b *authors) {
	if b.exact() && a.exact() {
		for _, one := range b.sample {
			a.add(one.hash, one.fans, one.fresh)
			if at, known := a.find(one.hash); known {
				a.sample[at].posts += one.posts - 1
			}
		}
		return
	}
	both := authors{limit: hashes}
	for _, from := range []*authors{a, b} {
		if !from.exact() {
			both.limit = min(both.limit, from.limit)
		}
		for _, one := range slices.Concat(from.widest, from.sample) {
			both.widen(one)
		}
	}
	for _, from := range []*authors{a, b} {
		for _, one := range from.sample {
			both.put(one)
		}
	}
	for len(both.sample) > maxAuthors {
		both.limit = both.sample[len(both.sample)-1].hash
		both.sample = both.sample[:len(both.sample)-1]
	}
	*a = both
}

// estimate says how many there are, how many of them are new accounts, and how
// many followers they have.
func (a *authors) estimate() (count, fresh int, reach int64) {
	var rest int64
	for _, one := range a.sample {
		if one.fresh {
			fresh++
		}
		if !slices.ContainsFunc(a.widest, func(w author) bool { return w.hash == one.hash }) {
			rest = plus(rest, one.fans)
		}
	}
	if a.exact() {
		return len(a.sample), fresh, rest
	}
	scale := float64(hashes) / float64(a.limit)
	for _, w := range a.widest {
		reach = plus(reach, w.fans)
	}
	round := func(n float64) int64 { return int64(math.Round(min(n, math.MaxInt64/4))) }
	return int(round(float64(len(a.sample)) * scale)), int(round(float64(fresh) * scale)), plus(reach, round(float64(rest)*scale))
}

// plus adds followers, of which networks may claim any number.
func plus(a, b int64) int64 {
	if sum := a + b; sum >= a {
		return sum
	}
	return math.MaxInt64
}

// bytes is the form in which records hold them.
func (a *authors) bytes() []byte {
	b := binary.AppendUvarint(nil, a.limit)
	for _, list := range [][]author{a.sample, a.widest} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, one := range list {
			b = append(b, byte(one.hash>>32), byte(one.hash>>24), byte(one.hash>>16), byte(one.hash>>8), byte(one.hash))
			b = binary.AppendUvarint(b, uint64(one.fans))
			flagged := uint64(one.posts) << 1
			if one.fresh {
				flagged |= 1
			}
			b = binary.AppendUvarint(b, flagged)
		}
	}
	return b
}

var errAuthors = errors.New("the authors are damaged")

func authorsOf(b []byte) (authors, error) {
	var a authors
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			b = nil
			return 0
		}
		b = b[n:]
		return v
	}
	a.limit = next()
	for i, list := range []*[]author{&a.sample, &a.widest} {
		count := next()
		if count > uint64([]int{maxAuthors, maxWidest}[i]) {
			return authors{}, errAuthors
		}
		for range count {
			if len(b) < 7 {
				return authors{}, errAuthors
			}
			one := author{hash: uint64(b[0])<<32 | uint64(binary.BigEndian.Uint32(b[1:]))}
			b = b[5:]
			one.fans = int64(next() & math.MaxInt64)
			flagged := next()
			one.posts, one.fresh = int(flagged>>1), flagged&1 == 1
			*list = append(*list, one)
		}
	}
	if a.limit > hashes || !slices.IsSortedFunc(a.sample, func(x, y author) int { return cmp.Compare(x.hash, y.hash) }) {
		return authors{}, errAuthors
	}
	return a, nil
}
