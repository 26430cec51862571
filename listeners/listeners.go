// Package listeners turns networks into mentions. It runs sources, restarts
// them with backoff, keeps them polite and contains their failures; each folder
// below it knows one network. It knows nothing of brands: judging is in rules,
// storing is behind Log.
package listeners

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"

	"earshot"
)

// Source reads one part of a network: a URL, a timeline, a mailbox. Listen
// resumes after from, emits what is new, oldest first, and returns when ctx ends
// or the network fails. The runner calls it again with backoff, so sources hold
// no retry code and no state that a cursor does not hold. One Listen runs at a
// time.
type Source interface {
	Listen(ctx context.Context, from earshot.Cursor, emit Emit) error
}

// Emit hands a batch over and returns nil once it is durable, Next included.
// After an error the source must return it and not move on: the batch is heard
// again from the last durable cursor. It blocks while the bus is away; that is
// the back-pressure. Not for concurrent use.
type Emit func(ctx context.Context, batch Batch) error

// Batch is what a source heard since the last one, oldest first. Mentions and
// dead letters may be empty, to move the cursor alone.
type Batch struct {
	Mentions []earshot.Mention
	Dead     []earshot.DeadLetter
	Next     earshot.Cursor // where to resume after the batch; nil for a source without a cursor
}

// Part is one independent piece of a listener, with a cursor, a goroutine and a
// backoff of its own.
type Part struct {
	Name   string // unique in the listener and stable: the cursor is found by it
	Source Source
}

// Driver is a kind of listener, registered in cmd/earshot/drivers.go.
type Driver struct {
	Config   any                         // the driver's configuration with its defaults, by value: the schema is made of it
	Open     func(Setup) ([]Part, error) // checks the configuration and makes the parts; starts nothing
	Searches bool                        // it asks for what the brands do, so that it must start anew when they change
}

// Setup is what a driver is handed. While a configuration is only checked it
// holds everything but what needs a running daemon: Inbox, Tally and Stored are
// never nil, yet must not be called from Open.
type Setup struct {
	Name    string                 // of the listener, from the configuration
	Client  *http.Client           // polite, capped and guarded against private addresses
	Stream  *http.Client           // as Client, for answers that never end and for WebSockets: no deadline, no cap, nothing decoded
	Dial    Dial                   // guarded likewise, for what is not HTTP
	Queries []earshot.Query        // what the brands ask for, in their order, for a network that can search
	Handles []string               // accounts that the brands own, as configured: see earshot.SplitHandle
	Inbox   *Inbox                 // where other people's servers deliver what they push
	Tally   Tally                  // what must outlive a crash at once and is no cursor: money spent, habits
	Stored  Stored                 // what the log holds, for networks that tell of deletions only when asked
	Log     *zap.Logger            // already carries the listener's name
	Decode  func(config any) error // fills the driver's own configuration; unknown keys are errors
}

// Dial opens a connection as net.Dialer.DialContext does, to public addresses
// and those that the configuration allows.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Tally keeps small records by name, each durable when Save returns. Names begin
// with the name of the listener and a dot.
type Tally interface {
	// Load returns a record and the revision that the next Save must name. Both
	// are zero for a record never saved.
	Load(ctx context.Context, name string) (value []byte, revision uint64, err error)
	// Save replaces a record and returns its new revision. It returns
	// earshot.ErrConflict when somebody else has: load it again.
	Save(ctx context.Context, name string, value []byte, revision uint64) (uint64, error)
}

// Stored calls each for every mention of a network that the log holds and that
// nobody has taken back, oldest first, each once however many brands it concerns.
// It returns the first error of each.
type Stored func(ctx context.Context, network string, each func(earshot.Mention) error) error

// Backfiller is a Source that can also hear what was posted before it began to
// listen. Backfill emits what was posted at since or later and returns nil once
// it is through; it resumes after from, a cursor of its own that is empty at
// first. What is heard twice is stored once. It may run while Listen does, in
// another process even, so the two share nothing but what is safe to share.
type Backfiller interface {
	Backfill(ctx context.Context, since time.Time, from earshot.Cursor, emit Emit) error
}

// Log is where what was heard lasts.
type Log interface {
	// Cursor returns where the part stopped, and the revision that the next
	// Commit of the part must name. Both are zero for a part never heard.
	Cursor(ctx context.Context, listener, part string) (earshot.Cursor, uint64, error)
	// Commit makes the batch durable, with its cursor, and returns the cursor's
	// new revision. It returns earshot.ErrConflict when somebody else has moved
	// the cursor: read it again.
	Commit(ctx context.Context, listener, part string, revision uint64, batch Batch) (uint64, error)
}

// RetryAfter is a failure after which the network asks to be left alone for a
// while. The runner waits at least Wait, capped.
type RetryAfter struct {
	Wait time.Duration
	Err  error
}

// Error says what failed.
func (e *RetryAfter) Error() string { return e.Err.Error() }

// Unwrap returns what failed.
func (e *RetryAfter) Unwrap() error { return e.Err }

// Refused is a credential that the network does not accept, or no longer. The
// runner says so once and does not call the source again until File changes or
// the configuration is read again.
type Refused struct {
	File  string // that holds the credential; empty if it does not come from a file
	Renew string // how a person gets a new one
	Err   error  // what the network said
}

// Error says which file to renew and how.
func (e *Refused) Error() string {
	where := "the credential"
	if e.File != "" {
		where = "the credential in " + e.File
	}
	return fmt.Sprintf("%s is refused: %v (%s)", where, e.Err, e.Renew)
}

// Unwrap returns what the network said.
func (e *Refused) Unwrap() error { return e.Err }

// ErrGone is wrapped by a source whose part has ended for good: the runner says
// so and does not call it again until the configuration changes.
var ErrGone = errors.New("gone for good")
