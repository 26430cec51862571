package earshot

import "time"

// Alert is one message to one team about one case at one moment. It carries
// everything a person needs to act without opening anything else.
type Alert struct {
	ID        string    `json:"id"`                  // case, team and revision: raising it twice is harmless
	Case      string    `json:"case"`                // the same for every team that hears of the matter
	Revision  int       `json:"revision"`            // 1 for the first alert of the case to this team
	Team      string    `json:"team"`                //
	Brand     string    `json:"brand"`               // All for matters of operation
	Kind      Kind      `json:"kind"`                //
	Topic     string    `json:"topic,omitempty"`     // the topic the rule named, if any
	Urgency   Band      `json:"urgency"`             // as in the subject
	Why       Why       `json:"why"`                 //
	Replaces  string    `json:"replaces,omitempty"`  // ID of the alert on another subject that this one takes the place of
	At        time.Time `json:"at"`                  // when it was raised
	Summary   string    `json:"summary"`             // one line for a person in a hurry
	Mention   *Mention  `json:"mention,omitempty"`   // the mention it is about; absent when it was taken back
	Verdict   *Verdict  `json:"verdict,omitempty"`   // what the book says of it, with reasons
	Count     int       `json:"count"`               // mentions in the case
	Reach     int64     `json:"reach"`               // followers of their authors, added up
	Owner     string    `json:"owner,omitempty"`     // the person who has claimed the case
	RespondBy time.Time `json:"respond_by,omitzero"` // when the first answer is due; zero without a clock
	Story     *Story    `json:"story,omitempty"`     // the story it is of, as of now, when it has more than one mention
	Evidence  *Evidence `json:"evidence,omitempty"`  // of a crisis, what says so
	Watched   string    `json:"watched,omitempty"`   // what of the watch list the mention is on: one such post is enough
	To        []string  `json:"to,omitempty"`        // the people of the team it is for; nobody in particular if empty
	Reminder  string    `json:"reminder,omitempty"`  // what a reminder reminds of, for a person
	Held      *Held     `json:"held,omitempty"`      // of a digest, what was held back
}

// Held is what a team was not told of one by one.
type Held struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Alerts int       `json:"alerts"`
	Why    []Tally   `json:"why"`             // mutes, inhibitions and limits by name
	Cases  []string  `json:"cases,omitempty"` // the most urgent ones, at most 20
}

// All is the brand of alerts that concern the operation and no single brand.
const All = "all"

// Ops is the built-in team that hears of matters of operation.
const Ops = "ops"

// Why says what made earshot raise an alert.
type Why string

// The occasions of an alert.
const (
	BecauseNew       Why = "new"
	BecauseChanged   Why = "changed"   // the case grew or a mention of it was edited
	BecauseEscalated Why = "escalated" // the case became more urgent or of a more severe kind
	BecauseWithdrawn Why = "withdrawn" // nothing is left of the case: its authors took it back
	BecauseReminder  Why = "reminder"  // a clock is near or has passed, or nobody has claimed it
	BecauseDigest    Why = "digest"    // what was held back
)
