package match

import (
	"cmp"
	"slices"

	"earshot"
	"earshot/rules/text"
)

// Post is one mention as queries see it, and scratch space to be used again. Not
// for concurrent use.
type Post struct {
	Tokens text.Tokens // of title and text

	// Language tells the language of a mention, if a query asks for one. Without it
	// the mention's own claim counts.
	Language func(*earshot.Mention) string

	index   *Index
	fields  [2]string
	numbers [len(numberNames)]float64 // if a query asks for one
	all     text.Tokens               // Tokens, those of addresses, and words in tags and in disguise
	spoken  int                       // how many of them are in Tokens

	disguises text.Disguises

	ids     []int32
	key     []byte
	spelled []byte
	folded  []byte

	now     uint32
	terms   []termState // by term
	seen    []seenTerm  // terms of the post
	hits    []hit
	where   []int32 // token numbers, by term, in order; -1 for a field
	placed  bool    // where is made
	bloom   [bloomSize / 64]uint64
	asked   []uint32 // by query: stamped when it was looked at
	matched []int32
	sides   [][]interval
	told    []told
	room    int // how long a list of words may become
}

// termState tells whether a term is in the post, and where in seen.
type termState struct {
	stamp uint32
	at    int32
}

type seenTerm struct {
	term, count, start int32
	last               int32 // token
	unsorted           bool
}

type hit struct{ at, token int32 }

// bloomSize is how many bits tell quickly that a term is not in the post.
const bloomSize = 1 << 14

// Search reads a mention and returns the searched queries that match it, in
// order. The slice is valid until the next Search.
func (x *Index) Search(p *Post, m *earshot.Mention) []int32 {
	p.prepare(x)
	p.read(x, m)
	for i := range p.all.List {
		p.noteToken(x, int32(i))
	}
	if x.skeletons.dict.Len() > 0 {
		p.noteDisguises(x)
	}
	if len(x.regexes) > 0 {
		p.noteLiterals(x)
	}
	if x.wants != 0 {
		p.noteFields(x, m)
	}
	if len(x.ranges) > 0 {
		p.numbers = numbersOf(m)
	}
	p.matched = p.matched[:0]
	for i := range p.seen {
		p.ask(x, p.seen[i].term)
	}
	slices.Sort(p.matched)
	return p.matched
}

// ask looks at the queries that wait for a term.
func (p *Post) ask(x *Index, term int32) {
	postings := x.postings[x.heads[term]:x.heads[term+1]]
	for i := range postings {
		posting := &postings[i]
		if g := &posting.guard; g[0] != 0 && !p.has(g[0]) && !p.has(g[1]) && !p.has(g[2]) {
			continue
		}
		query := posting.query
		if query < 0 {
			query = ^query // it waits for nothing else
		} else if p.asked[query] == p.now {
			continue
		} else {
			p.asked[query] = p.now
		}
		if p.eval(x, x.roots[query]) {
			p.matched = append(p.matched, query)
		}
	}
}

// Matches reports whether a query matches the post that was searched last.
func (x *Index) Matches(p *Post, query int) bool {
	return p.eval(x, x.roots[query])
}

// Forget drops what belongs to the mention that was searched last.
func (p *Post) Forget() {
	p.fields = [2]string{}
	p.all.Reset()
	p.Tokens = p.all
	p.seen, p.hits, p.spoken = p.seen[:0], p.hits[:0], 0
	clear(p.bloom[:])
	p.now++
	if p.now == 0 {
		p.index = nil
	}
}

// prepare readies the scratch space for an index.
func (p *Post) prepare(x *Index) {
	if p.index != x {
		p.index, p.now = x, 0
		p.terms = make([]termState, x.words.Len())
		p.asked = make([]uint32, len(x.roots))
	}
	if p.now++; p.now == 0 {
		clear(p.terms)
		clear(p.asked)
		p.now = 1
	}
	const plenty = 1 << 16 // as of package text: longer posts are rare
	if cap(p.folded) > plenty {
		p.folded = nil
	}
	if cap(p.hits) > plenty {
		p.hits, p.where, p.sides = nil, nil, nil
	}
	clear(p.bloom[:])
	p.hits, p.seen, p.placed = p.hits[:0], p.seen[:0], false
}

// read cuts the mention into tokens.
func (p *Post) read(x *Index, m *earshot.Mention) {
	p.fields = [2]string{m.Title, m.Text}
	p.all.Reset()
	if m.Title != "" {
		p.all.Add(text.Title, m.Title)
	}
	p.all.Add(text.Body, m.Text)
	p.spoken = len(p.all.List)
	p.Tokens = p.all
	if x.wants&wantAddress != 0 {
		p.all.Add(text.Address, m.URL)
	}
	if x.wants&wantLinks != 0 {
		for _, link := range m.Links {
			p.all.Add(text.Link, link)
		}
	}
	if x.camels.dict.Len() > 0 {
		p.all.AddParts(p.spoken, &p.fields)
	}
}

// placeOf says where a token stands.
func placeOf(t *text.Token) places {
	switch t.Field {
	case text.Title:
		if t.URL {
			return inTitle | inTextLink
		}
		return inTitle
	case text.Address:
		return inAddress
	case text.Link:
		return inLink
	}
	if t.URL {
		return inText | inTextLink
	}
	return inText
}

