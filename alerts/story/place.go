package story

import (
	"slices"

	"earshot/alerts/likeness"
)

// search is what is known of a mention while its place is looked for.
type search struct {
	*Post
	group   uint64 // keeps brands apart
	author  uint64
	name    uint64
	prints  []likeness.Print // its own, then that of the other sort if it may be like those
	ties    []tied
	said    []uint64 // names of its words, for those who say that they repeat them
	found   []*story // that it belongs to
	member  bool     // a record says that its story has counted it
	copied  bool     // somebody else said the same
	repeats bool     // it says of itself that it repeats
	place   Place
}

type tied struct {
	Tie
	name uint64
}

// Place returns the story of a mention: the one it belongs to, or a new one that
// begins with it. A mention that is remembered already was edited: it stays in
// its story, unless it was alone there, and may join another one.
func (x *Index) Place(p Post) Place {
	s := x.search(&p)
	before := First
	if known := x.mine[s.name]; known != nil {
		before = known.how
		if of := known.story.root(); of.body != nil && of.body.count() > 1 {
			s.found = append(s.found, of)
		}
		x.retract(known)
	}
	x.named(s)
	x.tied(s)
	x.alike(s)
	in := x.oldest(s)
	if in == nil {
		in = x.begin(s)
	}
	if s.place.How == "" { // nothing but that it was there before
		s.place.How = before
	}
	x.join(in, s)
	x.expire(p.At)
	s.place.Story = in.id
	s.place.Count = max(1, in.body.count())
	return s.place
}

// begin returns the story that begins with the mention, which may be an old one
// that its first mention had left.
func (x *Index) begin(s *search) *story {
	s.place.How = First
	id := storyID(s.Brand, s.Key)
	if known := x.stories[id]; known != nil {
		return known.root()
	}
	return &story{id: id, brand: s.Brand, born: s.Sequence}
}

// search reads the mention.
func (x *Index) search(p *Post) *search {
	s := &search{Post: p, group: hash(p.Brand, "group", ""), name: hash(p.Brand, "mention", p.Key)}
	if p.Author != "" {
		s.author = hash("", "author", p.Author)
	}
	for _, t := range p.Ties {
		sort := "mention"
		if t.How == Link {
			sort = "page"
		}
		s.ties = append(s.ties, tied{t, hash(p.Brand, sort, t.To)})
		s.repeats = s.repeats || t.How == Repost
	}
	x.reader.Read(p.Text)
	s.repeats = s.repeats || x.reader.Repost() != ""
	text := x.reader.Print(x.reader.Long())
	if s.place.Short = x.reader.Short(&text); s.place.Short {
		x.short(s, text.Exact)
	}
	if !x.reader.Comparable(&text) {
		return s
	}
	s.prints = append(s.prints, text)
	if x.reader.Edge() {
		s.prints = append(s.prints, x.reader.Print(!text.Long))
	}
	return s
}

// short lets a short text be found by those who say that they repeat it: "RT
// @bob: love it" is of what Bob said, or of the same words if they are several.
func (x *Index) short(s *search, exact uint64) {
	const several = 3
	words := x.reader.Words()
	if words == 0 {
		return
	}
	if handle := x.reader.Repost(); handle != "" {
		s.ties = append(s.ties, tied{Tie{How: Repost}, said(s.Brand, handle, exact)})
		if words >= several {
			s.ties = append(s.ties, tied{Tie{How: Repost}, said(s.Brand, "", exact)})
		}
		return
	}
	if s.Handle != "" {
		s.said = append(s.said, said(s.Brand, s.Handle, exact))
	}
	if words >= several {
		s.said = append(s.said, said(s.Brand, "", exact))
	}
}

func said(brand, handle string, exact uint64) uint64 { return hash(brand, "said", handle) ^ exact }

// named finds the story of those who referred to the mention before it was heard,
// and the one that a record knows it in.
func (x *Index) named(s *search) {
	n := x.names[s.name]
	if n == nil {
		return
	}
	in := n.story.root()
	s.add(in)
	s.place.How, s.place.Of = n.how, n.of
	if n.of == s.Key {
		s.place.Of = ""
	}
	s.member = in.body.has(s.name)
}

// tied finds the stories of what the mention refers to.
func (x *Index) tied(s *search) {
	for _, t := range s.ties {
		n := x.names[t.name]
		if n == nil || (t.How == Link && x.apart(n.at, s.At.UnixNano())) {
			continue
		}
		s.add(n.story.root())
		if s.place.How == "" || rank(t.How) < rank(s.place.How) {
			s.place.How, s.place.Of = t.How, t.To
			if t.How == Link || t.To == "" {
				s.place.Of = n.of
			}
		}
	}
}

// alike finds the stories of texts that are the same, more or less.
func (x *Index) alike(s *search) {
	at := s.At.UnixNano()
	wanted := func(m *mark) bool { return !m.off && !x.apart(m.at, at) }
	x.found = x.found[:0]
	for i := range s.prints {
		x.found = x.recent.Find(x.found, s.group, &s.prints[i], wanted)
		x.found = x.kept.Find(x.found, s.group, &s.prints[i], wanted)
	}
	for _, m := range x.found {
		if m.Value.key == s.Key { // its own print, from a record
			continue
		}
		s.add(m.Value.story.root())
		if m.Value.born < s.Sequence && (s.author == 0 || m.Value.author != s.author) {
			s.copied = true
		}
		if m.Like > s.place.Similarity {
			s.place.Similarity = m.Like
			if s.place.How == "" || rank(Copy) <= rank(s.place.How) {
				s.place.How, s.place.Of = s.copy(), m.Value.key
			}
		}
	}
	clear(x.found)
}

// copy is how a mention belongs to one with the same words.
func (s *search) copy() How {
	if s.repeats {
		return Repost
	}
	return Copy
}

func rank(h How) int {
	switch h {
	case Repost:
		return 1
	case Quote:
		return 2
	case Copy:
		return 3
	case Thread:
		return 4
	}
	return 5
}

func (s *search) add(in *story) {
	if !slices.Contains(s.found, in) {
		s.found = append(s.found, in)
	}
}

// apart reports whether two moments are too far apart.
func (x *Index) apart(a, b int64) bool {
	d := a - b
	if d < 0 {
		d = -d
	}
	return d < 0 || d > int64(x.options.Window)
}

// oldest makes one story of those that the mention connects and returns it, nil
// for none. The oldest keeps its name.
func (x *Index) oldest(s *search) *story {
	var oldest *story
	for _, in := range s.found {
		if oldest == nil || in.older(oldest) {
			oldest = in
		}
	}
	for _, in := range s.found {
		if in != oldest {
			s.place.Merged = append(s.place.Merged, in.id)
			x.merge(oldest, in, s.Sequence)
		}
	}
	return oldest
}
