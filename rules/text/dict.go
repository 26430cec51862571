package text

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// Dict numbers the words that somebody looks for, whole words, beginnings of words
// and words with holes, so that a token is compared with all of them at once.
// Intern first, then Freeze; after that it is immutable and safe for concurrent
// use.
type Dict struct {
	words  map[string]int32 // until it is frozen
	starts map[string]int32
	holed  map[string]int32
	size   int32

	slots    []slot // by hash, a power of two
	longest  int    // bytes of a word
	keys     []byte
	prefixes []prefix // sorted by key
	begins   []begin  // by hash of the first MinPrefix bytes, a power of two
	shapes   shapes
}

// slot is a word of the table, empty if size is 0.
type slot struct {
	hash uint32
	id   int32
	from uint32 // in keys
	size uint32
}

type prefix struct {
	key    string
	id     int32
	parent int32 // the longest prefix of this prefix, -1 for none
}

// begin tells which prefixes begin with some bytes, empty if to is 0.
type begin struct {
	bytes    uint32
	from, to int32
}

// MinPrefix is the least number of letters that may stand before a *.
const MinPrefix = 3

// Word returns the number of a key, a new one if it is not known yet.
func (d *Dict) Word(key string) int32 { return d.intern(&d.words, key) }

// Prefix returns the number of all keys that begin with key, which must have
// MinPrefix letters.
func (d *Dict) Prefix(key string) int32 { return d.intern(&d.starts, key) }

// Holed returns the number of all keys that have any letter for each Hole of key,
// or that begin so.
func (d *Dict) Holed(key string, starts bool) int32 {
	if starts {
		key += shapeStarts
	}
	return d.intern(&d.holed, key)
}

// Number returns a new number that no key has.
func (d *Dict) Number() int32 {
	d.size++
	return d.size - 1
}

func (d *Dict) intern(in *map[string]int32, key string) int32 {
	if *in == nil {
		*in = map[string]int32{}
	}
	id, ok := (*in)[key]
	if !ok {
		id = d.Number()
		(*in)[key] = id
	}
	return id
}

// Len is how many numbers there are: 0 to Len-1.
func (d *Dict) Len() int { return int(d.size) }

// Freeze readies the dictionary for Lookup.
func (d *Dict) Freeze() {
	d.slots = make([]slot, tableSize(len(d.words)+len(d.holed)))
	size := 0
	for key := range d.words {
		size += len(key)
	}
	d.keys = make([]byte, 0, size)
	for key, id := range d.words {
		d.insert(key, id)
	}
	for key, id := range d.holed {
		d.shapes.add(key)
		d.insert(key, id)
	}
	d.freezePrefixes()
	d.words, d.starts, d.holed = nil, nil, nil
}

// tableSize leaves at least half of a table empty.
func tableSize(entries int) int {
	size := 4
	for size < 2*entries {
		size *= 2
	}
	return size
}

func (d *Dict) insert(key string, id int32) {
	d.longest = max(d.longest, len(key))
	h := hash([]byte(key))
	i := h
	for d.slots[i&uint32(len(d.slots)-1)].size > 0 {
		i++
	}
	d.slots[i&uint32(len(d.slots)-1)] = slot{hash: h, id: id, from: uint32(len(d.keys)), size: uint32(len(key))}
	d.keys = append(d.keys, key...)
}

func (d *Dict) freezePrefixes() {
	d.prefixes = make([]prefix, 0, len(d.starts))
	for key, id := range d.starts {
		d.prefixes = append(d.prefixes, prefix{key: key, id: id, parent: -1})
	}
	slices.SortFunc(d.prefixes, func(a, b prefix) int { return cmp.Compare(a.key, b.key) })
	for i := 1; i < len(d.prefixes); i++ {
		p := int32(i - 1)
		for p >= 0 && !strings.HasPrefix(d.prefixes[i].key, d.prefixes[p].key) {
			p = d.prefixes[p].parent
		}
		d.prefixes[i].parent = p
	}
	d.begins = make([]begin, tableSize(len(d.prefixes)))
	for from := 0; from < len(d.prefixes); {
		bytes := beginOf([]byte(d.prefixes[from].key))
		to := from + 1
		for to < len(d.prefixes) && beginOf([]byte(d.prefixes[to].key)) == bytes {
			to++
		}
		i := beginHash(bytes)
		for d.begins[i&uint32(len(d.begins)-1)].to > 0 {
			i++
		}
		d.begins[i&uint32(len(d.begins)-1)] = begin{bytes: bytes, from: int32(from), to: int32(to)}
		from = to
	}
}

