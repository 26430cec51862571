package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
	"earshot/bus"
)

// tried is what came of a test of a sink.
type tried struct {
	Place string `json:"place,omitempty"`
	Err   string `json:"error,omitempty"`
}

// trySink sends a test alert through a sink.
func (d *daemon) trySink(ctx context.Context, question []byte) (any, error) {
	var name string
	if err := json.Unmarshal(question, &name); err != nil {
		return nil, errors.New("not the name of a sink")
	}
	now := time.Now()
	a := wording.Sample(now)
	a.ID = fmt.Sprintf("test.%s.%d", name, now.UnixNano())
	a.Case, a.Brand = "test-"+name, earshot.All
	for _, s := range d.config.Load().Sinks {
		if s.Name == name {
			a.Team = s.Common.Team
		}
	}
	place, err := d.courier.Try(ctx, name, *a)
	if errors.Is(err, earshot.ErrNotFound) {
		return nil, bus.ErrNotMine
	}
	t := tried{Place: place}
	if err != nil {
		t.Err = err.Error()
	}
	return t, nil
}

// retryQuestion is a wish for one alert that a sink set aside.
type retryQuestion struct {
	Sink string `json:"sink"`
	alerts.Again
}

// answerSoon leaves time to say that a delivery is still under way.
const answerSoon = 4 * time.Second

// retrySink deals with an alert that a sink set aside.
func (d *daemon) retrySink(ctx context.Context, question []byte) (any, error) {
	var q retryQuestion
	if err := json.Unmarshal(question, &q); err != nil {
		return nil, errors.New("not a wish for an alert that was set aside")
	}
	ctx, cancel := context.WithTimeout(ctx, answerSoon)
	defer cancel()
	r, err := d.courier.Retry(ctx, q.Sink, q.Again)
	if errors.Is(err, earshot.ErrNotFound) {
		return nil, bus.ErrNotMine
	}
	return r, err
}

func newSinksTestCommand() *cobra.Command {
	var at connection
	cmd := &cobra.Command{
		Use:     "test SINK",
		Short:   "Send one marked test alert through a sink of the running daemon",
		Example: "  earshot sinks test pr-mail -c earshot.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			return testSink(cmd.Context(), cmd.OutOrStdout(), client, args[0])
		},
	}
	at.addFlags(cmd)
	return cmd
}

func testSink(ctx context.Context, w io.Writer, client *bus.Client, name string) error {
	if err := sinkDelivers(ctx, client, name); err != nil {
		return err
	}
	var t tried
	if err := askSink(ctx, client, askSinkTry, name, &t); err != nil {
		return fmt.Errorf("testing sink %s: %w", name, err)
	}
	if t.Err != "" {
		return fmt.Errorf("testing sink %s: %s", name, t.Err)
	}
	_, err := fmt.Fprintf(w, "ok: a test alert went to %s\n", cmp.Or(t.Place, name))
	return err
}

// sinkDelivers reports a sink that no daemon delivers to.
func sinkDelivers(ctx context.Context, client *bus.Client, name string) error {
	all, err := askSinkStatus(ctx, client)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(s alerts.SinkStatus) bool { return s.Sink == name })
	switch {
	case i < 0:
		return fmt.Errorf("no daemon has a sink %q (earshot sinks shows all)", name)
	case all[i].State == alerts.SinkStandby:
		return fmt.Errorf("no daemon delivers to sink %s just now (one takes over within seconds: try again)", name)
	}
	return nil
}

// askSink asks the daemon that delivers to a sink.
func askSink(ctx context.Context, client *bus.Client, what string, question, answer any) error {
	replies, err := client.Ask(ctx, what, question)
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return errors.New("the daemon that delivers to it does not answer (earshot sinks shows how it is doing)")
	case err != nil:
		return err
	case replies[0].Error != "":
		return fmt.Errorf("asking the daemon on %s (process %d): %s", replies[0].Host, replies[0].PID, replies[0].Error)
	}
	if err := json.Unmarshal(replies[0].Answer, answer); err != nil {
		return fmt.Errorf("reading the answer of the daemon on %s: %w", replies[0].Host, err)
	}
	return nil
}
