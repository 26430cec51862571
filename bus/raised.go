package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"earshot"
)

// Client is the daemon's own connection, for what commands do as well. It is not to
// be closed: the bus does.
func (b *Bus) Client() *Client { return &Client{link: b.link, name: daemonUser} }

// headerStored is where the server says when it stored what it hands out.
const headerStored = "Nats-Time-Stamp"

// errThrough ends a walk that has seen all it was to see.
var errThrough = errors.New("through")

// Raised calls each for every alert of a team, earshot.All for all teams, that was
// raised since a moment and that is still there, in the order of the log. It ends
// with what was stored when it was called and returns the first error of each.
func (b *Bus) Raised(ctx context.Context, team string, since time.Time, each func(*earshot.Alert) error) error {
	return b.RaisedWithin(ctx, team, since, time.Time{}, each)
}

// RaisedWithin is Raised for what was stored before until as well, unless that is zero.
func (b *Bus) RaisedWithin(ctx context.Context, team string, since, until time.Time, each func(*earshot.Alert) error) error {
	if team == earshot.All {
		team = "*"
	} else if err := tokens(team); err != nil {
		return fmt.Errorf("reading alerts: %w", err)
	}
	upTo, err := b.Client().end(ctx, streamAlerts)
	if err != nil {
		return fmt.Errorf("reading alerts: %w", err)
	}
	from := get{Next: "earshot.alerts." + team + ".>", StartTime: &since}
	err = b.link.walkFrom(ctx, streamAlerts, from, upTo, func(r record) error {
		if at, err := time.Parse(time.RFC3339Nano, r.header.Get(headerStored)); err == nil && !until.IsZero() && !at.Before(until) {
			return errThrough
		}
		var a earshot.Alert
		if r.header.Get(headerWithdrawn) != "" || json.Unmarshal(r.data, &a) != nil {
			return nil // what cannot be read says nothing that could be counted
		}
		return each(&a)
	})
	if errors.Is(err, errThrough) {
		return nil
	}
	return err
}
