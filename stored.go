package earshot

import (
	"encoding/json"
	"time"
)

// Stored is a mention as it lies in the log for one brand.
type Stored struct {
	Sequence uint64   // its place in the log
	Brand    string   //
	Mention  Mention  //
	Verdict  *Verdict // nil when the mention was taken back or no longer concerns the brand
}

// Progress is how far the alerts of one brand have come. It commits in one
// batch with the alerts it accounts for.
type Progress struct {
	Brand    string          `json:"-"`
	Sequence uint64          `json:"sequence"`        // the last mention dealt with
	State    json.RawMessage `json:"state,omitempty"` // what alerts remembers between two mentions
	Revision uint64          `json:"-"`               // where it is stored, the fence of the next one; 0 for none
	Records  []Record        `json:"-"`               // that commit with it
}

// Record is something that alerts remembers of a brand by name, beside its
// progress and committed with it.
type Record struct {
	Name string          // [a-z0-9-]
	Data json.RawMessage // nil has it forgotten
	Keep time.Duration   // how long it lasts unless it is written again; 0 for ever
}
