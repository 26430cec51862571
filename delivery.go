package earshot

import "time"

// Delivery is an alert that left the bus by a sink: who forgets an author must be
// told where copies went.
type Delivery struct {
	Sink  string    `json:"sink"`
	Alert string    `json:"alert"` // its ID
	At    time.Time `json:"at"`
	Place string    `json:"place,omitempty"` // channel, address or ticket, as far as the sink tells
}

// SetAside is an alert that a sink will never take: where it lies and why, with
// nothing of what it says.
type SetAside struct {
	Sink     string    `json:"sink"`
	Alert    string    `json:"alert"`    // its ID
	Sequence uint64    `json:"sequence"` // in the stream of alerts
	At       time.Time `json:"at"`
	Why      string    `json:"why"`
}

// Letter is an alert on its way through a sink.
type Letter struct {
	Alert    Alert
	Sequence uint64 // in the stream of alerts
}
