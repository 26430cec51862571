// Package seen remembers which posts a source has heard and what they said, in
// sixteen characters each, so that a cursor can hold thousands. It tells new posts
// from edited ones and those that come again; what that means is the source's
// business.
package seen

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"earshot"
)

// Memory is which posts have been heard and what they said, least recently seen
// first. Posts drop out of a listing and come back; the newest of those that are
// not in it are kept. The zero value remembers nothing. A Memory never changes.
type Memory struct {
	items []Item
	index map[uint64]uint32
}

// Item is one post that was heard.
type Item struct {
	Key     uint64 // KeyOf the mention's ID
	Content uint32 // ContentOf the mention
}

const (
	leastRemembered = 1000
	mostRemembered  = 20_000
	itemBytes       = 12
)

// Said returns the content of a post when it was last seen.
func (m *Memory) Said(key uint64) (content uint32, known bool) {
	content, known = m.index[key]
	return content, known
}

// With returns a Memory that has seen now after everything else. It keeps all of
// now, and so many others that it holds twice as many or a thousand, but no more
// than twenty thousand.
func (m *Memory) With(now []Item) Memory {
	present := make(map[uint64]uint32, len(now))
	for _, i := range now {
		present[i.Key] = i.Content
	}
	keep := min(max(2*len(now), leastRemembered), mostRemembered) - len(now)
	items := make([]Item, 0, len(m.items)+len(now))
	for _, i := range m.items {
		if _, again := present[i.Key]; !again {
			items = append(items, i)
		}
	}
	items = items[max(0, len(items)-max(0, keep)):]
	for _, i := range now {
		if _, due := present[i.Key]; due {
			items = append(items, i)
			delete(present, i.Key) // once is enough
		}
	}
	return New(items)
}

// New returns a Memory of items, the least recently seen first.
func New(items []Item) Memory {
	m := Memory{items: items, index: make(map[uint64]uint32, len(items))}
	for _, i := range items {
		m.index[i.Key] = i.Content
	}
	return m
}

// IsZero reports whether nothing has been seen.
func (m Memory) IsZero() bool { return len(m.items) == 0 }

// MarshalJSON writes 16 characters an item.
func (m Memory) MarshalJSON() ([]byte, error) {
	packed := make([]byte, 0, itemBytes*len(m.items))
	for _, i := range m.items {
		packed = binary.BigEndian.AppendUint64(packed, i.Key)
		packed = binary.BigEndian.AppendUint32(packed, i.Content)
	}
	out := make([]byte, 0, base64.RawStdEncoding.EncodedLen(len(packed))+2)
	out = append(out, '"')
	out = base64.RawStdEncoding.AppendEncode(out, packed)
	return append(out, '"'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Memory) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	packed, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	if len(packed)%itemBytes != 0 {
		return fmt.Errorf("%d bytes are no whole number of items", len(packed))
	}
	items := make([]Item, 0, len(packed)/itemBytes)
	for ; len(packed) > 0; packed = packed[itemBytes:] {
		items = append(items, Item{Key: binary.BigEndian.Uint64(packed), Content: binary.BigEndian.Uint32(packed[8:])})
	}
	*m = New(items)
	return nil
}

// Of is what is remembered of a mention.
func Of(m *earshot.Mention) Item { return Item{Key: KeyOf(m.ID), Content: ContentOf(m)} }

// KeyOf is what the post with an ID is remembered by: enough of a cryptographic hash that
// nobody can hide one item behind another.
func KeyOf(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:])
}

// ContentOf is what tells an edit: its title, text and address. All deleted posts
// say the same nothing.
func ContentOf(m *earshot.Mention) uint32 {
	if m.Change == earshot.Deleted {
		return contentOfNothing
	}
	sum := sha256.Sum256([]byte(m.Title + "\x00" + m.Text + "\x00" + m.URL))
	return binary.BigEndian.Uint32(sum[:])
}

// contentOfNothing is what a deleted item says.
const contentOfNothing = 0
