package story

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"earshot"
)

// Ledger compares the alerts that were raised with those the tale expects. It is
// safe for concurrent use.
type Ledger struct {
	mu     sync.Mutex
	brand  string
	due    []Due
	told   map[string]bool   // steps already published, by Step.key
	cases  map[string]string // the daemon's case ID, by the tale's name for the matter
	seen   map[string]bool   // IDs of alerts
	raised []earshot.Alert
	extra  []earshot.Alert
	news   chan struct{} // closed and replaced when an alert comes in
}

// Due is an expected alert and the step that must raise it.
type Due struct {
	Expectation

	Step Step
	met  bool
}

// String says for a person what is expected, and of which step.
func (d Due) String() string {
	return fmt.Sprintf("%s %s %s %s, for %s of %s", d.Team, kindAndTopic(d.Kind, d.Topic), d.Urgency, d.Why, d.Step.Does, d.Step.ID)
}

// NewLedger returns a ledger of all alerts that the tale expects.
func NewLedger(s *Story) *Ledger {
	l := &Ledger{
		brand: s.Brand, told: map[string]bool{}, cases: map[string]string{}, seen: map[string]bool{},
		news: make(chan struct{}),
	}
	for _, step := range s.Steps {
		for _, e := range step.Expect {
			if e.Why != Held {
				l.due = append(l.due, Due{Expectation: e, Step: step})
			}
		}
	}
	return l
}

// Tell notes that the step is about to be published.
func (l *Ledger) Tell(s Step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told[s.key()] = true
}

// Enter notes an alert that was raised and reports whether it is the first time
// that it is seen: a subscriber may be handed one twice.
func (l *Ledger) Enter(a earshot.Alert) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen[a.ID] {
		return false
	}
	l.seen[a.ID] = true
	l.raised = append(l.raised, a)
	i := slices.IndexFunc(l.due, func(d Due) bool { return l.meets(a, d) })
	if i < 0 {
		l.extra = append(l.extra, a)
	} else {
		l.due[i].met = true
		l.cases[l.due[i].Step.Case] = a.Case
	}
	close(l.news)
	l.news = make(chan struct{})
	return true
}

// meets reports whether a is the alert that d waits for: as expected in every
// word, about the post of the step, and of the case that the matter has had from
// its first alert on.
func (l *Ledger) meets(a earshot.Alert, d Due) bool {
	raised := Expectation{Team: a.Team, Kind: a.Kind, Topic: a.Topic, Urgency: a.Urgency, Why: a.Why}
	if d.met || !l.told[d.Step.key()] || a.Brand != l.brand || raised != d.Expectation {
		return false
	}
	if a.Mention != nil && a.Mention.ID != d.Step.Mention() {
		return false
	}
	for matter, id := range l.cases {
		if (matter == d.Step.Case) != (id == a.Case) {
			return false
		}
	}
	return true
}

// Settled waits until every alert has come in that is expected of the matter's
// steps so far, or ctx ends.
func (l *Ledger) Settled(ctx context.Context, matter string) error {
	return l.wait(ctx, func(d Due) bool { return d.Step.Case == matter })
}

// Complete waits until every alert has come in that is expected of the steps so
// far, or ctx ends.
func (l *Ledger) Complete(ctx context.Context) error {
	return l.wait(ctx, func(Due) bool { return true })
}

func (l *Ledger) wait(ctx context.Context, concerns func(Due) bool) error {
	for {
		l.mu.Lock()
		open := slices.ContainsFunc(l.due, func(d Due) bool { return !d.met && l.told[d.Step.key()] && concerns(d) })
		news := l.news
		l.mu.Unlock()
		if !open {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Report is how the alerts that were raised compare with the expected ones.
type Report struct {
	Raised     []earshot.Alert // in the order in which they came in
	Missing    []Due           // expected of what was told, and never raised
	Unexpected []earshot.Alert // raised and not expected
}

// Exact reports whether exactly the expected alerts were raised.
func (r Report) Exact() bool { return len(r.Missing) == 0 && len(r.Unexpected) == 0 }

// Report compares what has come in so far.
func (l *Ledger) Report() Report {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := Report{Raised: slices.Clone(l.raised), Unexpected: slices.Clone(l.extra)}
	for _, d := range l.due {
		if !d.met && l.told[d.Step.key()] {
			r.Missing = append(r.Missing, d)
		}
	}
	return r
}

// Describe says in one line what an alert is, in the words of Due.String.
func Describe(a earshot.Alert) string {
	of := "case " + a.Case
	if a.Mention != nil {
		of = a.Mention.ID
	}
	return fmt.Sprintf("%s %s %s %s, for %s", a.Team, kindAndTopic(a.Kind, a.Topic), a.Urgency, a.Why, of)
}

func kindAndTopic(kind earshot.Kind, topic string) string {
	if topic == "" {
		return string(kind)
	}
	return string(kind) + "/" + topic
}

// key tells the steps of one post apart; a post may be edited more than once.
func (s Step) key() string { return fmt.Sprintf("%s %s %s", s.ID, s.Does, s.At) }
