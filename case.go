package earshot

import "time"

// Case is the life of one matter for one brand and one team, as of one moment.
type Case struct {
	ID        string    `json:"id"`
	Team      string    `json:"team"`
	Brand     string    `json:"brand"`
	State     State     `json:"state"`
	Kind      Kind      `json:"kind"`
	Topic     string    `json:"topic,omitempty"`
	Urgency   Score     `json:"urgency"` // of the most urgent mention in it
	Band      Band      `json:"band"`
	Opened    time.Time `json:"opened"`
	Opening   string    `json:"opening"` // ID of the mention that opened it
	Count     int       `json:"count"`   // mentions in it
	Reach     int64     `json:"reach"`   // followers of their authors, added up
	Owner     string    `json:"owner,omitempty"`
	RespondBy time.Time `json:"respond_by,omitzero"`
	Members   []Member  `json:"members"`         // the mentions in it, the most urgent ones when there are too many
	Told      int       `json:"told"`            // revision of the last alert
	Alert     string    `json:"alert,omitempty"` // ID of the last alert
	Through   uint64    `json:"through"`         // sequence of the last mention that changed it; whoever writes an event keeps it
}

// Member is what a case keeps of a mention in it: no text, no author.
type Member struct {
	Mention string `json:"mention"` // Mention.Key
	Urgency Score  `json:"urgency"`
	Reach   int64  `json:"reach,omitempty"`
	Kind    Kind   `json:"kind"`
	Topic   string `json:"topic,omitempty"`
}

// Membership leads from a mention to the cases of one brand that it is or was
// in: a deletion carries no text to find them by.
type Membership struct {
	Brand   string `json:"brand"`
	Mention string `json:"mention"` // Mention.Key
	Seats   []Seat `json:"seats"`
	// Quoted is where the alerts lie that quote the mention, until they are erased.
	// The log adds those that commit with the membership.
	Quoted []uint64 `json:"quoted,omitempty"`
}

// Seat is the place of a mention in one case.
type Seat struct {
	Team   string  `json:"team"`
	Case   string  `json:"case"`
	Member *Member `json:"member,omitempty"` // what the mention adds to the case; nil once it has left
	Said   string  `json:"said,omitempty"`   // digest of its words and its verdict: whether an edit is worth telling
	Old    bool    `json:"old,omitempty"`    // it was old news: its urgency does not count
}

// State is where a case stands.
type State string

// The states of a case.
const (
	Open      State = "open"
	Claimed   State = "claimed"
	Answered  State = "answered" // waiting for the customer
	Resolved  State = "resolved"
	Muted     State = "muted"
	Escalated State = "escalated"
	Expired   State = "expired"
)

// CaseEvent is one change of a case: what happened, who did it, when, and the
// case as it stood afterwards. The last event of a case is all there is to know.
// It names mentions and repeats nothing of them: what an author takes back is in
// no case.
type CaseEvent struct {
	Event    string    `json:"event"`             // opened, grown, edited, withdrawn …
	By       string    `json:"by"`                // a person, or Daemon
	At       time.Time `json:"at"`                //
	Cause    uint64    `json:"cause,omitempty"`   // sequence of the mention that brought it about
	Mention  string    `json:"mention,omitempty"` // ID of that mention
	Seat     *Seat     `json:"seat,omitempty"`    // its place in the case since
	Case     Case      `json:"case"`
	Alert    *Alert    `json:"alert,omitempty"` // what the team is told of it, if anything; as stored, without mention, verdict and summary
	Sequence uint64    `json:"-"`               // where it is stored; when writing: of the event before it, 0 for none
}

// Daemon is who brings about what nobody did.
const Daemon = "earshot"
