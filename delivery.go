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
