// Package casework is what people do to cases: claim, answer, resolve, merge, undo
// and the rest, as pure functions of a case and an action; the board of all cases
// as they stand; and the desk that reads, decides and writes by compare-and-set. It
// knows no wire (bus), raises no alert and hears nothing (alerts).
package casework

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"earshot"
	"earshot/alerts/duty"
)

// Verb is what a person does to a case.
type Verb string

// The verbs.
const (
	Claim    Verb = "claim"
	Assign   Verb = "assign"
	Release  Verb = "release"
	Note     Verb = "note"
	Answer   Verb = "answer" // mark it answered, however that happened
	Wait     Verb = "wait"   // for the customer
	Resolve  Verb = "resolve"
	Reopen   Verb = "reopen"
	Mute     Verb = "mute"
	Unmute   Verb = "unmute"
	Escalate Verb = "escalate"
	Merge    Verb = "merge"
	Undo     Verb = "undo"
	PinLine  Verb = "pin"
	Unpin    Verb = "unpin"
	Hold     Verb = "hold" // legally: nothing of it is deleted
	Unhold   Verb = "unhold"
)

// Verbs lists every verb.
func Verbs() []Verb {
	return []Verb{Claim, Assign, Release, Note, Answer, Wait, Resolve, Reopen, Mute, Unmute, Escalate, Merge, Undo, PinLine, Unpin, Hold, Unhold}
}

// Events that people bring about. Those of the daemon are alerts' own.
const (
	ClaimedEvent   = "claimed"
	AssignedEvent  = "assigned"
	ReleasedEvent  = "released"
	NotedEvent     = "noted"
	AnsweredEvent  = "answered"
	WaitingEvent   = "waiting"
	ResolvedEvent  = "resolved"
	ReopenedEvent  = "reopened"
	MutedEvent     = "muted"
	UnmutedEvent   = "unmuted"
	EscalatedEvent = "escalated" // by a person; of a case that became more urgent the alert says so
	ReceivedEvent  = "received"  // another team escalated it to this one
	MergedEvent    = "merged"    // it became part of another
	AbsorbedEvent  = "absorbed"  // another became part of it
	UndoneEvent    = "undone"
	PinnedEvent    = "pinned"
	UnpinnedEvent  = "unpinned"
	HeldEvent      = "held"
	UnheldEvent    = "unheld"
)

// Action is what a person wants done to a case of the person's own team. Who and
// which team that is comes from the credential, never from what they send.
type Action struct {
	Verb    Verb      `json:"-"`
	By      string    `json:"-"`                 // the person
	Team    string    `json:"-"`                 // of the person, and of the case
	Sender  string    `json:"by,omitempty"`      // who acts, if said: anybody but By is refused
	Case    string    `json:"case"`              // ID, or the beginning of one that no other case of the team has
	Request string    `json:"request,omitempty"` // an ID of the sender's choice: the same one again is done once
	To      string    `json:"to,omitempty"`      // assign: a person; escalate: a team; merge: a case
	Person  string    `json:"person,omitempty"`  // escalate: a person of the team it goes to, or of one's own
	Text    string    `json:"text,omitempty"`    // note: its words; allowed beside any other verb
	For     string    `json:"for,omitempty"`     // mute, hold: how long, such as 90m, 8h or 2d …
	Until   time.Time `json:"until,omitzero"`    // … or until when
	Line    string    `json:"line,omitempty"`    // pin: what to say
	Hold    bool      `json:"hold,omitempty"`    // pin: nobody is to answer until it is gone

	Reason   string `json:"reason,omitempty"`   // hold, unhold: why
	Approver string `json:"approver,omitempty"` // hold, unhold: who approves, another person
}

// Limits bounds what people can ask for. The zero value is the usual ones.
type Limits struct {
	MaxMute time.Duration // longest mute of a case; 0 means 7 days
	MaxHold time.Duration // longest legal hold; 0 means 520 weeks
	Bands   earshot.Bands // zero means earshot.DefaultBands
	Clocks  duty.Clocks   // of the team whose case it is

	People    []string // of that team, as far as known; empty for anybody
	Everybody []string // of all teams, likewise
}

