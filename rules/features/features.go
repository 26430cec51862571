// Package features turns a text into the numbers that all models share: hashed
// words, pairs of words, denied words, runs of characters and marks of style,
// each with the bytes it stands for. It reads a post once, whatever the number of
// models. What a feature is worth is in the models' weights, package linear; the
// words that queries match are cut in package text.
package features

// Group is a kind of feature. A model names the groups it was trained on.
type Group int

// The groups.
const (
	Words  Group = iota // words and hashtags
	Signs               // emoji, emoticons, runs of ! and ?, handles, addresses
	Pairs               // neighbours of both kinds
	Denied              // words that follow a negation
	Style               // capitals, drawn-out words, hashtags, handles, quotes
	Runs1               // single characters of a word
	Runs2               // two characters in a row, the word's ends included
	Runs3
	Runs4
	GroupCount
)

// Feature is a hash and the span it stands for: an index of Post.Spans.
type Feature struct {
	Hash uint32
	Span int32
}

// Span is a word, emoji or sign: bytes From to To of the title or the body.
type Span struct {
	From, To int32
	Body     bool
	Name     bool // a word that looks like a name: a hashtag, or with a capital that no sentence asks for
}

// Most is how many bytes of a field are read. Who complains, asks or threatens
// does so on the first pages.
const Most = 8 << 10

// Post is what a text consists of. It is scratch space to be used again: each
// Read forgets the last. Not for concurrent use.
type Post struct {
	Spans  []Span
	Groups [GroupCount][]Feature

	runs once // of scripts without spaces
}

// Read cuts a title and a body. It takes any bytes; what is no UTF-8 separates.
func (p *Post) Read(title, body string) {
	p.Spans = p.Spans[:0]
	p.runs.forget()
	for g := range p.Groups {
		p.Groups[g] = p.Groups[g][:0]
	}
	for field, s := range [2]string{title, body} {
		if s == "" {
			continue
		}
		sc := scanner{post: p, s: s[:min(len(s), Most)], body: field == 1, classes: loadClasses()}
		sc.scan()
	}
}

// add appends a feature of the last span.
func (p *Post) add(g Group, hash uint32) {
	p.Groups[g] = append(p.Groups[g], Feature{Hash: hash, Span: int32(len(p.Spans) - 1)})
}

// HashWord is the hash of a word in group Words, as a training lexicon needs it.
// The word must be in the form that Read gives it: lower case, one word.
func HashWord(word string) uint32 {
	h := uint32(offset)
	for _, r := range word {
		h = step(h, r)
	}
	return finish(h)
}

// HashDenied is the hash of a word in group Denied.
func HashDenied(word uint32) uint32 { return mix(word, saltDenied) }

const (
	offset     = 0x811C9DC5
	prime      = 0x01000193
	saltDenied = 0x9E3779B9
	saltTag    = 0x7F4A7C15
	saltStyle  = 0x85EBCA6B
)

func step(h uint32, r rune) uint32 { return (h ^ uint32(r)) * prime }

// finish spreads the bits of a hash, so that its lowest ones will do for a table.
func finish(h uint32) uint32 {
	h ^= h >> 16
	h *= 0x7FEB352D
	h ^= h >> 15
	h *= 0x846CA68B
	return h ^ h>>16
}

func mix(a, b uint32) uint32 { return finish(a*0x9E3779B1 + b) }
