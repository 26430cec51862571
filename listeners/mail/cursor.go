package mail

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-imap/v2"

	"earshot"
)

// placeVersion changes when an older program could misread what is written.
const placeVersion = 1

// place is where in a folder a part has stopped: its cursor. UIDs only grow while
// the folder's UIDVALIDITY stays (RFC 3501, 2.3.1.1).
type place struct {
	Version  int        `json:"v"`
	Validity uint32     `json:"validity"`
	UID      imap.UID   `json:"uid"`               // everything up to it has been heard
	Pending  []imap.UID `json:"pending,omitempty"` // stored, and perhaps still to be marked or moved
	First    imap.UID   `json:"first,omitempty"`   // of a backfill: where it began
}

// readPlace returns the place that a cursor holds. A cursor that it did not write
// is an error, and the place is a fresh one: mails have the same IDs when they are
// heard again.
func readPlace(from earshot.Cursor) (place, error) {
	fresh := place{Version: placeVersion}
	if len(from) == 0 {
		return fresh, nil
	}
	var p place
	if err := json.Unmarshal(from, &p); err != nil {
		return fresh, fmt.Errorf("reading cursor: %w", err)
	}
	if p.Version != placeVersion {
		return fresh, fmt.Errorf("reading cursor: its version is %d, not %d", p.Version, placeVersion)
	}
	if len(p.Pending) > mostFetched || slices.ContainsFunc(p.Pending, func(uid imap.UID) bool { return uid == 0 || uid > p.UID }) {
		return fresh, errors.New("reading cursor: it names mails that it cannot have heard")
	}
	return p, nil
}

func (p place) cursor() (earshot.Cursor, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("writing cursor: %w", err)
	}
	return b, nil
}
