package text

import (
	"cmp"
	"slices"
	"strings"
)

// Dict numbers the words that somebody looks for, whole words and beginnings of
// words, so that a token is compared with all of them at once. Intern first,
// then Freeze; after that it is immutable and safe for concurrent use.
type Dict struct {
	words    map[string]int32
	starts   map[string]int32
	size     int32
	filter   [filterSize / 64]uint64 // which words may be known, by a cheap hash
	prefixes []prefix                // sorted by key
	begins   [filterSize / 64]uint64 // which tokens may begin like a prefix
}

type prefix struct {
	key    string
	id     int32
	parent int32 // the longest prefix of this prefix, -1 for none
}

const filterSize = 1 << 16

// MinPrefix is the least number of letters that may stand before a *.
const MinPrefix = 3

// Word returns the number of a key, a new one if it is not known yet.
func (d *Dict) Word(key string) int32 { return d.intern(&d.words, key) }

// Prefix returns the number of all keys that begin with key, which must have
// MinPrefix letters.
func (d *Dict) Prefix(key string) int32 { return d.intern(&d.starts, key) }

func (d *Dict) intern(in *map[string]int32, key string) int32 {
	if *in == nil {
		*in = map[string]int32{}
	}
	id, ok := (*in)[key]
	if !ok {
		id = d.size
		d.size++
		(*in)[key] = id
	}
	return id
}

// Len is how many numbers there are: 0 to Len-1.
func (d *Dict) Len() int { return int(d.size) }

// Freeze readies the dictionary for Lookup.
func (d *Dict) Freeze() {
	for key := range d.words {
		set(&d.filter, wordHash([]byte(key)))
	}
	d.prefixes = make([]prefix, 0, len(d.starts))
	for key, id := range d.starts {
		d.prefixes = append(d.prefixes, prefix{key: key, id: id, parent: -1})
		set(&d.begins, beginHash([]byte(key)))
	}
	slices.SortFunc(d.prefixes, func(a, b prefix) int { return cmp.Compare(a.key, b.key) })
	for i := 1; i < len(d.prefixes); i++ {
		p := int32(i - 1)
		for p >= 0 && !strings.HasPrefix(d.prefixes[i].key, d.prefixes[p].key) {
			p = d.prefixes[p].parent
		}
		d.prefixes[i].parent = p
	}
}

// Lookup appends to dst the numbers that a token's key has: of itself and of
// all prefixes it begins with.
func (d *Dict) Lookup(dst []int32, key []byte) []int32 {
	if has(&d.filter, wordHash(key)) {
		if id, ok := d.words[string(key)]; ok {
			dst = append(dst, id)
		}
	}
	if len(key) < MinPrefix || !has(&d.begins, beginHash(key)) {
		return dst
	}
	for p := d.deepest(key); p >= 0; p = d.prefixes[p].parent {
		if at := d.prefixes[p].key; len(at) <= len(key) && at == string(key[:len(at)]) {
			dst = append(dst, d.prefixes[p].id)
		}
	}
	return dst
}

// deepest finds the greatest prefix that does not sort after key: all prefixes
// that key begins with are that one and its parents.
func (d *Dict) deepest(key []byte) int32 {
	lo, hi := 0, len(d.prefixes)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if d.prefixes[mid].key <= string(key) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return int32(lo - 1)
}

func wordHash(key []byte) uint32 {
	n := len(key)
	h := uint32(n) * 0x9E3779B1
	h ^= uint32(key[0]) * 0x85EBCA6B
	h ^= uint32(key[n-1]) * 0xC2B2AE35
	h ^= uint32(key[n/2]) * 0x27D4EB2F
	return h >> 16
}

func beginHash(key []byte) uint32 {
	h := uint32(key[0]) | uint32(key[1])<<8 | uint32(key[2])<<16
	return h * 0x9E3779B1 >> 16
}

func set(bits *[filterSize / 64]uint64, h uint32)      { bits[h/64] |= 1 << (h % 64) }
func has(bits *[filterSize / 64]uint64, h uint32) bool { return bits[h/64]&(1<<(h%64)) != 0 }
