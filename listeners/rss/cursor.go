package rss

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"earshot"
)

// cursorVersion changes when an older program could misread what is written.
const cursorVersion = 1

// state is what a part remembers from one fetch to the next: its cursor.
type state struct {
	Version int `json:"v"`

	URL        string `json:"url,omitempty"`         // where the feed is, when it is not where the configuration says
	WasFeed    bool   `json:"was_feed,omitempty"`    // the configured address itself has been a feed
	MovedTo    string `json:"moved_to,omitempty"`    // where it says it has moved for good …
	MovedTimes int    `json:"moved_times,omitempty"` // … so many times in a row

	Final        string `json:"final,omitempty"` // the address the validators are of
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`

	Pace  time.Duration `json:"pace,omitempty"` // what the feed itself suggests
	Next  time.Time     `json:"next,omitzero"`  // when to ask again
	Known memory        `json:"known,omitzero"`

	recent *recent // spares work while a Listen lasts; not in the cursor
}

// readState returns the state a cursor holds. A cursor that it did not write is
// an error, and the state is a fresh one: what is heard again has the same IDs.
func readState(from earshot.Cursor) (*state, error) {
	fresh := &state{Version: cursorVersion, recent: newRecent()}
	if len(from) == 0 {
		return fresh, nil
	}
	st := &state{recent: newRecent()}
	if err := json.Unmarshal(from, st); err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	if st.Version != cursorVersion {
		return fresh, fmt.Errorf("reading cursor: its version is %d, not %d", st.Version, cursorVersion)
	}
	return st, nil
}

func (st *state) cursor() (earshot.Cursor, error) {
	b, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}

// forget drops an address that was found or moved to, and its validators.
func (st *state) forget() {
	st.URL, st.MovedTo, st.MovedTimes = "", "", 0
	st.invalidate()
}

// invalidate makes the next fetch unconditional.
func (st *state) invalidate() { st.Final, st.ETag, st.LastModified = "", "", "" }

// memory is which items have been heard and what they said, least recently seen
// first. Items drop out of a feed and come back; the newest of those that are
// not in it are kept.
type memory struct {
	items []memorised
	index map[uint64]uint32
}

type memorised struct {
	key     uint64 // of the mention's ID
	content uint32 // of its title, text and link
}

const (
	leastRemembered = 1000
	mostRemembered  = maxItems
	memorisedBytes  = 12
)

// saidBefore returns what an item said when it was last seen.
func (m *memory) saidBefore(key uint64) (content uint32, known bool) {
	content, known = m.index[key]
	return content, known
}

// with returns a memory that has seen now after everything else. A memory keeps
// all of now, and so many others that it holds twice the feed or a thousand.
func (m *memory) with(now []memorised) memory {
	present := make(map[uint64]uint32, len(now))
	for _, i := range now {
		present[i.key] = i.content
	}
	keep := min(max(2*len(now), leastRemembered), mostRemembered) - len(now)
	items := make([]memorised, 0, len(m.items)+len(now))
	for _, i := range m.items {
		if _, again := present[i.key]; !again {
			items = append(items, i)
		}
	}
	items = items[max(0, len(items)-max(0, keep)):]
	for _, i := range now {
		if _, due := present[i.key]; due {
			items = append(items, i)
			delete(present, i.key) // once is enough
		}
	}
	return newMemory(items)
}

func newMemory(items []memorised) memory {
	m := memory{items: items, index: make(map[uint64]uint32, len(items))}
	for _, i := range items {
		m.index[i.key] = i.content
	}
	return m
}

// IsZero reports whether nothing has been seen.
func (m memory) IsZero() bool { return len(m.items) == 0 }

// MarshalJSON writes 16 characters an item.
func (m memory) MarshalJSON() ([]byte, error) {
	packed := make([]byte, 0, memorisedBytes*len(m.items))
	for _, i := range m.items {
		packed = binary.BigEndian.AppendUint64(packed, i.key)
		packed = binary.BigEndian.AppendUint32(packed, i.content)
	}
	out := make([]byte, 0, base64.RawStdEncoding.EncodedLen(len(packed))+2)
	out = append(out, '"')
	out = base64.RawStdEncoding.AppendEncode(out, packed)
	return append(out, '"'), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *memory) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	packed, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	if len(packed)%memorisedBytes != 0 {
		return fmt.Errorf("%d bytes are no whole number of items", len(packed))
	}
	items := make([]memorised, 0, len(packed)/memorisedBytes)
	for ; len(packed) > 0; packed = packed[memorisedBytes:] {
		items = append(items, memorised{binary.BigEndian.Uint64(packed), binary.BigEndian.Uint32(packed[8:])})
	}
	*m = newMemory(items)
	return nil
}

// keyOf is what an item is remembered by: enough of a cryptographic hash that
// nobody can hide one item behind another.
func keyOf(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.BigEndian.Uint64(sum[:])
}

// contentOf is what tells an edit.
func contentOf(m *earshot.Mention) uint32 {
	if m.Change == earshot.Deleted {
		return contentOfNothing
	}
	sum := sha256.Sum256([]byte(m.Title + "\x00" + m.Text + "\x00" + m.URL))
	return binary.BigEndian.Uint32(sum[:])
}

// contentOfNothing is what a deleted item says.
const contentOfNothing = 0