// noteToken notes the terms of a token.
func (p *Post) noteToken(x *Index, i int32) {
	tok := &p.all.List[i]
	if tok.Kind == text.Part {
		p.ids = x.camels.dict.Lookup(p.ids[:0], p.all.Key(int(i)))
		p.noteLayer(&x.camels, i)
		return
	}
	place := placeOf(tok)
	p.ids = x.words.Lookup(p.ids[:0], p.all.Key(int(i)))
	for _, word := range p.ids {
		if place&anywhere != 0 {
			p.note(word, i)
		}
		if x.checked[word/64]&(1<<(word%64)) != 0 {
			p.noteChecked(x.checks[word], place, i)
		}
	}
	if tok.Kind == text.Word && place&anywhere != 0 && x.insides.dict.Len() > 0 {
		key := p.all.Key(int(i))
		for j := range key {
			if key[j]&0xC0 != 0x80 {
				p.ids = x.insides.dict.Begins(p.ids[:0], key[j:])
				p.noteLayer(&x.insides, i)
			}
		}
	}
}

// noteLayer notes the terms that a layer has for what was looked up.
func (p *Post) noteLayer(l *layer, token int32) {
	for _, id := range p.ids {
		p.noteChecked(l.checks[id], placeOf(&p.all.List[token]), token)
	}
}

// noteChecked notes the terms whose conditions a token fulfils.
func (p *Post) noteChecked(checks []check, place places, token int32) {
	for i := range checks {
		c := &checks[i]
		if c.places&place != 0 && (c.exact == "" || p.isSpelled(c, token)) {
			p.note(c.term, token)
		}
	}
}

// isSpelled reports whether the token has the accents that are asked for.
func (p *Post) isSpelled(c *check, token int32) bool {
	tok := &p.all.List[token]
	if tok.Field > text.Body {
		return true
	}
	p.spelled, _ = text.AppendSpelled(p.spelled[:0], p.fields[tok.Field][tok.From:tok.To])
	s := p.spelled
	return string(s) == c.exact || c.prefix && len(s) > len(c.exact) && string(s[:len(c.exact)]) == c.exact
}

// noteDisguises looks for words in disguise.
func (p *Post) noteDisguises(x *Index) {
	for field, s := range p.fields {
		p.disguises.Read(s)
		for d, ok := p.disguises.Next(); ok; d, ok = p.disguises.Next() {
			p.ids = x.skeletons.dict.Lookup(p.ids[:0], d.Key)
			for _, id := range p.ids {
				p.noteDisguise(x.skeletons.checks[id], text.Field(field), d)
			}
		}
	}
}

func (p *Post) noteDisguise(checks []check, field text.Field, d text.Disguise) {
	for _, last := range [2]bool{false, true} {
		token := p.all.AddDisguise(p.spoken, field, d.From, d.To, last)
		if token >= 0 {
			p.noteChecked(checks, placeOf(&p.all.List[token]), token)
		}
	}
}

// noteLiterals looks for what regular expressions cannot do without.
func (p *Post) noteLiterals(x *Index) {
	for _, s := range p.fields {
		p.folded = text.AppendCaseFold(p.folded[:0], s)
		for i := range p.folded {
			p.ids = x.literals.dict.Begins(p.ids[:0], p.folded[i:])
			for _, id := range p.ids {
				p.note(x.literals.checks[id][0].term, -1)
			}
		}
	}
}

func (p *Post) note(term, token int32) {
	state := &p.terms[term]
	if state.stamp != p.now {
		state.stamp, state.at = p.now, int32(len(p.seen))
		p.bloom[uint32(term)%bloomSize/64] |= 1 << (uint32(term) % 64)
		p.seen = append(p.seen, seenTerm{term: term, count: 1, last: token})
		p.hits = append(p.hits, hit{state.at, token})
		return
	}
	s := &p.seen[state.at]
	if s.last == token {
		return
	}
	if s.last >= 0 && token >= 0 && p.all.List[token].Pos < p.all.List[s.last].Pos {
		s.unsorted = true
	}
	s.last = token
	s.count++
	p.hits = append(p.hits, hit{state.at, token})
}

// has reports whether the post has a term. The bits answer most questions without
// touching the memory of the terms.
func (p *Post) has(term int32) bool {
	return p.bloom[uint32(term)%bloomSize/64]&(1<<(uint32(term)%64)) != 0 && p.terms[term].stamp == p.now
}

// place sorts the hits by term.
func (p *Post) place() {
	at := int32(0)
	for i := range p.seen {
		s := &p.seen[i]
		s.start = at
		at += s.count
		s.count = 0
	}
	p.where = slices.Grow(p.where[:0], len(p.hits))[:len(p.hits)]
	for _, h := range p.hits {
		s := &p.seen[h.at]
		p.where[s.start+s.count] = h.token
		s.count++
	}
	for i := range p.seen {
		if s := &p.seen[i]; s.unsorted {
			slices.SortStableFunc(p.where[s.start:][:s.count], func(a, b int32) int {
				return cmp.Compare(p.all.List[a].Pos, p.all.List[b].Pos)
			})
		}
	}
	p.placed = true
}

// occurrences returns the tokens of a term, in order.
func (p *Post) occurrences(term int32) []int32 {
	if !p.has(term) {
		return nil
	}
	if !p.placed {
		p.place()
	}
	s := &p.seen[p.terms[term].at]
	return p.where[s.start:][:s.count]
}
