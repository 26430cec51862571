package reddit

import (
	"encoding/json"
	"fmt"
	"time"

	"earshot"
	"earshot/listeners/seen"
)

// cursorVersion changes when an older program could misread what is written.
const cursorVersion = 1

// state is what a part remembers: not one place in the listing, which vanishes
// when its post is deleted, but the posts that it has heard.
type state struct {
	Version int         `json:"v"`
	Known   seen.Memory `json:"known,omitzero"`
}

// readState returns the state a cursor holds. A cursor that it did not write is
// an error, and the state is a fresh one: what is heard again has the same IDs.
func readState(from earshot.Cursor) (*state, error) {
	st := &state{Version: cursorVersion}
	return st, readCursor(from, st, func() int { return st.Version }, func() { *st = state{Version: cursorVersion} })
}

func (st *state) cursor() (earshot.Cursor, error) { return writeCursor(st) }

// past is how far a backfill has come.
type past struct {
	Version int       `json:"v"`
	Anchors []string  `json:"anchors,omitempty"` // the oldest posts heard, the oldest first: one may vanish
	Oldest  time.Time `json:"oldest,omitzero"`
	Over    bool      `json:"over,omitempty"`
}

func readPast(from earshot.Cursor) *past {
	p := &past{Version: cursorVersion}
	// A damaged one begins anew: what is heard twice is stored once.
	_ = readCursor(from, p, func() int { return p.Version }, func() { *p = past{Version: cursorVersion} })
	return p
}

func readCursor(from earshot.Cursor, into any, version func() int, reset func()) error {
	if len(from) == 0 {
		return nil
	}
	if err := json.Unmarshal(from, into); err != nil {
		reset()
		return fmt.Errorf("reading cursor: %w", err)
	}
	if v := version(); v != cursorVersion {
		reset()
		return fmt.Errorf("reading cursor: its version is %d, not %d", v, cursorVersion)
	}
	return nil
}

func writeCursor(from any) (earshot.Cursor, error) {
	b, err := json.Marshal(from)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}
