package x

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"earshot"
)

// state is the cursor of a part that hears posts.
type state struct {
	Version int                  `json:"v"`
	User    snowflake            `json:"user,omitzero"` // whose mentions these are
	Walks   map[string]*progress `json:"walks"`         // by what is searched for
	Next    time.Time            `json:"next,omitzero"` // when to ask again
}

// progress is how far one search has come. X answers newest first, so that a
// large gap is walked from its new end to its old one, in pieces.
type progress struct {
	Since snowflake   `json:"since"`           // all posts up to here have been heard
	Until snowflake   `json:"until,omitzero"`  // of a walk under way: all from here on have been heard
	Began snowflake   `json:"began,omitzero"`  // of a walk under way: what Since becomes in the end
	Seen  []snowflake `json:"seen,omitempty"`  // heard, after Since or Began, in their order
	Done  bool        `json:"done,omitempty"`  // of a backfill
	First snowflake   `json:"first,omitempty"` // of a backfill: where it began
}

const (
	cursorVersion = 1
	// settles is how long after its date a post may still appear in a search: X
	// leaves out the last 30 seconds, and posts become visible out of order.
	settles = time.Minute
	// maxSeen bounds the cursor. It holds as many posts as a search may find in
	// the time that it takes to settle.
	maxSeen = 5000
)

var errForeignCursor = errors.New("it is none of this driver's version")

// readState reads a cursor. With an error it returns a fresh state.
func readState(from earshot.Cursor) (*state, error) {
	fresh := &state{Version: cursorVersion, Walks: map[string]*progress{}}
	if len(from) == 0 {
		return fresh, nil
	}
	var st state
	err := json.Unmarshal(from, &st)
	if err == nil && (st.Version != cursorVersion || st.User < 0) {
		err = errForeignCursor
	}
	for _, p := range st.Walks {
		if p == nil || p.Since < 0 || p.Until < 0 || len(p.Seen) > maxSeen {
			err = errForeignCursor
		}
	}
	if err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	if st.Walks == nil {
		st.Walks = map[string]*progress{}
	}
	return &st, nil
}

func (st *state) cursor() (earshot.Cursor, error) {
	b, err := json.Marshal(st)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}

// follow makes the state one of these searches. One that is new begins where the
// others have come to, at the oldest of them, so that rewording a query loses
// nothing; without any, at first.
func (st *state) follow(queries []string, first snowflake) {
	from, known := first, false
	for _, p := range st.Walks {
		if !known || p.Since < from {
			from, known = p.Since, true
		}
	}
	walks := make(map[string]*progress, len(queries))
	for _, q := range queries {
		key := earshot.Key(q)
		if walks[key] = st.Walks[key]; walks[key] == nil {
			walks[key] = &progress{Since: from}
		}
	}
	st.Walks = walks
}

// has reports whether a post has been heard.
func (p *progress) has(id snowflake) bool {
	_, found := slices.BinarySearch(p.Seen, id)
	return found
}

// heard adds posts to those that have been. Of more than are remembered the
// oldest are heard again; the log has them.
func (p *progress) heard(id snowflake) {
	if i, found := slices.BinarySearch(p.Seen, id); !found {
		p.Seen = slices.Insert(p.Seen, i, id)
		p.Seen = p.Seen[max(0, len(p.Seen)-maxSeen):]
	}
}

// settle says that everything up to an ID has been heard, and forgets what that
// says already.
func (p *progress) settle(upTo snowflake) {
	p.Since = max(p.Since, upTo)
	p.forget(p.Since)
}

// forget drops what was heard up to an ID.
func (p *progress) forget(upTo snowflake) {
	i, found := slices.BinarySearch(p.Seen, upTo)
	if found {
		i++
	}
	p.Seen = slices.Clone(p.Seen[i:])
}
