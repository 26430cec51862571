package story

import (
	"encoding/binary"
	"fmt"
	"time"

	"earshot"
	"earshot/alerts/likeness"
)

// Record is what lasts of a story with two mentions or more: as JSON at most
// 16 kB. It holds no text and no names of people.
type Record struct {
	Story   earshot.Story `json:"story"`             // of an alias and of one that is gone only ID and brand
	Alias   string        `json:"alias,omitempty"`   // ID of the story that it became part of
	Gone    bool          `json:"gone,omitempty"`    // it is forgotten, and the record may be deleted
	Born    uint64        `json:"born,omitempty"`    // sequence of its first mention
	Through uint64        `json:"through,omitempty"` // sequence of its last one
	Heard   time.Time     `json:"heard,omitzero"`    // when that was
	Members []byte        `json:"members,omitempty"` // hashes of mentions
	Ties    []byte        `json:"ties,omitempty"`    // hashes of what they refer to
	Prints  []Remembered  `json:"prints,omitempty"`
	Authors []byte        `json:"authors,omitempty"` // hashes of a sample, with their followers
}

// Remembered is a print by which a story is recognised.
type Remembered struct {
	Print  []byte    `json:"print"`
	Key    string    `json:"key"`  // of the mention
	Born   uint64    `json:"born"` // its sequence
	Author uint64    `json:"author,omitempty"`
	Heard  time.Time `json:"heard"`
}

// Changed returns the stories that are not any more as they were at the last
// call, to be stored: once each, under their IDs, over what is stored already.
func (x *Index) Changed() []Record {
	records := make([]Record, 0, len(x.changed)+len(x.gone))
	for _, in := range x.changed {
		b := in.body
		if b == nil || b.dead { // an alias by now, or gone
			continue
		}
		b.dirty = false
		records = append(records, in.record())
	}
	records = append(records, x.gone...)
	x.changed, x.gone = nil, nil
	return records
}

func (in *story) record() Record {
	b := in.body
	r := Record{
		Story:   *b.story(),
		Born:    in.born,
		Through: b.through,
		Heard:   time.Unix(0, b.heard).UTC(),
		Members: pack(b.members.all),
		Ties:    pack(b.ties.all),
		Authors: b.authors.bytes(),
	}
	for _, a := range b.anchors.all {
		r.Prints = append(r.Prints, Remembered{Print: a.text.Bytes(), Key: a.mark.key, Born: a.mark.born, Author: a.mark.author, Heard: time.Unix(0, a.mark.at).UTC()})
	}
	return r
}

// Restore takes in what Changed once gave out. Records come in any order, before
// the first Place.
func (x *Index) Restore(r Record) error {
	id := r.Story.ID
	if r.Gone || id == "" {
		return nil
	}
	in := x.stories[id]
	if in == nil {
		in = &story{id: id, brand: r.Story.Brand}
		x.stories[id] = in
	}
	if r.Alias != "" {
		x.restoreAlias(in, r.Alias)
		return nil
	}
	if in.body != nil || in.parent != nil {
		return nil
	}
	b := newBody(in)
	var err error
	if b.authors, err = authorsOf(r.Authors); err != nil {
		return fmt.Errorf("reading story %s: %w", id, err)
	}
	prints := make([]likeness.Print, len(r.Prints))
	for i, p := range r.Prints {
		if prints[i], err = likeness.PrintOf(p.Print); err != nil {
			return fmt.Errorf("reading story %s: %w", id, err)
		}
	}
	b.known, b.through, b.heard, b.restored = r.Story, r.Through, r.Heard.UnixNano(), true
	in.born, in.body = r.Born, b
	for _, key := range unpack(r.Members, maxMembers) {
		x.lead(in, key)
		x.retain(in, key, true)
	}
	for _, key := range unpack(r.Ties, maxTies) {
		x.lead(in, key)
		x.retain(in, key, false)
	}
	for _, key := range b.names() {
		x.lead(in, key)
	}
	x.reshow(in)
	for i, p := range r.Prints[:min(len(r.Prints), maxAnchors)] {
		x.anchor(in, anchor{text: prints[i], mark: &mark{story: in, key: p.Key, born: p.Born, author: p.Author, at: p.Heard.UnixNano()}})
	}
	b.place = x.idle.PushBack(in)
	return nil
}

// lead has a name lead to a story that is being restored.
func (x *Index) lead(in *story, key uint64) {
	if n := x.names[key]; n == nil {
		x.names[key] = &name{story: in, how: Thread, at: in.body.heard}
	}
}

func (x *Index) restoreAlias(in *story, id string) {
	of := x.stories[id]
	if of == nil {
		of = &story{id: id, brand: in.brand}
		x.stories[id] = of
	}
	if of = of.root(); of == in || in.parent != nil || in.body != nil {
		return
	}
	in.parent = of
	of.aliases = append(append(of.aliases, in.aliases...), in.id)
	in.aliases = nil
}

func pack(list []uint64) []byte {
	b := make([]byte, 0, 8*len(list))
	for _, v := range list {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func unpack(b []byte, most int) []uint64 {
	var list []uint64
	for len(b) >= 8 && len(list) < most {
		list = append(list, binary.LittleEndian.Uint64(b))
		b = b[8:]
	}
	return list
}
