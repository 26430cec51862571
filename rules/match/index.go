// Package match runs many stored queries over one post at once. The post is cut
// into tokens once; each query is looked at only when the rarest thing it cannot
// do without is there, and the rarest other thing too. It does not read queries
// (rules/query) and does not judge.
package match

import (
	"regexp"

	"earshot"
	"earshot/rules/text"
)

// Index holds compiled queries. It is immutable and safe for concurrent use,
// each user with a Post of its own.
type Index struct {
	nodes    []node
	spans    [][2]int32 // by node: where it stands in its query's text
	elements []element
	exacts   []exact
	regexes  []expression
	ranges   []between
	roots    []int32 // by query: its node

	words     text.Dict         // everything that is compared with tokens and fields
	checks    map[int32][]check // by word: who asks more of it than to be there
	checked   []uint64          // by word: a bit
	skeletons layer             // words that are looked for in disguise
	camels    layer             // words that are looked for in tags
	insides   layer             // words that are looked for inside others
	literals  layer             // of regular expressions

	wants         wants
	properties    [properties]int32 // terms, 0 for none
	international bool              // a site has letters beyond ASCII

	heads    []int32   // by term: where its postings begin
	postings []posting // by term
	everyday []earshot.Span
}

// posting is a query that waits for a term, ^query if it waits for no other.
type posting struct {
	query int32
	guard guard
}

// guard are terms of which one at least must be there as well; 0 is none, and a
// guard without the first one asks for nothing.
type guard [3]int32

// check is a condition on a token that has some word, and the term that is noted
// where it holds.
type check struct {
	term   int32
	places places
	exact  string // AppendSpelled writes the token so
	prefix bool   // or begins so
}

// layer is a dictionary of what is looked for beside the words of a post.
type layer struct {
	dict   text.Dict
	checks [][]check // by number of dict
}

func (l *layer) add(id int32, c check) {
	for int(id) >= len(l.checks) {
		l.checks = append(l.checks, nil)
	}
	l.checks[id] = append(l.checks[id], c)
}

// op is what a node does.
type op uint8

const (
	opTerm    op = iota // from is a term
	opBetween           // from is a place in ranges
	opPattern           // elements in a row
	opExact             // elements, spelled as exacts[distance] says
	opNear
	opAnd
	opOr
	opNot
	opRegex // from is a place in regexes
)

// node is a compiled operator or leaf. Its operands or elements are from..to.
type node struct {
	op       op
	ordered  bool
	distance int16
	from, to int32
}

// element is a word of a pattern.
type element struct {
	term   int32
	offset int16
	joined bool
}

// exact is how a pattern is spelled: its words, and the signs before and after.
type exact struct {
	elements   [2]int32
	lead, tail string
	body       []byte
}

type expression struct {
	regex *regexp.Regexp
	title bool
}

type between struct {
	number int // place in numberNames
	of     earshot.QueryRange
}

// places say where a token stands.
type places uint8

const (
	inTitle places = 1 << iota
	inText
	inAddress // of the mention itself
	inLink
	inTextLink // an address in title or text

	anywhere = inTitle | inText
)

// wants are the parts of a mention that some query asks for.
type wants uint32

const (
	wantAuthor wants = 1 << iota
	wantTo
	wantLang
	wantSite
	wantAddress
	wantLinks
	wantNetwork
	wantChannel
	wantCountry
	wantProperties
)

// New compiles queries, which are known by their place in the slice and name no
// others. Search looks for the first searched of them; the rest is only asked for
// by number.
func New(queries []*earshot.Query, searched int) *Index {
	b := newBuilder()
	for _, q := range queries {
		b.add(q)
	}
	x := b.x
	x.words.Freeze()
	for _, l := range []*layer{&x.skeletons, &x.camels, &x.insides, &x.literals} {
		l.dict.Freeze()
	}
	x.checked = make([]uint64, x.words.Len()/64+1)
	for word := range x.checks {
		x.checked[word/64] |= 1 << (word % 64)
	}
	b.post(searched)
	return x
}

// Everyday tells where a searched query rests on a word that nearly every post
// has, so that it is looked at for nearly every post.
func (x *Index) Everyday(query int) (at earshot.Span, ok bool) {
	at = x.everyday[query]
	return at, at != earshot.Span{}
}

func (x *Index) span(n int32) earshot.Span {
	return earshot.Span{int(x.spans[n][0]), int(x.spans[n][1])}
}
