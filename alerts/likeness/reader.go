package likeness

import (
	"math"
	"math/bits"
)

// What is read of a text. Posts are short; of a book its beginning is enough.
const (
	maxRunes = 1 << 15
	run      = 4   // characters in a shingle of a short text
	article  = 120 // words from which a text is an article
	edge     = 1.6 // up to which ratio of lengths two texts may be alike
)

// Reader makes prints. It keeps its buffers from one text to the next and is not
// for concurrent use.
type Reader struct {
	text   []rune // what counts of the text, one space between words
	mins   [rows]uint64
	words  int
	tokens int // words, as far as spaces or characters part them
	repost string
}

// Read takes a text in. Prints are of the last text read.
func (r *Reader) Read(text string) { r.normalise(text) }

// Words is how many words of the text count; a letter of a script that has no
// spaces is a word.
func (r *Reader) Words() int { return r.words }

// Repost is whom the text says that it repeats, as by "RT @somebody:", in lower
// case; empty if it does not say so.
func (r *Reader) Repost() string { return r.repost }

// Short reports whether the text is too short for likeness to mean anything:
// many people write "my order hasn't arrived".
func (r *Reader) Short(p *Print) bool { return r.words < leastWords || p.Size() < least }

// Comparable reports whether the text may be like another one: also a short one,
// if it was longer before somebody cut it.
func (r *Reader) Comparable(p *Print) bool { return r.words >= leastWords && p.Size() >= leastCut }

// Edge reports whether texts of the other sort may be like this one, because its
// length is near the border between them.
func (r *Reader) Edge() bool {
	return float64(r.tokens) >= article/edge && float64(r.tokens) < article*edge
}

// Long reports whether the text is compared as an article.
func (r *Reader) Long() bool { return r.tokens >= article }

// Print is the print of the text as a short one or as an article. Only prints of
// one sort compare.
func (r *Reader) Print(long bool) Print {
	p := Print{Long: long, Exact: r.exact()}
	for i := range r.mins {
		r.mins[i] = math.MaxUint64
	}
	if long {
		r.pairs()
	} else {
		r.runs()
	}
	for i, m := range r.mins {
		if m != math.MaxUint64 {
			p.Rows[i] = uint8(m)
			p.Filled[i/64] |= 1 << (i % 64)
		}
	}
	p.densify()
	return p
}

// densify gives rows without a value that of another row, chosen by the row, so
// that rows of two prints agree as often as their texts do (Shrivastava, Optimal
// Densification for Fast and Accurate Minwise Hashing, 2017).
func (p *Print) densify() {
	if p.Filled == [2]uint64{} {
		return
	}
	for i := range p.Rows {
		if p.Filled[i/64]>>(i%64)&1 == 1 {
			continue
		}
		for try := uint64(1); ; try++ {
			from := mix(uint64(i)<<32|try) % rows
			if p.Filled[from/64]>>(from%64)&1 == 1 {
				p.Rows[i] = p.Rows[from]
				break
			}
		}
	}
}

func (r *Reader) exact() uint64 {
	h := uint64(len(r.text))
	for _, c := range r.text {
		h = bits.RotateLeft64(h^uint64(c), 27) * prime
	}
	return mix(h)
}

const prime = 0x9e3779b97f4a7c15

// mix spreads every bit of h over all (the finalizer of SplitMix64).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

func (r *Reader) add(h uint64) {
	h = mix(h)
	row := h >> 57
	if v := h & (1<<57 - 1); v < r.mins[row] {
		r.mins[row] = v
	}
}

// runs adds each run of five characters, and each pair of characters of a script
// that writes a word in one or two.
func (r *Reader) runs() {
	t := r.text
	for i := range t {
		if dense(t[i]) {
			if i+1 < len(t) {
				r.add(uint64(t[i])<<21 | uint64(t[i+1]))
			}
			continue
		}
		if i+run > len(t) {
			continue
		}
		h := uint64(run)
		for _, c := range t[i : i+run] {
			h = (h ^ uint64(c)) * prime
		}
		r.add(h)
	}
}

// pairs adds each two words that follow each other.
func (r *Reader) pairs() {
	var last, word uint64
	end := func() {
		if word != 0 {
			r.add(mix(last) ^ word)
			last, word = word, 0
		}
	}
	for _, c := range r.text {
		switch {
		case c == ' ':
			end()
		case dense(c):
			end()
			word = mix(uint64(c))
			end()
		default:
			word = (word ^ uint64(c) + 1) * prime
		}
	}
	end()
}
