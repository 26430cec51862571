package match

import (
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"earshot"
	"earshot/rules/text"
)

// Post is one mention as queries see it, and scratch space to be used again. Not
// for concurrent use.
type Post struct {
	Tokens text.Tokens

	index   *Index
	ids     []int32
	spelled []byte // of a token
	hits    []hit
	seen    []int32 // terms of the post
	stamp   []uint32
	count   []int32 // by term, valid if stamped
	start   []int32 // by term: where its occurrences begin
	where   []int32 // token numbers, by term, in order; -1 for a site
	placed  bool    // count, start and where are made
	now     uint32
	asked   []uint32 // by query: stamped when it is a candidate
	matched []int32
	left    []interval
	right   []interval
}

type hit struct{ term, token int32 }

// Search reads a mention and returns the searched queries that match it, in
// order. The slice is valid until the next Search.
func (x *Index) Search(p *Post, m *earshot.Mention) []int32 {
	p.read(m)
	p.prepare(x)
	for i := range p.Tokens.List {
		if p.ids = x.dict.Lookup(p.ids[:0], p.Tokens.Key(i)); len(p.ids) > 0 {
			for _, term := range p.ids {
				p.note(term, int32(i))
				if accents := x.accents[term]; accents != nil {
					p.noteAccents(m, accents, i)
				}
			}
		}
	}
	if len(x.sites) > 0 {
		p.noteSites(m)
	}
	candidates := p.matched[:0]
	for _, term := range p.seen {
		for _, q := range x.postings[term] {
			if p.asked[q] != p.now {
				p.asked[q] = p.now
				candidates = append(candidates, q)
			}
		}
	}
	p.matched = slices.DeleteFunc(candidates, func(q int32) bool { return !x.Matches(p, int(q)) })
	slices.Sort(p.matched)
	return p.matched
}

// Matches reports whether a query matches the post that was searched last.
func (x *Index) Matches(p *Post, query int) bool {
	if !p.placed {
		p.place()
	}
	return p.eval(&x.queries[query])
}

func (p *Post) read(m *earshot.Mention) {
	p.Tokens.Reset()
	if m.Title != "" {
		p.Tokens.Add(text.Title, m.Title)
	}
	p.Tokens.Add(text.Body, m.Text)
}

// prepare readies the scratch space for an index.
func (p *Post) prepare(x *Index) {
	if n := x.dict.Len(); p.index != x {
		p.index, p.now = x, 0
		p.stamp, p.count, p.start = make([]uint32, n), make([]int32, n), make([]int32, n)
		p.asked = make([]uint32, len(x.queries))
	}
	if p.now++; p.now == 0 {
		clear(p.stamp)
		clear(p.asked)
		p.now = 1
	}
	p.hits, p.seen, p.placed = p.hits[:0], p.seen[:0], false
}

func (p *Post) note(term, token int32) {
	if p.stamp[term] != p.now {
		p.stamp[term], p.count[term] = p.now, 0
		p.seen = append(p.seen, term)
	}
	p.count[term]++
	p.hits = append(p.hits, hit{term, token})
}

// place sorts the hits by term.
func (p *Post) place() {
	at := int32(0)
	for _, term := range p.seen {
		p.start[term] = at
		at += p.count[term]
		p.count[term] = 0
	}
	p.where = slices.Grow(p.where[:0], len(p.hits))[:len(p.hits)]
	for _, h := range p.hits {
		p.where[p.start[h.term]+p.count[h.term]] = h.token
		p.count[h.term]++
	}
	p.placed = true
}

// occurrences returns the tokens of a term, in order.
func (p *Post) occurrences(term int32) []int32 {
	if p.stamp[term] != p.now {
		return nil
	}
	return p.where[p.start[term]:][:p.count[term]]
}

// noteSites looks for the hosts of the mention, its links and the addresses in
// its title and text, however they are written.
func (p *Post) noteSites(m *earshot.Mention) {
	p.noteAddress(m.URL)
	for _, link := range m.Links {
		p.noteAddress(link)
	}
	for _, host := range p.Tokens.Hosts {
		p.noteHost(host)
	}
	p.noteBareHosts(m.Title)
	p.noteBareHosts(m.Text)
}

func (p *Post) noteAddress(address string) {
	if host := text.Host(address); host != "" {
		p.noteHost(host)
		return
	}
	p.noteBareHosts(address)
}

// noteHost looks for the host and all that it is below of.
func (p *Post) noteHost(host string) {
	for host = p.index.ascii(host); host != ""; _, host, _ = strings.Cut(host, ".") {
		p.noteSite(host)
	}
}

// noteBareHosts looks for hosts in a text. A single word is none there.
func (p *Post) noteBareHosts(s string) {
	for host := range text.BareHosts(s) {
		for host = p.index.ascii(host); strings.Contains(host, "."); _, host, _ = strings.Cut(host, ".") {
			p.noteSite(host)
		}
	}
}

func (p *Post) noteSite(host string) {
	if term, ok := p.index.sites[host]; ok && p.stamp[term] != p.now {
		p.note(term, -1)
	}
}

// ascii is how an international host name is compared, "" for what is too long
// to be one. It takes long, and is needed only if a query has such a name.
func (x *Index) ascii(host string) string {
	if len(host) > text.MaxHost {
		return ""
	}
	if x.international && strings.IndexFunc(host, func(r rune) bool { return r >= 0x80 }) >= 0 {
		if ascii, err := idna.Lookup.ToASCII(host); err == nil {
			return ascii
		}
	}
	return host
}
