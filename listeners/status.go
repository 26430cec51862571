package listeners

import (
	"sync"
	"time"

	"earshot"
)

// Status is how one part of a listener is doing.
type Status struct {
	Listener string        `json:"listener"`
	Type     string        `json:"type"`
	Part     string        `json:"part"` // without what may be secret in it
	State    State         `json:"state"`
	Err      string        `json:"err,omitempty"`     // the last failure, empty once it listens well again
	Heard    time.Time     `json:"heard,omitzero"`    // when mentions last became durable
	Retry    time.Time     `json:"retry,omitzero"`    // when it is tried again; zero unless waiting or in quiet hours
	Mentions int64         `json:"mentions"`          // that became durable since the start
	Lag      time.Duration `json:"lag,omitempty"`     // between the newest post and its being heard, in nanoseconds
	Restarts int64         `json:"restarts"`          // since the start
	Silence  time.Duration `json:"silence,omitempty"` // nothing for so long is to be told of, in nanoseconds; 0 for never
	Outlook                // as the source reports it
}

// hear notes what has just become durable.
func (s *Status) hear(mentions []earshot.Mention) {
	if len(mentions) > 0 {
		s.Heard = time.Now().UTC()
	}
	for i := range mentions {
		m := &mentions[i]
		if m.Change == earshot.New && m.Posted.After(s.Posted) {
			s.Posted, s.Lag = m.Posted, max(m.Heard.Sub(m.Posted), 0)
		}
	}
}

// State is what a part is doing.
type State string

// The states of a part.
const (
	Starting  State = "starting"  // has not read its cursor yet
	Listening State = "listening" //
	Waiting   State = "waiting"   // for the next try after a failure
	Hushed    State = "quiet"     // until the quiet hours end
	Denied    State = "refused"   // until its credential is renewed
	Gone      State = "gone"      // for good, until the configuration changes
	Stopped   State = "stopped"   //
	Abandoned State = "abandoned" // told to stop, and did not
)

// states are all of them, for metrics.
func states() []State {
	return []State{Starting, Listening, Waiting, Hushed, Denied, Gone, Stopped, Abandoned}
}

// board is where a part's goroutine writes its status for others to read.
type board struct {
	mu     sync.Mutex
	now    Status
	listen bool // has been called once, or never will be
}

func (b *board) status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *board) called() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.listen
}

func (b *board) change(f func(*Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(&b.now)
	switch b.now.State {
	case Listening, Gone, Hushed, Denied:
		b.listen = true
	}
}
