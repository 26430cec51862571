package youtube

import (
	"encoding/json"
	"fmt"
	"time"

	"earshot"
	"earshot/listeners/seen"
)

// cursorVersion changes when an older program could misread what is written.
const cursorVersion = 1

// state is what a part remembers.
type state struct {
	Version  int       `json:"v"`
	Threads  []threads `json:"threads,omitempty"` // whose comments are heard
	Searched time.Time `json:"searched,omitzero"` // when the last search was made
	Search   time.Time `json:"search,omitzero"`   // when the next one is due
	Found    time.Time `json:"found,omitzero"`    // when the newest video that was found was published
	Videos   []string  `json:"videos,omitempty"`  // that were found, the newest last, so that none is found twice
}

// threads is one listing of comments: of a channel or of a video.
type threads struct {
	Channel string      `json:"channel,omitempty"` // its ID, or …
	Video   string      `json:"video,omitempty"`   // … the ID of the video
	Name    string      `json:"name,omitempty"`    // of the channel, for people
	Known   seen.Memory `json:"known,omitzero"`
	Begun   bool        `json:"begun,omitempty"` // it has been read once, empty or not
}

// readState returns the state a cursor holds. A cursor that it did not write is
// an error, and the state is a fresh one: what is heard again has the same IDs.
func readState(from earshot.Cursor) (*state, error) {
	if len(from) == 0 {
		return &state{Version: cursorVersion}, nil
	}
	st := &state{}
	if err := json.Unmarshal(from, st); err != nil {
		return &state{Version: cursorVersion}, fmt.Errorf("reading cursor: %w", err)
	}
	if st.Version != cursorVersion || len(st.Threads) > mostWatched {
		return &state{Version: cursorVersion}, fmt.Errorf("reading cursor: version %d with %d listings makes none", st.Version, len(st.Threads))
	}
	return st, nil
}

func writeCursor(st any) (earshot.Cursor, error) {
	b, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}

// past is how far a backfill has come.
type past struct {
	Version int       `json:"v"`
	Threads *threads  `json:"threads,omitempty"`
	Page    string    `json:"page,omitempty"` // the next one
	Oldest  time.Time `json:"oldest,omitzero"`
	Over    bool      `json:"over,omitempty"`
}

// readPast returns how far a backfill has come. A damaged cursor begins anew: what
// is heard twice is stored once.
func readPast(from earshot.Cursor) *past {
	p := &past{}
	if json.Unmarshal(from, p) != nil || p.Version != cursorVersion {
		return &past{Version: cursorVersion}
	}
	return p
}
