package poll

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"earshot"
	"earshot/listeners/mapping"
	"earshot/listeners/seen"
)

// cursorVersion changes when an older program could misread what is written.
const cursorVersion = 1

// state is what a part remembers from one poll to the next: its cursor.
type state struct {
	Version      int         `json:"v"`
	Began        time.Time   `json:"began,omitzero"`          // how far back it listens
	CaughtUp     bool        `json:"caught_up,omitempty"`     // a poll went through
	Newest       time.Time   `json:"newest,omitzero"`         // when the newest post was published
	After        string      `json:"after,omitempty"`         // its ID on the network
	Asked        string      `json:"asked,omitempty"`         // digest of the address that the validators are of
	ETag         string      `json:"etag,omitempty"`          //
	LastModified string      `json:"last_modified,omitempty"` //
	Next         time.Time   `json:"next,omitzero"`           // when to ask again
	Known        seen.Memory `json:"known,omitzero"`          //
}

// readState returns the state a cursor holds. A cursor that it did not write is
// an error, and the state is a fresh one: what is heard again has the same IDs.
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

// first reports whether this is the first contact.
func (st *state) first() bool { return !st.CaughtUp }

// advance notes a post that was heard. One from the future counts as from now, or
// nothing would be heard until then.
func (st *state) advance(item *mapping.Item, now time.Time) {
	posted := item.Mention.Posted
	if posted.After(now) {
		posted = now
	}
	newer := !posted.Before(st.Newest)
	if newer {
		st.Newest = posted
	}
	if item.Native != "" && follows(item.Native, st.After, newer || posted.IsZero()) {
		st.After = item.Native
	}
}

// follows reports whether an ID comes after another: by number where both are
// one, since networks may list posts in any order, else if its post is newer.
func follows(id, known string, newer bool) bool {
	a, errA := strconv.ParseUint(id, 10, 64)
	b, errB := strconv.ParseUint(known, 10, 64)
	if errA == nil && errB == nil {
		return a > b
	}
	return newer || known == ""
}
