package likeness

import "encoding/binary"

// Bounds of one search, so that whoever posts a hundred thousand texts that share
// a band makes nobody wait.
const (
	maxSteps    = 32  // entries looked at in one chain
	maxCompared = 128 // prints compared
	maxFound    = 8   // prints that are like it
	chains      = bands + 1
)

// Shelf holds the newest prints and finds those like another one. Groups keep
// apart what must not meet. It grows with what it holds and is not for concurrent
// use.
type Shelf[V any] struct {
	limit int
	added uint64 // prints ever put in
	slots []slot[V]
	heads []uint32 // by bucket: the newest node in it, plus one
	next  []uint32 // by node (slot*chains + chain): an older one of its bucket, plus one
	query uint32
}

type slot[V any] struct {
	of    Print
	value V
	group uint64
	order uint64 // when it was put in: tells nodes from older ones that they replaced
	query uint32 // the last search that looked at it
}

// Match is a print that was found.
type Match[V any] struct {
	Value V
	Like  float64 // [0,1]
}

// NewShelf makes a shelf for as many prints; when it is full, the oldest goes.
func NewShelf[V any](limit int) *Shelf[V] { return &Shelf[V]{limit: max(limit, 1)} }

// Put adds a print and returns the ticket for Get.
func (s *Shelf[V]) Put(group uint64, p *Print, value V) uint64 {
	if len(s.slots) < s.limit {
		s.slots = append(s.slots, slot[V]{})
		s.next = append(s.next, make([]uint32, chains)...)
		if len(s.slots)*chains > len(s.heads) {
			s.grow()
		}
	}
	at := int(s.added % uint64(s.limit))
	s.added++
	s.slots[at] = slot[V]{of: *p, value: value, group: group, order: s.added}
	s.link(at)
	return s.added
}

// Get returns a print while the shelf holds it, else nil. It is the shelf's.
func (s *Shelf[V]) Get(ticket uint64) *Print {
	if ticket == 0 || len(s.slots) == 0 {
		return nil
	}
	if e := &s.slots[(ticket-1)%uint64(s.limit)]; e.order == ticket {
		return &e.of
	}
	return nil
}

// grow makes room for twice as many prints.
func (s *Shelf[V]) grow() {
	size := 1 << 10
	for size < len(s.slots)*chains {
		size *= 2
	}
	s.heads = make([]uint32, size)
	for i := range len(s.slots) - 1 { // in order: it has not wrapped yet
		s.link(i)
	}
}

func (s *Shelf[V]) link(at int) {
	e := &s.slots[at]
	for chain := range chains {
		bucket := s.bucket(trait(e.group, &e.of, chain))
		node := uint32(at*chains + chain)
		s.next[node] = s.heads[bucket]
		s.heads[bucket] = node + 1
	}
}

// bucket is where the prints are that share a trait.
func (s *Shelf[V]) bucket(trait uint64) uint64 { return trait & uint64(len(s.heads)-1) }

// trait is what a print has in common with those like it: one of its bands, or
// the whole text.
func trait(group uint64, p *Print, chain int) uint64 {
	key := p.Exact
	if chain < bands {
		key = uint64(binary.LittleEndian.Uint32(p.Rows[chain*band:]))
	}
	if p.Long {
		chain += chains
	}
	return mix(group ^ key*prime + uint64(chain))
}

// Find adds to found the prints that p is like, of those whose value is wanted,
// some of the newest ones when there are very many. Once it finds the same text,
// it looks no further.
func (s *Shelf[V]) Find(found []Match[V], group uint64, p *Print, wanted func(V) bool) []Match[V] {
	if len(s.slots) == 0 {
		return found
	}
	if s.query++; s.query == 0 { // around: forget who was looked at
		for i := range s.slots {
			s.slots[i].query = 0
		}
		s.query = 1
	}
	compared := 0
	for chain := chains - 1; chain >= 0; chain-- {
		ours := trait(group, p, chain)
		bucket := s.bucket(ours)
		id, order := s.heads[bucket], s.added
		for step := 0; id != 0 && step < maxSteps; step++ {
			node := int(id - 1)
			e := &s.slots[node/chains]
			theirs := trait(e.group, &e.of, node%chains)
			if e.order > order || s.bucket(theirs) != bucket {
				break // another print has taken its place: all that follow are gone, too
			}
			id, order = s.next[node], e.order
			if theirs != ours || e.query == s.query {
				continue
			}
			e.query = s.query
			if !wanted(e.value) {
				continue
			}
			if compared++; compared > maxCompared {
				return found
			}
			like, alike := p.Alike(&e.of)
			if !alike {
				continue
			}
			found = append(found, Match[V]{e.value, like})
			if like == 1 && chain == bands || len(found) == maxFound {
				return found
			}
		}
	}
	return found
}
