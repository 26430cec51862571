package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts"
	"earshot/bus"
)

// Questions that a daemon answers about its sinks.
const (
	askSinks     = "sinks"
	askSinkTry   = "sink-test"
	askSinkRetry = "sink-retry"
)

func (d *daemon) sinkStatus(ctx context.Context, _ []byte) (any, error) {
	d.courier.Count(ctx)
	return d.courier.Status(), nil
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
			"what waits, what was tried again and what lies aside because the peer did not take\n" +
			"it. The same is in /metrics.",
		Example: "  earshot sinks -c earshot.yaml\n" +
			"  earshot sinks --aside\n" +
			"  earshot sinks retry pr-mail\n" +
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
	cmd.Flags().BoolVar(&aside, "aside", false, "print the alerts that lie aside and why, one JSON object a line")
	cmd.AddCommand(newSinksTestCommand(), newSinksRetryCommand(), newSinksPreviewCommand())
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
