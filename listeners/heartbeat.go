package listeners

import (
	"context"
	"time"

	"earshot"
)

// HeartbeatID is the mention that a heartbeat edits, over and over.
const HeartbeatID = OperationNetwork + ":heartbeat"

// NewHeartbeat returns a part that posts at once and then every so often, so that
// somebody can see that what is heard becomes an alert.
func NewHeartbeat(every time.Duration) Part {
	return Part{Name: "heartbeat", Source: heartbeat(every)}
}

type heartbeat time.Duration

// Listen posts until ctx ends.
func (h heartbeat) Listen(ctx context.Context, _ earshot.Cursor, emit Emit) error {
	tick := time.NewTicker(time.Duration(h))
	defer tick.Stop()
	for {
		now := time.Now().UTC()
		beat := earshot.Mention{
			ID: HeartbeatID, Network: OperationNetwork, Channel: ChannelHeartbeat, Change: earshot.Edited,
			Title: "heartbeat", Text: now.Format(time.RFC3339Nano), Posted: now, Lang: "en",
		}
		if err := emit(ctx, Batch{Mentions: []earshot.Mention{beat}}); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
