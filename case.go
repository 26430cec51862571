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

	Story     string     `json:"story,omitempty"`      // the story that its mentions are of, which is the case of other teams
	Customer  string     `json:"customer,omitempty"`   // key of the author whose matter it is (AuthorKey); empty when it is nobody's alone
	Spoke     time.Time  `json:"spoke,omitzero"`       // when the customer last said something that wants an answer
	Answered  time.Time  `json:"answered,omitzero"`    // when the brand last answered
	NextBy    time.Time  `json:"next_by,omitzero"`     // when the answer to a further word of the customer is due
	ResolveBy time.Time  `json:"resolve_by,omitzero"`  // when it is to be resolved
	Resolved  time.Time  `json:"resolved,omitzero"`    // when it was
	Clocks    []Clock    `json:"clocks,omitempty"`     // what was told of its clocks
	ToldAt    time.Time  `json:"told_at,omitzero"`     // when the team heard of it last
	Untold    int        `json:"untold,omitempty"`     // changes that the team was not told of yet
	TellAt    time.Time  `json:"tell_at,omitzero"`     // when it will be
	Paged     []string   `json:"paged,omitempty"`      // people of the rota who were called, in order
	PageAt    time.Time  `json:"page_at,omitzero"`     // when the next one is, unless somebody claims the case
	MutedTill time.Time  `json:"muted_till,omitzero"`  // until when the team hears nothing of it
	Alarm     Alarm      `json:"alarm,omitempty"`      // of a crisis: how the brand, or the topic, stands
	AlarmAt   time.Time  `json:"alarm_at,omitzero"`    // of a crisis: the end of the hour that the last alert of it is about
	Pin       *Pin       `json:"pin,omitempty"`        // a line of another team for everybody who answers
	LegalHold *LegalHold `json:"legal_hold,omitempty"` // while it holds, nothing of the case is deleted by age
	Merged    string     `json:"merged,omitempty"`     // ID of the case it became part of
	Absorbed  []string   `json:"absorbed,omitempty"`   // IDs of the cases that became part of it, and of those that were part of them
	Also      []string   `json:"also,omitempty"`       // keys of further authors whose matter it is, since their cases became part of it
	Handed    []string   `json:"handed,omitempty"`     // teams that people escalated it to: they have a case with its ID
	Reopened  time.Time  `json:"reopened,omitzero"`    // when it began anew that had ended without an answer: the first answer counts from then
	Taken     time.Time  `json:"taken,omitzero"`       // since when it is the owner's
	Acts      []Act      `json:"acts,omitempty"`       // what people did to it last, the newest at the end, at most 8

	Waited time.Duration `json:"waited,omitempty"` // working time, in nanoseconds, that it waited for the customer: it does not count towards ResolveBy
}

// Act is something a person did to a case: by it a request that comes twice is
// known, and what was done is undone.
type Act struct {
	Event   string    `json:"event"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Request string    `json:"request,omitempty"` // made of the verb, the person and the ID that they gave to the request
	Before  uint64    `json:"before"`            // sequence of the event before it
}

// Clock is one time limit of a case that was told of.
type Clock struct {
	Name   ClockName `json:"name"`
	Due    time.Time `json:"due"`             // the limit it was told of
	Warned time.Time `json:"warned,omitzero"` // when the lead heard that it is near
	Missed time.Time `json:"missed,omitzero"` // when the lead heard that it has passed
}

// ClockName says what is limited.
type ClockName string

// The clocks of a case.
const (
	FirstReply ClockName = "first_reply"
	NextReply  ClockName = "next_reply"
	Resolution ClockName = "resolution"
)

// Pin is a line that a team puts on all cases of a story, for whoever answers.
type Pin struct {
	Line string    `json:"line"`
	Hold bool      `json:"hold,omitempty"` // nobody is to answer until it is gone
	By   string    `json:"by"`             // a person
	Team string    `json:"team"`           // of the person
	At   time.Time `json:"at"`
}

// LegalHold keeps a case from being deleted.
type LegalHold struct {
	Reason   string    `json:"reason"`
	Approver string    `json:"approver"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
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
	More     []Joined  `json:"more,omitempty"`    // mentions that joined with it, before it
	Case     Case      `json:"case"`
	Alert    *Alert    `json:"alert,omitempty"` // what the team is told of it, if anything; as stored, without mention, verdict and summary
	To       string    `json:"to,omitempty"`    // the person or case that the event names: assigned to, merged into, paged
	Held     string    `json:"held,omitempty"`  // what held back what the team would have been told of it: a mute, a crisis or a limit
	Note     string    `json:"note,omitempty"`  // ID of a note; its words are kept apart, where they can be erased
	Sequence uint64    `json:"-"`               // where it is stored; when writing: of the event before it, 0 for none
}

// Joined is a mention that joined a case together with others.
type Joined struct {
	Cause   uint64 `json:"cause"`   // its sequence
	Mention string `json:"mention"` // its ID
	Seat    Seat   `json:"seat"`    // its place in the case since
}

// Daemon is who brings about what nobody did.
const Daemon = "earshot"
