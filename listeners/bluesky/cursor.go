package bluesky

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"earshot"
)

// cursorVersion changes when an older program could misread what is written.
const cursorVersion = 1

// cursor is where a stream stopped. Seq is a number of Server alone; Time means
// the same everywhere, give or take what instances differ by.
type cursor struct {
	Version int      `json:"v"`
	Server  string   `json:"server,omitempty"` // the instance that was heard
	Seq     int64    `json:"seq,omitempty"`    // of its last message, 0 if it does not number them
	Time    int64    `json:"time,omitempty"`   // of its last message, in microseconds since 1970
	Last    []uint64 `json:"last,omitempty"`   // the commits of that time, where they are not numbered
	Gone    []string `json:"gone,omitempty"`   // accounts whose posts are still to be taken back
}

// mostGone is how many accounts may wait, so that the cursor stays small.
const mostGone = 500

var errForeign = errors.New("it is of another version, or its numbers cannot be")

// readCursor returns what a cursor says, or a fresh one with an error.
func readCursor(from earshot.Cursor) (cursor, error) {
	fresh := cursor{Version: cursorVersion}
	if len(from) == 0 {
		return fresh, nil
	}
	var c cursor
	if err := json.Unmarshal(from, &c); err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	if c.Version != cursorVersion || c.Seq < 0 || c.Time <= 0 || len(c.Gone) > mostGone {
		return fresh, fmt.Errorf("reading cursor: %w", errForeign)
	}
	return c, nil
}

func (c *cursor) write() (earshot.Cursor, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}

// pass moves the cursor behind a message of a server.
func (c *cursor) pass(server string, m *said) {
	if m.seq > 0 || c.Server != server || c.Time != m.at {
		c.Last = nil
	}
	if m.seq == 0 && m.key != 0 {
		c.Last = append(slices.Clip(c.Last), m.key)
	}
	c.Server, c.Seq, c.Time = server, m.seq, m.at
}

// passed reports whether a message of a server is not after the cursor.
func (c *cursor) passed(server string, m *said) bool {
	if c.Server != server {
		return false
	}
	if m.seq > 0 {
		return m.seq <= c.Seq
	}
	return m.at == c.Time && slices.Contains(c.Last, m.key)
}

// leaves notes that an account is gone, or back again, and reports whether as
// many wait as may.
func (c *cursor) leaves(did string, gone bool) (full bool) {
	at := slices.Index(c.Gone, did)
	switch {
	case gone && at < 0:
		c.Gone = append(slices.Clip(c.Gone), did)
	case !gone && at >= 0:
		c.Gone = slices.Delete(slices.Clone(c.Gone), at, at+1)
	}
	return len(c.Gone) >= mostGone
}
