package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"go.uber.org/zap"

	"earshot"
	"earshot/bus"
)

// Every daemon answers a question; what one cannot say is an error of its own.
func TestAsk(t *testing.T) {
	o := options(t)
	b := open(t, o)
	err := b.Serve("1.0.0", bus.Answers{
		"sources": func(_ context.Context, question []byte) (any, error) {
			var listener string
			err := json.Unmarshal(question, &listener)
			return []string{"heard " + listener}, err
		},
		"trouble": func(context.Context, []byte) (any, error) { return nil, errors.New("nothing to say") },
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := bus.Dial(b.URL(), bus.DaemonLogin(o.Dir), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	replies, err := client.Ask(t.Context(), "sources", "newswire")
	if err != nil || len(replies) != 1 || string(replies[0].Answer) != `["heard newswire"]` || replies[0].PID == 0 {
		t.Errorf("Ask = %+v %v", replies, err)
	}
	if replies, err = client.Ask(t.Context(), "trouble", nil); err != nil || replies[0].Error != "nothing to say" {
		t.Errorf("Ask = %+v %v", replies, err)
	}
	if _, err := client.Ask(t.Context(), "weather", nil); !errors.Is(err, earshot.ErrNotFound) {
		t.Errorf("Ask = %v, want %v", err, earshot.ErrNotFound)
	}
}
