package story

import (
	"earshot"
	"earshot/alerts/likeness"
)

func storyID(brand, key string) string { return earshot.Key(brand + "\x00story\x00" + key) }

// join remembers the mention as one of the story and counts it, unless a record
// says that it has been counted.
func (x *Index) join(in *story, s *search) {
	p := &post{
		mark:    mark{story: in, key: s.Key, born: s.Sequence, author: s.author, at: s.At.UnixNano()},
		name:    s.name,
		how:     s.place.How,
		source:  s.Source,
		fans:    s.Reach,
		unhappy: s.Negative,
		shared:  s.repeats,
		copied:  s.copied && !s.repeats,
		fresh:   s.New,
	}
	alone := in.live == 0
	if in.body == nil && !alone {
		x.embody(in) // before the ring lets go of the first mention
	}
	x.remember(p)
	x.hold(p, s.name, Thread)
	for _, t := range s.ties {
		if t.To != "" { // what nobody has said yet, nobody can be asked about
			x.hold(p, t.name, t.How)
		}
	}
	for _, n := range s.said {
		x.hold(p, n, Repost)
	}
	if len(s.prints) > 0 {
		p.text = x.recent.Put(s.group, &s.prints[0], &p.mark)
	}
	if in.body == nil {
		in.only = p
		return
	}
	if s.member || (in.restored() && s.Sequence <= in.body.through) {
		return
	}
	x.admit(in, p)
}

// embody gives a story its body: it has a second mention.
func (x *Index) embody(in *story) {
	in.body = newBody(in)
	x.stories[in.id] = in
	if first := in.only; first != nil {
		x.admit(in, first)
	}
	in.only = nil
}

// admit adds a mention to what the story knows: its numbers, what it shows, and
// by what further mentions are recognised.
func (x *Index) admit(in *story, p *post) {
	b := in.body
	b.add(p)
	b.through = max(b.through, p.born)
	if b.show(p.source) {
		x.reshow(in)
	}
	for _, n := range p.held {
		x.retain(in, n, n == p.name)
	}
	if text := x.recent.Get(p.text); text != nil {
		x.recognise(in, text, p)
	}
	x.touch(in)
}

// recognise has the story be found by a print, also when its mentions are not
// remembered any more.
func (x *Index) recognise(in *story, text *likeness.Print, p *post) {
	const near = 0.7 // what is like this one is like that one, too, nearly always
	for i := range in.body.anchors.all {
		if a := &in.body.anchors.all[i]; a.text.Like(text) >= near {
			a.mark.at = max(a.mark.at, p.at)
			return
		}
	}
	x.anchor(in, anchor{text: *text, mark: &mark{story: in, key: p.key, born: p.born, author: p.author, at: p.at}})
}

// touch has the story be in the next Changed.
func (x *Index) touch(in *story) {
	if !in.body.dirty {
		in.body.dirty = true
		x.changed = append(x.changed, in)
	}
}
