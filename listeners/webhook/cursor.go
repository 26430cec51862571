package webhook

import (
	"encoding/json"
	"fmt"

	"earshot"
	"earshot/listeners/seen"
)

// cursorVersion changes when an older program could misread what is written.
const cursorVersion = 1

// state is what is remembered from one delivery to the next: the cursor. The last
// thousand deliveries are known when they come again, and so are the last thousand
// posts.
type state struct {
	Version    int         `json:"v"`
	Deliveries seen.Memory `json:"deliveries,omitzero"`
	Posts      seen.Memory `json:"posts,omitzero"`
}

// readState returns the state a cursor holds. A cursor that it did not write is
// an error, and the state is a fresh one.
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

func (st *state) cursor() (earshot.Cursor, error) {
	b, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}

// knows reports whether a delivery came before.
func (st *state) knows(id string) bool {
	if id == "" {
		return false
	}
	_, known := st.Deliveries.Said(seen.KeyOf(id))
	return known
}

// remember notes a delivery.
func (st *state) remember(id string) {
	if id != "" {
		st.Deliveries = st.Deliveries.With([]seen.Item{{Key: seen.KeyOf(id)}})
	}
}
