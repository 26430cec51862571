package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts"
	"earshot/alerts/wording"
	"earshot/bus"
)

// Questions that a daemon answers about its sinks.
const (
	askSinks   = "sinks"
	askSinkTry = "sink-test"
)

func (d *daemon) sinkStatus(ctx context.Context, _ []byte) (any, error) {
	d.courier.Count(ctx)
	return d.courier.Status(), nil
}

// tried is what came of a test of a sink.
type tried struct {
	Known bool   `json:"known"` // this daemon has the sink
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
		return tried{}, nil
	}
	t := tried{Known: true, Place: place}
	if err != nil {
		t.Err = err.Error()
	}
	return t, nil
}

func newSinksCommand() *cobra.Command {
	var (
		at     connection
		asJSON bool
		aside  bool
	)
	cmd := &cobra.Command{
		Use:   "sinks",
		Short: "Show how alerts get to people, and try it",
		Long: "Asks the running daemons how each sink is doing: its state, when it last delivered,\n" +
			"what waits, what was tried again and what the peer will never take. The same is in\n" +
			"/metrics.",
		Example: "  earshot sinks -c earshot.yaml\n" +
			"  earshot sinks --aside\n" +
			"  earshot sinks test pr-mail\n" +
			"  earshot sinks preview --sink pr-mail --lang de",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			if aside {
				return printAside(cmd.Context(), cmd.OutOrStdout(), client)
			}
			all, err := askSinkStatus(cmd.Context(), client)
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(all)
			}
			return printSinks(cmd.OutOrStdout(), all, time.Now())
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	cmd.Flags().BoolVar(&aside, "aside", false, "print the alerts that sinks have set aside, one JSON object a line")
	cmd.AddCommand(newSinksTestCommand(), newSinksPreviewCommand())
	return cmd
}

// askSinkStatus asks every daemon; of each sink it returns what the one says that
// delivers to it, if any does.
func askSinkStatus(ctx context.Context, client interface {
	Ask(ctx context.Context, what string, question any) ([]bus.Reply, error)
},
) ([]alerts.SinkStatus, error) {
	replies, err := client.Ask(ctx, askSinks, nil)
	if err != nil {
		return nil, err
	}
	all := []alerts.SinkStatus{}
	for _, r := range replies {
		if r.Error != "" {
			return nil, fmt.Errorf("asking the daemon on %s (process %d): %s", r.Host, r.PID, r.Error)
		}
		var some []alerts.SinkStatus
		if err := json.Unmarshal(r.Answer, &some); err != nil {
			return nil, fmt.Errorf("reading the answer of the daemon on %s: %w", r.Host, err)
		}
		for _, s := range some {
			i := slices.IndexFunc(all, func(o alerts.SinkStatus) bool { return o.Sink == s.Sink })
			switch {
			case i < 0:
				all = append(all, s)
			case all[i].State == alerts.SinkStandby:
				all[i] = s
			}
		}
	}
	return all, nil
}

func printSinks(w io.Writer, all []alerts.SinkStatus, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SINK\tTYPE\tTEAM\tSTATE\tLAST\tDELIVERED\tWAITING\tRETRIES\tASIDE\tNEXT")
	for _, s := range all {
		next := nothingKnown
		if s.Retry.After(now) {
			next = "in " + roughly(s.Retry.Sub(now))
		}
		fmt.Fprintln(t, strings.Join([]string{
			s.Sink, s.Type, s.Team, string(s.State), ago(now, s.Last), fmt.Sprint(s.Delivered),
			fmt.Sprint(s.Waiting), fmt.Sprint(s.Retries), fmt.Sprint(s.Aside), next,
		}, "\t"))
	}
	err := t.Flush()
	for _, s := range all {
		if s.Err != "" {
			_, e := fmt.Fprintf(w, "\n%s: %s\n", s.Sink, oneLine(s.Err))
			err = cmp.Or(err, e)
		}
	}
	if len(all) == 0 {
		_, e := fmt.Fprintln(w, "no sinks are configured: teams read their alerts from NATS")
		err = cmp.Or(err, e)
	}
	return err
}

func printAside(ctx context.Context, w io.Writer, client *bus.Client) error {
	e := json.NewEncoder(w)
	return client.Aside(ctx, "*", func(s earshot.SetAside) error { return e.Encode(s) })
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
	replies, err := client.Ask(ctx, askSinkTry, name)
	if err != nil {
		return err
	}
	for _, r := range replies {
		var t tried
		if r.Error != "" {
			return fmt.Errorf("asking the daemon on %s (process %d): %s", r.Host, r.PID, r.Error)
		}
		if err := json.Unmarshal(r.Answer, &t); err != nil {
			return fmt.Errorf("reading the answer of the daemon on %s: %w", r.Host, err)
		}
		switch {
		case t.Err != "":
			return fmt.Errorf("testing sink %s: %s", name, t.Err)
		case t.Known:
			_, err := fmt.Fprintf(w, "ok: a test alert went to %s\n", cmp.Or(t.Place, name))
			return err
		}
	}
	return fmt.Errorf("no daemon has a sink %q (earshot sinks shows all)", name)
}
