// Package listeners turns networks into mentions. It runs sources, restarts
// them with backoff, keeps them polite and contains their failures; each folder
// below it knows one network. It knows nothing of brands: judging is in rules,
// storing is behind Log.
package listeners

import (
	"context"
	"errors"
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
	Config any                         // the driver's configuration with its defaults, by value: the schema is made of it
	Open   func(Setup) ([]Part, error) // checks the configuration and makes the parts; starts nothing
}

// Setup is what a driver is handed.
type Setup struct {
	Name   string                 // of the listener, from the configuration
	Client *http.Client           // polite, capped and guarded against private addresses
	Log    *zap.Logger            // already carries the listener's name
	Decode func(config any) error // fills the driver's own configuration; unknown keys are errors
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

// ErrGone is wrapped by a source whose part has ended for good: the runner says
// so and does not call it again until the configuration changes.
var ErrGone = errors.New("gone for good")