const usualMute = 7 * 24 * time.Hour

// maxActs is how many acts a case remembers.
const maxActs = 8

// Refusal is an action that is not done, said to the person who asked.
type Refusal struct {
	Code Code   `json:"code"`
	What string `json:"message"` // what, why, and what to do next
}

// Code is the kind of a refusal, for programs.
type Code string

// The kinds of refusals.
const (
	BadRequest Code = "bad_request" // it can never be done
	Forbidden  Code = "forbidden"   // not by this person
	NotFound   Code = "not_found"
	Clash      Code = "conflict" // somebody else has it, or was faster
	WrongState Code = "state"    // the case does not stand where this makes sense

	Unavailable Code = "unavailable" // not now
)

// Error is the message.
func (r *Refusal) Error() string { return r.What }

func refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, What: fmt.Sprintf(format, args...)}
}

// ErrDone says that nothing is left to do: the request was carried out before, or
// the case is already as it was asked to be.
var ErrDone = errors.New("it is done already")

// rule is one verb of the table: where it may begin and what it does.
type rule struct {
	event string
	from  []earshot.State // where the case may stand; nil for anywhere
	own   bool            // only for the owner, or while nobody is
	do    func(c *earshot.Case, a *Action, now time.Time, l Limits) error
}

var (
	alive  = []earshot.State{earshot.Open, earshot.Claimed, earshot.Answered, earshot.Muted, earshot.Escalated}
	unsaid = []earshot.State{earshot.Open, earshot.Claimed, earshot.Escalated}
)

// rules is the table of what people do to one case alone. Merging, handing over
// to another team and undoing concern more than one event and stand apart.
func rules() map[Verb]rule {
	return map[Verb]rule{
		Claim:   {event: ClaimedEvent, from: alive, do: claim},
		Assign:  {event: AssignedEvent, from: alive, do: assign},
		Release: {event: ReleasedEvent, from: alive, do: release},
		Note:    {event: NotedEvent, do: note},
		Answer:  {event: AnsweredEvent, from: []earshot.State{earshot.Open, earshot.Claimed, earshot.Escalated, earshot.Answered}, own: true, do: answer},
		Wait:    {event: WaitingEvent, from: unsaid, own: true, do: wait},
		Resolve: {event: ResolvedEvent, from: alive, own: true, do: resolve},
		Reopen:  {event: ReopenedEvent, from: []earshot.State{earshot.Resolved, earshot.Answered}, do: reopen},
		Mute:    {event: MutedEvent, from: alive, do: mute},
		Unmute:  {event: UnmutedEvent, from: []earshot.State{earshot.Muted}, do: unmute},
		PinLine: {event: PinnedEvent, do: pin},
		Unpin:   {event: UnpinnedEvent, do: unpin},
		Hold:    {event: HeldEvent, do: hold},
		Unhold:  {event: UnheldEvent, do: unhold},
		Escalate: {
			event: EscalatedEvent, from: alive,
			do: escalate,
		},
	}
}

// Act decides what becomes of a case when a person acts on it: a pure function of
// the last event of the case, the action and the moment. The event it returns is
// to be stored behind last, or not at all. The error is a *Refusal that says what,
// why and what next, or ErrDone when nothing is left to do.
func Act(last *earshot.CaseEvent, a Action, now time.Time, l Limits) (earshot.CaseEvent, error) {
	if err := a.check(); err != nil {
		return earshot.CaseEvent{}, err
	}
	c := last.Case
	if done(&c, a.Request) {
		return earshot.CaseEvent{}, ErrDone
	}
	r, known := rules()[a.Verb]
	if !known {
		return earshot.CaseEvent{}, refuse(BadRequest, "there is no verb %q for one case (one of %s)", a.Verb, words(Verbs()))
	}
	if err := r.allows(&c, &a); err != nil {
		return earshot.CaseEvent{}, err
	}
	if err := r.do(&c, &a, now, l); err != nil {
		return earshot.CaseEvent{}, err
	}
	return eventOf(last, &c, r.event, &a, now), nil
}

