package urgency

import (
	_ "embed"
	"sync"

	"earshot/rules/features"
	"earshot/rules/lexicon"
)

//go:embed needs.txt
var needsList string

// needs is how many numbers tell of need: two for each kind of words in needs.txt
// and one for each two kinds.
const (
	needKinds = 9
	needs     = 2*needKinds + needKinds*(needKinds-1)/2
)

// loadNeeds reads the kinds of each word, a bit each.
var loadNeeds = sync.OnceValue(func() map[uint32]uint16 {
	kinds := map[uint32]uint16{}
	for k, e := range lexicon.Read(needsList) {
		for _, word := range e.Phrases {
			kinds[features.HashWord(word)] |= 1 << k
		}
	}
	return kinds
})

// needsOf tells how often words of each kind are in a post, and which kinds stand
// in it together: who needs help says who, what and where, while each of these words
// alone is in every report of a disaster.
func needsOf(in *Input, to []float64) {
	kinds := loadNeeds()
	var times [needKinds]count
	for _, word := range in.Post.Groups[features.Words] {
		for k, of := 0, kinds[word.Hash]; of != 0; k, of = k+1, of>>1 {
			times[k] += count(of & 1)
		}
	}
	for i, n := range times {
		to[0], to[1] = n.upTo(3), n.upTo(1)
		to = to[2:]
		for _, other := range times[:i] {
			to[0] = n.upTo(1) * other.upTo(1)
			to = to[1:]
		}
	}
}
