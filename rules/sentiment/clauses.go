package sentiment

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"earshot/rules/features"
	"earshot/rules/match"
	"earshot/rules/text"
)

// name is where a post names a brand: tokens at to to.
type name struct {
	at, to int
	own    bool // the brand that is asked about
	object bool // what others are compared to: the clause is not about it
}

// clause is a part of a sentence that may feel otherwise than the rest: tokens from
// to to.
type clause struct {
	from, to int
	sentence int // its number
	cue      cue // how it begins
	asks     bool
	heed     float64 // how much what it says counts for the brand
}

// Bounds of what is looked at in a post.
const (
	mostNames  = 64
	mostPlaces = 128
	mostJoints = 64 // commas at which a clause may be cut
)

// heeding works out what of a post counts for one of the brands that it names.
type heeding struct {
	in      *Input
	args    []argument
	end     int   // tokens that are read
	at      []int // by argument: its token
	heed    []float64
	places  []place
	names   []name
	clauses []clause
	stances []stance
}

// start cuts a post into clauses and finds the names in them.
func (h *heeding) start(in *Input, args []argument, own, others []match.Words) {
	h.in, h.args = in, args
	list := in.Tokens.List
	h.end = sort.Search(len(list), func(i int) bool { return list[i].Field > text.Body })
	for h.end > 0 && int(list[h.end-1].From) >= features.Most {
		h.end--
	}
	h.locate()
	h.names = h.names[:0]
	h.name(own, true)
	h.name(others, false)
	slices.SortFunc(h.names, func(a, b name) int { return cmp.Compare(a.at, b.at) })
	h.places = loadCues().find(h.places[:0], in.Tokens, in.Lang, h.end)
	h.stances = h.stances[:0]
	h.cut()
}

// locate finds the token that each argument is about, or that stands before it.
func (h *heeding) locate() {
	list := h.in.Tokens.List[:h.end]
	h.at, h.heed = h.at[:0], h.heed[:0]
	for i := range h.args {
		a := &h.args[i]
		next := sort.Search(len(list), func(i int) bool {
			return list[i].Field > a.field || list[i].Field == a.field && int(list[i].From) > a.from
		})
		h.at = append(h.at, max(next-1, 0))
		h.heed = append(h.heed, 1)
	}
}

// name adds names of a brand. A word that two brands share names neither.
func (h *heeding) name(words []match.Words, own bool) {
	list := h.in.Tokens.List[:h.end]
	for _, w := range words {
		at := sort.Search(len(list), func(i int) bool {
			return list[i].Field > w.Field || list[i].Field == w.Field && int(list[i].From) >= w.Span[0]
		})
		if at == len(list) || list[at].Field != w.Field || len(h.names) == mostNames {
			continue
		}
		if slices.ContainsFunc(h.names, func(n name) bool { return n.at == at }) {
			continue
		}
		to := at + 1
		for to < len(list) && list[to].Field == w.Field && int(list[to].From) < w.Span[1] {
			to++
		}
		h.names = append(h.names, name{at: at, to: to, own: own})
	}
}

// cut makes the clauses.
func (h *heeding) cut() {
	h.clauses = h.clauses[:0]
	begin := clause{heed: 1}
	first, next := 0, 0 // of the sentence; of the places
	for i := range h.end {
		ends, comma := h.gap(i)
		if ends != 0 {
			h.close(&begin, i)
			h.ask(begin.sentence, ends == '?')
			begin.sentence++
			first = i
		}
		for next < len(h.places) && h.places[next].from < i {
			next++
		}
		switch {
		case next < len(h.places) && h.places[next].from == i && h.places[next].cue&(cueTurn|cueConcede|cueUnlike) != 0:
			h.close(&begin, h.afterComma(i, begin.from))
			begin.cue = h.places[next].cue
		case comma && begin.cue != 0 && begin.from == first && i > begin.from+1:
			h.close(&begin, i)
		}
	}
	h.close(&begin, h.end)
	h.ask(begin.sentence, h.end > 0 && h.asksAtEnd())
}

