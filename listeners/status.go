package listeners

import (
	"sync"
	"time"
)

// Status is how one part of a listener is doing.
type Status struct {
	Listener string    `json:"listener"`
	Type     string    `json:"type"`
	Part     string    `json:"part"` // as configured: a URL may hold a secret
	State    State     `json:"state"`
	Err      string    `json:"err,omitempty"`  // the last failure, empty once it listens well again
	Heard    time.Time `json:"heard,omitzero"` // when mentions last became durable
	Retry    time.Time `json:"retry,omitzero"` // when it is tried again; zero unless waiting
	Mentions int64     `json:"mentions"`       // that became durable since the start
	Restarts int64     `json:"restarts"`       // since the start
}

// State is what a part is doing.
type State string

// The states of a part.
const (
	Starting  State = "starting"  // has not read its cursor yet
	Listening State = "listening" //
	Waiting   State = "waiting"   // for the next try after a failure
	Gone      State = "gone"      // for good, until the configuration changes
	Stopped   State = "stopped"   //
	Abandoned State = "abandoned" // told to stop, and did not
)

// states are all of them, for metrics.
func states() []State {
	return []State{Starting, Listening, Waiting, Gone, Stopped, Abandoned}
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
	b.listen = b.listen || b.now.State == Listening || b.now.State == Gone
}
