package crisis

import (
	"slices"

	"github.com/cespare/xxhash/v2"
)

// keyBits is how long the fingerprints of mentions and authors are. Two of 100,000
// in five minutes are the same once in 200 such bursts.
const keyBits = 40

func fingerprint(s string) uint64 { return xxhash.Sum64String(s) >> (64 - keyBits) }

// sample holds the things with the lowest fingerprints, up to a limit: all of them
// while there are few, and then as many as tell how many there are and what they
// are like, whatever the order in which they came and however often. Its fields
// are exported for gob only.
type sample[T any] struct {
	Keys   []uint64 // ascending
	Values []T      // of the same length
	More   bool     // there were more than the limit
}

// place returns the value of a key, a new one if need be; nil when the key is not
// in the sample.
func (s *sample[T]) place(key uint64, limit int) (value *T, isNew bool) {
	at, found := slices.BinarySearch(s.Keys, key)
	if found {
		return &s.Values[at], false
	}
	if s.More && at == len(s.Keys) { // beyond what it holds all of
		return nil, false
	}
	if len(s.Keys) >= limit {
		s.More = true
		if at == len(s.Keys) {
			return nil, false
		}
		s.Keys = s.Keys[:len(s.Keys)-1]
		s.Values = s.Values[:len(s.Values)-1]
	}
	var zero T
	s.Keys = slices.Insert(s.Keys, at, key)
	s.Values = slices.Insert(s.Values, at, zero)
	return &s.Values[at], true
}

// remove takes a key out and returns what was its value, nil if it is not in the
// sample.
func (s *sample[T]) remove(key uint64) *T {
	at, found := slices.BinarySearch(s.Keys, key)
	if !found {
		return nil
	}
	value := s.Values[at]
	s.Keys = slices.Delete(s.Keys, at, at+1)
	s.Values = slices.Delete(s.Values, at, at+1)
	s.More = s.More && len(s.Keys) > 0
	return &value
}

// bound is the fingerprint below which the sample holds everything.
func (s *sample[T]) bound() uint64 {
	if !s.More {
		return 1 << keyBits
	}
	return s.Keys[len(s.Keys)-1]
}

// weight is how many things each one below the bound stands for: 1 while there are
// few.
func weight(bound uint64) float64 { return float64(uint64(1)<<keyBits) / float64(max(bound, 1)) }
