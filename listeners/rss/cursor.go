package rss

import (
	"encoding/json"
	"fmt"
	"time"

	"earshot"
	"earshot/listeners/seen"
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
	Known seen.Memory   `json:"known,omitzero"`

	Comments []*commentFeed `json:"comments,omitempty"` // of its newest posts
	Push     *subscription  `json:"push,omitempty"`     // with the hub that it names

	announced bool // a push said that there is something new; not in the cursor

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