// close ends a clause before token to and begins the next one there.
func (h *heeding) close(c *clause, to int) {
	if to > c.from {
		c.to = to
		h.clauses = append(h.clauses, *c)
	}
	c.from, c.cue = to, 0
}

// afterComma is where a clause begins whose but stands at token i: there, or a few
// words before, behind a comma: A is nice, B however is not.
func (h *heeding) afterComma(i, from int) int {
	for at := i; at > max(from, i-reachThan); at-- {
		if _, comma := h.gap(at); comma {
			return at
		}
	}
	return i
}

// ask notes that the clauses of the sentence that ends ask and claim nothing.
func (h *heeding) ask(sentence int, asks bool) {
	for i := len(h.clauses) - 1; asks && i >= 0 && h.clauses[i].sentence == sentence; i-- {
		h.clauses[i].asks = true
	}
}

// gap says what stands before token i: the end of a sentence ('?' of a question),
// 0 for none, and whether there is a comma.
func (h *heeding) gap(i int) (ends byte, comma bool) {
	if i == 0 {
		return 0, false
	}
	list := h.in.Tokens.List
	before, tok := &list[i-1], &list[i]
	if before.Field != tok.Field {
		return '.', false
	}
	if before.To >= tok.From {
		return 0, false
	}
	gap := h.in.Fields[tok.Field][before.To:tok.From]
	if gap == " " {
		return 0, false
	}
	at := strings.IndexAny(gap, ".!?\n;。！？…؟")
	switch {
	case at < 0:
		return 0, strings.ContainsAny(gap, ",，、")
	case len(gap) == 1 && gap != "\n": // acme.example, 3.5
		return 0, false
	case strings.ContainsAny(gap, "?？؟"):
		return '?', false
	}
	return '.', false
}

// asksAtEnd reports whether the post ends in a question mark.
func (h *heeding) asksAtEnd() bool {
	last := &h.in.Tokens.List[h.end-1]
	rest := h.in.Fields[last.Field][last.To:]
	return strings.ContainsAny(rest[:min(len(rest), 8)], "?？؟")
}

// clauseAt is the clause that a token stands in, nil for none.
func (h *heeding) clauseAt(token int) *clause {
	i := sort.Search(len(h.clauses), func(i int) bool { return h.clauses[i].to > token })
	if i == len(h.clauses) || h.clauses[i].from > token {
		return nil
	}
	return &h.clauses[i]
}

// margin is what the words from token from to to argue for positive and against
// negative.
func (h *heeding) margin(from, to int) (sum float64) {
	for i, at := range h.at {
		if at >= from && at < to {
			sum += h.args[i].pos - h.args[i].neg
		}
	}
	return sum
}

// named says whether a brand's name begins among tokens from to to, and whether
// another's does.
func (h *heeding) named(from, to int) (own, other bool) {
	for _, n := range h.names {
		if n.at >= from && n.at < to {
			own, other = own || n.own, other || !n.own
		}
	}
	return own, other
}

// looksNamed reports whether a word among tokens from to to looks like the name of
// something that nobody listens to: a handle, a tag, or with a capital that the
// sentence does not ask for.
func (h *heeding) looksNamed(from, to int) bool {
	if from >= to {
		return false
	}
	first, last := &h.in.Tokens.List[from], &h.in.Tokens.List[to-1]
	for i := range h.in.Post.Spans {
		s := &h.in.Post.Spans[i]
		if field(s.Body) != first.Field || s.From < first.From || s.From >= last.To {
			continue
		}
		word := h.in.Fields[first.Field][s.From:s.To]
		switch {
		case word[0] == '@':
			return true
		case s.Name && h.in.Lang != "de" && len(word) > 1 && word[:2] != "I'" && !strings.HasPrefix(word, "I’"):
			return true
		}
	}
	return false
}