// check refuses what no case could make sense of.
func (a *Action) check() error {
	switch {
	case a.By == "" || a.Team == "":
		return refuse(Forbidden, "who acts is not known: log in with a person's credential")
	case a.By == earshot.Daemon:
		return refuse(Forbidden, "%q is the daemon's own name: nobody acts under it", earshot.Daemon)
	case len(a.Request) > 64:
		return refuse(BadRequest, "the request's ID has %d characters: at most 64", len(a.Request))
	case len(a.Text) > MaxNote:
		return refuse(BadRequest, "the note has %d bytes: at most %d", len(a.Text), MaxNote)
	}
	return nil
}

// MaxNote is the longest note, in bytes.
const MaxNote = 8 << 10

// allows reports whether the rule applies to the case as it stands.
func (r *rule) allows(c *earshot.Case, a *Action) error {
	if r.from == nil || slices.Contains(r.from, c.State) {
		if r.own && c.Owner != "" && c.Owner != a.By {
			return taken(c)
		}
		return nil
	}
	return stands(c, a.Verb)
}

// taken says who has the case.
func taken(c *earshot.Case) *Refusal {
	return refuse(Clash, "%s has had it since %s: ask %[1]s, or assign it", c.Owner, clock(c.Taken))
}

// stands says why a verb makes no sense where the case stands, and what would.
func stands(c *earshot.Case, verb Verb) *Refusal {
	switch {
	case c.Merged != "":
		return refuse(WrongState, "it is part of case %s since %s: act on that one, or undo the merge", c.Merged, clock(c.Resolved))
	case c.State == earshot.Resolved && verb == Resolve:
		return refuse(WrongState, "it was resolved on %s already", clock(c.Resolved))
	case c.State == earshot.Resolved:
		return refuse(WrongState, "it was resolved on %s: reopen it first", clock(c.Resolved))
	case c.State == earshot.Expired:
		return refuse(WrongState, "nothing is left of it: its authors took it back")
	case c.State == earshot.Muted:
		return refuse(WrongState, "it is muted until %s: unmute it first", clock(c.MutedTill))
	case verb == Unmute:
		return refuse(WrongState, "it is not muted: it is %s", c.State)
	case verb == Reopen:
		return refuse(WrongState, "it is %s, so there is nothing to reopen", c.State)
	case verb == Wait:
		return refuse(WrongState, "it waits for the customer already, since %s", clock(c.Answered))
	}
	return refuse(WrongState, "it is %s, where nobody can %s it", c.State, verb)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "some time ago"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// eventOf is the event of an act, with the act remembered in the case. What the
// daemon keeps in it (Through, Told, Alert) stays what it was.
func eventOf(last *earshot.CaseEvent, c *earshot.Case, event string, a *Action, now time.Time) earshot.CaseEvent {
	c.Acts = append(slices.Clone(c.Acts), earshot.Act{Event: event, By: a.By, At: now, Request: a.Request, Before: last.Sequence})
	if extra := len(c.Acts) - maxActs; extra > 0 {
		c.Acts = c.Acts[extra:]
	}
	return earshot.CaseEvent{Event: event, By: a.By, At: now, To: a.named(), Case: *c, Sequence: last.Sequence}
}

// named is whom or what the event names.
func (a *Action) named() string {
	switch a.Verb {
	case Assign, Merge:
		return a.To
	case Escalate:
		if a.To != "" {
			return a.To
		}
		return a.Person
	}
	return ""
}

// done reports whether a case remembers a request.
func done(c *earshot.Case, request string) bool {
	return request != "" && slices.ContainsFunc(c.Acts, func(act earshot.Act) bool { return act.Request == request })
}

func words[T ~string](list []T) string {
	all := make([]string, len(list))
	for i, word := range list {
		all[i] = string(word)
	}
	return strings.Join(all, ", ")
}

// RefusalCode is the kind of the refusal.
func (r *Refusal) RefusalCode() string { return string(r.Code) }
