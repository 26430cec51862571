package earshot

import "time"

// Alarm is how a brand, or one of its topics, stands.
type Alarm string

// The states of alarm, in the order in which a crisis goes through them.
const (
	Calm       Alarm = "calm"
	Watch      Alarm = "watch"      // more than usual: nobody is told
	Elevated   Alarm = "elevated"   // clearly more, and negative: PR is told
	InCrisis   Alarm = "crisis"     // it spreads: PR is told at once
	Recovering Alarm = "recovering" // it fades, and may come back
)

// Evidence answers what PR asks of a crisis: is it real, is it new, is it ours?
// It holds no names and no words that fewer than three authors wrote.
type Evidence struct {
	Topic     string    `json:"topic,omitempty"` // of the brand; empty for all that is said of it
	From      Alarm     `json:"from"`            // the state before
	To        Alarm     `json:"to"`              // the state now
	Since     time.Time `json:"since"`           // when calm ended
	Window    Period    `json:"window"`          // the time that the counts are of
	Expected  float64   `json:"expected"`        // mentions, by habit at such hours
	Seen      int       `json:"seen"`            // mentions
	Negative  int       `json:"negative"`        // of them
	Habit     float64   `json:"habit"`           // share of negative ones by habit, [0,1]
	Authors   int       `json:"authors"`         // distinct ones, an estimate when there are many
	NewShare  float64   `json:"new_share"`       // of the authors: accounts that are new, [0,1]
	Reposts   float64   `json:"reposts"`         // share of the mentions that only share another, [0,1]
	Copies    float64   `json:"copies"`          // share of the mentions with the same words as another, [0,1]
	Reach     int64     `json:"reach"`           // followers of the authors, each counted once
	Networks  []Tally   `json:"networks"`        // most mentions first
	Words     []Tally   `json:"words,omitempty"` // far more frequent than by habit
	Rules     []Tally   `json:"rules,omitempty"` // that sent mentions to teams
	Listeners []Tally   `json:"listeners,omitempty"`
	First     Source    `json:"first"`
	Top       []Source  `json:"top,omitempty"`     // with the widest reach, at most 5
	Because   []Finding `json:"because"`           // every condition that decided, for and against
	Planned   string    `json:"planned,omitempty"` // the event of the configuration that explains more mentions
}

// Period is a stretch of time, the end not included.
type Period struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Tally is how many mentions something was in.
type Tally struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Finding is one condition of a decision: what was looked at, what was seen, what
// would have been enough.
type Finding struct {
	What   string  `json:"what"` // for a person: authors, negative share, networks …
	Seen   float64 `json:"seen"`
	Needed float64 `json:"needed"`
	Met    bool    `json:"met"`
}
