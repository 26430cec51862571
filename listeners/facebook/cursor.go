package facebook

import (
	"encoding/json"
	"fmt"
	"time"

	"earshot"
	"earshot/listeners/seen"
)

// cursorVersion changes when an older program could misread what is written.
const cursorVersion = 1

// state is what a part that asks remembers: its cursor.
type state struct {
	Version int         `json:"v"`
	Next    time.Time   `json:"next,omitzero"` // when to ask again
	Known   seen.Memory `json:"known,omitzero"`
}

// readState returns the state a cursor holds. A cursor that it did not write is an
// error, and the state is a fresh one: what is heard again has the same IDs.
func readState(from earshot.Cursor) (*state, error) {
	fresh := &state{Version: cursorVersion}
	if len(from) == 0 {
		return fresh, nil
	}
	st := &state{}
	if err := json.Unmarshal(from, st); err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	if st.Version != cursorVersion {
		return fresh, fmt.Errorf("reading cursor: its version is %d, not %d", st.Version, cursorVersion)
	}
	return st, nil
}

func encode(state any) (earshot.Cursor, error) {
	b, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}

// walked is how far a backfill has come: its cursor.
type walked struct {
	Version int    `json:"v"`
	Edge    int    `json:"edge"`            // of those of the account
	After   string `json:"after,omitempty"` // page of it
}

func readWalked(from earshot.Cursor) (walked, error) {
	w := walked{Version: cursorVersion}
	if len(from) == 0 {
		return w, nil
	}
	if err := json.Unmarshal(from, &w); err != nil {
		return w, fmt.Errorf("reading cursor: %w", err)
	}
	if w.Version != cursorVersion || w.Edge < 0 {
		return w, fmt.Errorf("reading cursor: its version is %d, not %d", w.Version, cursorVersion)
	}
	return w, nil
}
