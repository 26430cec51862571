package crisis

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"earshot"
)

// figures are what a bucket, or an hour of them, holds. Counts are exact while a
// bucket has no more than its samples hold, and estimates beyond.
type figures struct {
	posts, negative, reposts, copies float64

	authors, negAuthors float64 // distinct ones
	ownAuthors          float64 // of the negative ones: with words of their own
	newAuthors          float64
	apes, negApes       float64 // new accounts that copied another's words, and wrote nothing of their own
	reach               int64

	networks []float64 // negative authors by number of the network, without apes
	names    *names    // only if asked for
}

// names counts mentions by network, rule and listener.
type names struct{ network, rule, listener [nameLimit + 2]float64 }

// voices is how many people speak: all accounts that only copy one text speak with
// one voice.
func (f *figures) voices() float64 { return oneVoice(f.authors, f.apes) }

// negVoices is how many of them speak ill.
func (f *figures) negVoices() float64 { return oneVoice(f.negAuthors, f.negApes) }

func oneVoice(authors, apes float64) float64 { return authors - max(0, apes-1) }

// figure adds up buckets; whole asks for names too.
func figure(buckets []*bucket, whole bool) *figures {
	f := &figures{}
	if whole {
		f.names = &names{}
	}
	for _, b := range buckets {
		f.count(b)
	}
	f.people(buckets)
	return f
}

func (f *figures) count(b *bucket) {
	each := weight(b.Mentions.bound())
	for i := range b.Mentions.Values {
		if b.Mentions.Keys[i] >= b.Mentions.bound() {
			continue // the bound itself is not below it
		}
		m := &b.Mentions.Values[i]
		f.posts += each
		f.negative += each * one(m.Flags.has(negative))
		f.reposts += each * one(m.Flags.has(repost))
		f.copies += each * one(m.Flags.has(copied))
		if f.names != nil {
			f.names.network[m.Network] += each
			f.names.rule[m.Rule] += each
			f.names.listener[m.Listener] += each
		}
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// people counts the authors of all buckets, each once, and their reach.
func (f *figures) people(buckets []*bucket) {
	everybody, bound := crowd(buckets)
	each := weight(bound)
	reach, sure := 0.0, make(map[uint64]bool, len(buckets)*topLimit)
	for _, b := range buckets { // whose reach is known for sure counts as it is
		for _, t := range b.Top {
			if !sure[t.Author] {
				sure[t.Author] = true
				reach += float64(t.Source.Reach)
			}
		}
	}
	for _, a := range everybody {
		f.authors += each
		if !sure[a.key] {
			reach += each * float64(a.Reach)
		}
		if a.Flags.has(newAccount) {
			f.newAuthors += each
		}
		ape := a.Flags.has(aped) && !a.Flags.has(ownWords)
		f.apes += each * one(ape)
		if !a.Flags.has(negative) {
			continue
		}
		f.negAuthors += each
		f.negApes += each * one(ape)
		f.ownAuthors += each * one(a.Flags.has(ownWords))
		if !ape {
			for len(f.networks) <= int(a.Network) {
				f.networks = append(f.networks, 0)
			}
			f.networks[a.Network] += each
		}
	}
	f.reach = int64(reach)
}

type person struct {
	author
	key uint64
}

// crowd is the union of the authors of buckets, as far as all samples hold them.
func crowd(buckets []*bucket) ([]person, uint64) {
	bound, total := uint64(1)<<keyBits, 0
	for _, b := range buckets {
		bound = min(bound, b.Authors.bound())
		total += len(b.Authors.Keys)
	}
	all := make([]person, 0, total)
	for _, b := range buckets {
		for i, key := range b.Authors.Keys {
			if key < bound {
				all = append(all, person{b.Authors.Values[i], key})
			}
		}
	}
	slices.SortFunc(all, func(a, b person) int { return cmp.Compare(a.key, b.key) })
	merged := all[:0]
	for _, p := range all {
		if n := len(merged); n > 0 && merged[n-1].key == p.key {
			merged[n-1].Flags |= p.Flags
			merged[n-1].Reach = max(merged[n-1].Reach, p.Reach)
			continue
		}
		merged = append(merged, p)
	}
	return merged, bound
}

// newWords are the words that are far more frequent than in the past, of at least
// three authors, but for the brand's name. Those that say most come first. Before
// enough has been heard to know what is usual there are none.
func newWords(buckets []*bucket, past *lexis, brand string) []earshot.Tally {
	if past.Texts < leastPast {
		return nil
	}
	type use struct {
		by    map[uint64]bool
		texts int
		count float64
	}
	uses := map[string]*use{}
	texts, all := 0, 0.0
	for _, b := range buckets {
		posts := weight(b.Mentions.bound()) * float64(len(b.Mentions.Keys))
		all += posts
		for _, t := range b.Texts.Values {
			texts++
			for _, word := range t.Words {
				u := uses[word]
				if u == nil {
					u = &use{by: map[uint64]bool{}}
					uses[word] = u
				}
				u.by[t.Author] = true
				u.texts++
				u.count += posts / float64(len(b.Texts.Values))
			}
		}
	}
	var list []earshot.Tally
	for _, word := range slices.Sorted(maps.Keys(uses)) {
		u := uses[word]
		share := float64(u.texts) / float64(texts)
		if len(u.by) < leastAuthors || share < 5*past.share(word)+0.02 || strings.EqualFold(word, brand) {
			continue
		}
		list = append(list, earshot.Tally{Name: word, Count: int(min(u.count, all) + 0.5)})
	}
	return most(list, wordsShown)
}

// Sizes of what a person is shown.
const (
	leastPast    = 100 // texts before something is known of words
	leastAuthors = 3   // of a word that is shown
	wordsShown   = 10
	namesShown   = 10
	topShown     = 5
)

// most sorts by count, the greatest first, and keeps so many.
func most(list []earshot.Tally, limit int) []earshot.Tally {
	slices.SortStableFunc(list, func(a, b earshot.Tally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return slices.Clip(list[:min(limit, len(list))])
}