// Lookup appends to dst the numbers that a token's key has: of itself, of all
// prefixes it begins with, and of all words with holes that it fills.
func (d *Dict) Lookup(dst []int32, key []byte) []int32 {
	if id := d.find(key); id >= 0 {
		dst = append(dst, id)
	}
	dst = d.Begins(dst, key)
	if d.shapes.any {
		dst = d.lookupShapes(dst, key)
	}
	return dst
}

// Begins appends to dst the numbers of the prefixes that key begins with, however
// long it is.
func (d *Dict) Begins(dst []int32, key []byte) []int32 {
	if len(d.prefixes) == 0 || len(key) < MinPrefix {
		return dst
	}
	return d.lookupPrefixes(dst, key)
}

// find returns the number of a word, -1 if there is none.
func (d *Dict) find(key []byte) int32 {
	if len(key) == 0 || len(key) > d.longest {
		return -1
	}
	h, mask := hash(key), uint32(len(d.slots)-1)
	for i := h; ; i++ {
		s := &d.slots[i&mask]
		if s.size == 0 {
			return -1
		}
		if s.hash == h && int(s.size) == len(key) && string(d.keys[s.from:][:s.size]) == string(key) {
			return s.id
		}
	}
}

func (d *Dict) lookupPrefixes(dst []int32, key []byte) []int32 {
	bytes, mask := beginOf(key), uint32(len(d.begins)-1)
	for i := beginHash(bytes); ; i++ {
		b := &d.begins[i&mask]
		if b.to == 0 {
			return dst
		}
		if b.bytes != bytes {
			continue
		}
		for p := d.deepest(key, b.from, b.to); p >= 0; p = d.prefixes[p].parent {
			if at := d.prefixes[p].key; len(at) <= len(key) && at == string(key[:len(at)]) {
				dst = append(dst, d.prefixes[p].id)
			}
		}
		return dst
	}
}

// deepest finds the greatest prefix that does not sort after key: all prefixes
// that key begins with are that one and its parents.
func (d *Dict) deepest(key []byte, from, to int32) int32 {
	for from < to {
		mid := (from + to) / 2
		if d.prefixes[mid].key <= string(key) {
			from = mid + 1
		} else {
			to = mid
		}
	}
	if from == 0 {
		return -1
	}
	return from - 1
}

func beginOf(key []byte) uint32 {
	return uint32(key[0]) | uint32(key[1])<<8 | uint32(key[2])<<16
}

func beginHash(bytes uint32) uint32 {
	h := bytes * 0x9E3779B1
	return h ^ h>>15
}

// hash is quick and good enough for the words of a dictionary, which no stranger
// chooses.
func hash(key []byte) uint32 {
	const a, b = 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93
	h := uint64(len(key)) * a
	for len(key) > 8 {
		h = (h ^ binary.LittleEndian.Uint64(key)) * b
		h ^= h >> 32
		key = key[8:]
	}
	var v uint64
	switch n := len(key); {
	case n >= 4:
		v = uint64(binary.LittleEndian.Uint32(key)) | uint64(binary.LittleEndian.Uint32(key[n-4:]))<<32
	case n > 0:
		v = uint64(key[0]) | uint64(key[n/2])<<8 | uint64(key[n-1])<<16
	}
	h = (h ^ v) * b
	return uint32(h ^ h>>32)
}
