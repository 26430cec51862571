package alerts

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/alerts/wording"
)

// Sink tells people outside of the bus. Deliver returns once the peer has the alert.
// It is called again with the same alert after a temporary error and after a crash,
// so it gives the peer a key of the alert wherever the peer takes one. Calls for
// different cases run at the same time, those for one case one after the other.
// Sinks hold no retry code: the courier knows what to do after
// *RetryAfter, *Refused, *Rejected and ErrGone; every other error is temporary.
type Sink interface {
	Deliver(ctx context.Context, d Delivery) (Receipt, error)
}

// Digester is a Sink that sends many alerts in one message, now and then. Deliver is
// only called for tests.
type Digester interface {
	Sink
	// Next is when the first message after a moment is due.
	Next(after time.Time) time.Time
	// DeliverAll sends alerts, oldest first, at least one.
	DeliverAll(ctx context.Context, all []Delivery) (Receipt, error)
}

// Follower is a Sink that also hears what becomes of what it delivered. Follow
// returns when ctx ends or the peer fails, and is then called again with backoff. It
// runs in one daemon at a time.
type Follower interface {
	Sink
	Follow(ctx context.Context) error
}

// Delivery is an alert for a sink.
type Delivery struct {
	Alert  earshot.Alert
	Before *Before // what the sink told of the case until now; nil for nothing
	Test   bool    // it was made up to try the sink, and is to say so
}

// Receipt is what a sink remembers of a delivery.
type Receipt struct {
	Place string // channel, address or ticket, for whoever asks where copies went; no secret
	Ref   string // comes back in the Before of the next delivery of the case: a thread, a ticket
}

// Before is what a sink told of a case.
type Before struct {
	First    string    `json:"first"` // ID of the first alert of the case that it delivered
	Alert    string    `json:"alert"` // ID of the last one
	Revision int       `json:"revision"`
	At       time.Time `json:"at"`
	Ref      string    `json:"ref,omitempty"`
}

// SinkDriver is a kind of sink, registered in cmd/earshot/drivers.go.
type SinkDriver struct {
	Config any                           // the driver's configuration with its defaults, by value: the schema is made of it
	Open   func(SinkSetup) (Sink, error) // checks the configuration and makes the sink; calls nobody, starts nothing
}

// SinkSetup is what a sink is handed. While a configuration is only checked, State
// and Act must not be called; they are never nil.
type SinkSetup struct {
	Name   string
	Team   string
	Client *http.Client     // bounded in time, follows no redirects
	TLS    *tls.Config      // for what is not HTTP; knows the authority of the configuration
	Words  *wording.Wording // of the team's language and templates
	State  SinkState        // what must outlive a restart
	Act    Act              // what people did elsewhere
	Log    *zap.Logger      // already carries the sink's name
	Decode func(config any) error
}

// SinkState keeps small values by name, each durable when SetState returns.
type SinkState interface {
	State(ctx context.Context, name string) (json.RawMessage, error) // nil for a value never kept
	SetState(ctx context.Context, name string, value json.RawMessage) error
}

// Act does to a case what somebody did to it elsewhere: verb is claim, wait, resolve
// or reopen; by says who, such as zendesk:4711. It returns earshot.ErrNotFound for a
// case that is not there (any more), and nil when there was nothing left to do.
type Act func(ctx context.Context, team, id, verb, by string) error

// Outbox is what a courier takes the alerts of a sink from.
type Outbox interface {
	SinkState
	// Next waits for an alert that is not under way.
	Next(ctx context.Context) (earshot.Letter, error)
	// Waiting hands out all alerts that are there now, and does not wait.
	Waiting(ctx context.Context) ([]earshot.Letter, error)
	// Done settles an alert for good.
	Done(ctx context.Context, sequence uint64) error
	// SetAside settles an alert that the peer does not take, and keeps why.
	SetAside(ctx context.Context, sequence uint64, why string) error
	// Recall returns an alert that lies aside; earshot.ErrNotFound for one that does
	// not, or is not kept any more.
	Recall(ctx context.Context, sequence uint64) (earshot.Alert, error)
	// Forgive has an alert not lie aside any more.
	Forgive(ctx context.Context, sequence uint64) error
	// Told returns what was noted of a case, nil for nothing.
	Told(ctx context.Context, id string) (json.RawMessage, error)
	// Note keeps that an alert was delivered and what is to be known of its case.
	Note(ctx context.Context, id string, told json.RawMessage, d earshot.Delivery) error
	// Count is how many alerts wait, those under way included, and how many lie aside.
	Count(ctx context.Context) (waiting, aside int, err error)
}

// Over reports whether the matter has ended with the alert: nothing is left of it, or
// the crisis is calm again.
func (d *Delivery) Over() bool {
	a := &d.Alert
	return a.Why == earshot.BecauseWithdrawn || a.Evidence != nil && a.Evidence.To == earshot.Calm
}
