package listeners

import (
	"context"
	"time"
)

// Outlook is what a source knows of its own standing with the network. A zero
// field means that nothing is known of it.
type Outlook struct {
	Posted time.Time `json:"posted,omitzero"` // when the newest post it heard was published
	Next   time.Time `json:"next,omitzero"`   // when it asks again
	Left   int64     `json:"left,omitempty"`  // requests, or units, that the network still allows; meaningless without Of
	Of     int64     `json:"of,omitempty"`    // how many it allows in all
	Reset  time.Time `json:"reset,omitzero"`  // when they are allowed anew
	Spent  []Spent   `json:"spent,omitempty"` // what has been spent of each budget
	Done   float64   `json:"done,omitempty"`  // of a backfill: how much of it is behind, in [0,1]
	Note   string    `json:"note,omitempty"`  // what a person should know: "streaming", "no stream: polling"
}

// Spent is how far a budget is used up, in units of the network.
type Spent struct {
	Unit  string    `json:"unit"`  // USD, units, requests
	Per   string    `json:"per"`   // day or month
	Used  float64   `json:"used"`  //
	Limit float64   `json:"limit"` // 0 for none
	Reset time.Time `json:"reset"` // when it begins anew
}

// mostly reports whether so much is gone that somebody should know.
func (s Spent) mostly() bool { return s.Limit > 0 && s.Used >= 0.8*s.Limit }

type outlookKey struct{}

// Report has the runner show how the source stands: fields that are not zero
// replace what was reported before. ctx is the one that Listen was called with,
// or a descendant; with another nothing happens.
func Report(ctx context.Context, o Outlook) {
	if report, ok := ctx.Value(outlookKey{}).(func(Outlook)); ok {
		report(o)
	}
}

// WithReport returns a context whose reports go to report, which must be safe for
// concurrent use. The runner and tests of drivers make it.
func WithReport(ctx context.Context, report func(Outlook)) context.Context {
	return context.WithValue(ctx, outlookKey{}, report)
}

// over returns what is known after o was reported on top of it.
func (was Outlook) over(o Outlook) Outlook {
	if !o.Posted.IsZero() {
		was.Posted = o.Posted
	}
	if !o.Next.IsZero() {
		was.Next = o.Next
	}
	if o.Of != 0 {
		was.Left, was.Of = o.Left, o.Of
	}
	if !o.Reset.IsZero() {
		was.Reset = o.Reset
	}
	if o.Spent != nil {
		was.Spent = o.Spent
	}
	if o.Done != 0 {
		was.Done = o.Done
	}
	if o.Note != "" {
		was.Note = o.Note
	}
	return was
}
