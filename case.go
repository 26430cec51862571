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
}

// Member is what a case keeps of a mention in it: no text, no author.
type Member struct {
	Mention string `json:"mention"` // Mention.Key
	Urgency Score  `json:"urgency"`
	Reach   int64  `json:"reach,omitempty"`
	Kind    Kind   `json:"kind"`
	Topic   string `json:"topic,omitempty"`
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
type CaseEvent struct {
	Event    string    `json:"event"`           // opened, grown, edited, withdrawn …
	By       string    `json:"by"`              // a person, or Daemon
	At       time.Time `json:"at"`              //
	Cause    uint64    `json:"cause,omitempty"` // sequence of the mention that brought it about
	Case     Case      `json:"case"`
	Alert    *Alert    `json:"alert,omitempty"` // what the team is told of it, if anything
	Sequence uint64    `json:"-"`               // where it is stored; when writing: of the event before it, 0 for none
}

// Daemon is who brings about what nobody did.
const Daemon = "earshot"
