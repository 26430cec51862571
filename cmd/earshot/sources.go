package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"earshot/bus"
	"earshot/listeners"
)

// askSources is the question that a daemon answers with its []listeners.Status.
const askSources = "sources"

func newSourcesCommand() *cobra.Command {
	var (
		at     connection
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "sources [LISTENER]",
		Short: "Show how the listeners are doing",
		Long: "Asks the running daemons how each part of their listeners is doing: its state, the\n" +
			"lag between a post and its being heard, the newest post, when the network is asked\n" +
			"again, what is left of its limits and what has been spent. The same is in /metrics.",
		Example: "  earshot sources -c earshot.yaml\n" +
			"  earshot sources newswire\n" +
			"  earshot sources --json | jq '.[] | select(.state != \"listening\")'",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			all, err := askStatus(cmd.Context(), client)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				all = slices.DeleteFunc(all, func(s listeners.Status) bool { return s.Listener != args[0] })
				if len(all) == 0 {
					return fmt.Errorf("no daemon has a listener %q (earshot sources shows all)", args[0])
				}
			}
			if asJSON {
				e := json.NewEncoder(cmd.OutOrStdout())
				e.SetIndent("", "  ")
				return e.Encode(all)
			}
			return printSources(cmd.OutOrStdout(), all, time.Now())
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array, durations in nanoseconds")
	cmd.AddCommand(newRecipesCommand())
	return cmd
}

// askStatus asks every running daemon.
func askStatus(ctx context.Context, client *bus.Client) ([]listeners.Status, error) {
	replies, err := client.Ask(ctx, askSources, nil)
	if err != nil {
		return nil, err
	}
	var all []listeners.Status
	for _, r := range replies {
		if r.Error != "" {
			return nil, fmt.Errorf("asking the daemon on %s (process %d): %s", r.Host, r.PID, r.Error)
		}
		var some []listeners.Status
		if err := json.Unmarshal(r.Answer, &some); err != nil {
			return nil, fmt.Errorf("reading the answer of the daemon on %s: %w", r.Host, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// printSources writes a table for people, and what is wrong below it.
func printSources(w io.Writer, all []listeners.Status, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "LISTENER\tTYPE\tPART\tSTATE\tLAG\tLAST POST\tHEARD\tNEXT\tLIMIT\tSPENT")
	for _, s := range all {
		fmt.Fprintln(t, strings.Join([]string{
			s.Listener, s.Type, shortened(oneLine(s.Part), 40), string(s.State), lagOf(s), ago(now, s.Posted),
			fmt.Sprint(s.Mentions), nextOf(now, s), limitOf(s), spentOf(s),
		}, "\t"))
	}
	err := t.Flush()
	for _, s := range all {
		if s.Err != "" {
			_, e := fmt.Fprintf(w, "\n%s, %s: %s", s.Listener, oneLine(s.Part), oneLine(s.Err))
			err = cmp.Or(err, e)
		}
	}
	if len(all) == 0 {
		_, e := fmt.Fprintln(w, "no listeners are configured")
		err = cmp.Or(err, e)
	}
	return errors.Join(err)
}

func shortened(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most-1]) + "…"
}

const nothingKnown = "-"

func lagOf(s listeners.Status) string {
	if s.Posted.IsZero() {
		return nothingKnown
	}
	return roughly(s.Lag)
}

func ago(now, at time.Time) string {
	if at.IsZero() {
		return nothingKnown
	}
	if now.Sub(at) < time.Second {
		return "just now"
	}
	return roughly(now.Sub(at)) + " ago"
}

// nextOf is when the network is asked again: as the source says, or as the runner
// does while it waits.
func nextOf(now time.Time, s listeners.Status) string {
	at := s.Next
	if s.State != listeners.Listening {
		at = s.Retry
	}
	switch {
	case at.IsZero() && s.Note != "":
		return s.Note
	case at.IsZero():
		return nothingKnown
	case !at.After(now):
		return "now"
	}
	return "in " + roughly(at.Sub(now))
}

func limitOf(s listeners.Status) string {
	if s.Of == 0 {
		return nothingKnown
	}
	return fmt.Sprintf("%d/%d", s.Left, s.Of)
}

func spentOf(s listeners.Status) string {
	var parts []string
	for _, b := range s.Spent {
		part := amount(b.Used)
		if b.Limit > 0 {
			part += "/" + amount(b.Limit)
		}
		parts = append(parts, part+" "+b.Unit+" a "+b.Per)
	}
	if parts == nil {
		return nothingKnown
	}
	return strings.Join(parts, ", ")
}

// amount is written in full, to a thousandth: quotas are in tens of thousands,
// prices in fractions of a cent.
func amount(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

// roughly is a duration with two figures of precision, for people.
func roughly(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	case d < 48*time.Hour:
		return strings.TrimSuffix(strings.TrimSuffix(d.Round(time.Hour).String(), "0s"), "0m")
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}
