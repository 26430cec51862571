package earshot

import "time"

// Cursor is where a listener stopped in one of its parts: the source's own
// bytes, opaque to all others. Empty means from the beginning.
type Cursor []byte

// DeadLetter is something heard that could not be turned into a mention, kept
// so that nothing is dropped.
type DeadLetter struct {
	Listener string    `json:"listener"`
	Part     string    `json:"part"`
	Reason   string    `json:"reason"` // what is wrong with it, for a person
	At       time.Time `json:"at"`
	Body     []byte    `json:"body,omitempty"`    // as received, cut to 64 KiB
	Mention  string    `json:"mention,omitempty"` // ID of the mention it would have been, if that is known
}
