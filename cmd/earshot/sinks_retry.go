package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts"
	"earshot/bus"
)

func newSinksRetryCommand() *cobra.Command {
	var (
		at   connection
		id   string
		drop bool
	)
	cmd := &cobra.Command{
		Use:   "retry SINK",
		Short: "Send the alerts that a sink has set aside once more",
		Long: "Sends what lies aside because the peer did not take it (earshot sinks --aside says why),\n" +
			"oldest first. What the peer still does not take stays aside, and so does an alert whose\n" +
			"case the peer has heard newer things of, unless it is named by --id.",
		Example: "  earshot sinks retry pr-mail -c earshot.yaml\n" +
			"  earshot sinks retry pr-mail --id 3XKW….pr.2\n" +
			"  earshot sinks retry pr-mail --id 3XKW….pr.2 --drop",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			r := retrier{client: client, sink: args[0], id: id, what: alerts.Again{Late: id != "", Drop: drop}}
			return r.run(cmd.Context(), cmd.OutOrStdout())
		},
	}
	at.addFlags(cmd)
	cmd.Flags().StringVar(&id, "id", "", "the alert with this `ID` alone")
	cmd.Flags().BoolVar(&drop, "drop", false, "do not send them, and have them not lie aside any more")
	return cmd
}

// retrier has a sink try again what it set aside.
type retrier struct {
	client *bus.Client
	sink   string
	id     string // of the only alert that is meant; empty for all
	what   alerts.Again
}

func (r *retrier) run(ctx context.Context, w io.Writer) error {
	if err := sinkDelivers(ctx, r.client, r.sink); err != nil {
		return err
	}
	var all []earshot.SetAside
	err := r.client.Aside(ctx, r.sink, func(s earshot.SetAside) error {
		if r.id == "" || s.Alert == r.id {
			all = append(all, s)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(all) == 0 && r.id != "":
		return fmt.Errorf("sink %s has set no alert %s aside (earshot sinks --aside shows all)", r.sink, r.id)
	case len(all) == 0:
		_, err := fmt.Fprintln(w, "nothing lies aside")
		return err
	}
	failed := 0
	for _, s := range all {
		ok, err := r.one(ctx, w, &s)
		if err != nil {
			return err
		}
		if !ok {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%s of %d still aside", plural(failed, "alert"), len(all))
	}
	return nil
}

// one asks for one alert, and prints what became of it.
func (r *retrier) one(ctx context.Context, w io.Writer, s *earshot.SetAside) (bool, error) {
	q := retryQuestion{Sink: r.sink, Again: r.what}
	q.Sequence = s.Sequence
	var got alerts.Retried
	if err := askSink(ctx, r.client, askSinkRetry, q, &got); err != nil {
		return false, fmt.Errorf("retrying alert %s of sink %s: %w", s.Alert, r.sink, err)
	}
	said := map[alerts.Outcome]string{
		alerts.RetrySent:      "went to " + cmp.Or(got.Place, r.sink),
		alerts.RetryKnown:     "was there already",
		alerts.RetryOvertaken: "is out of date: newer things of its case were told (--id sends it all the same, --drop puts it away)",
		alerts.RetryGone:      "is not kept any more",
		alerts.RetryDropped:   "will not be sent",
		alerts.RetryUnderWay:  "is under way: the peer takes its time",
		alerts.RetryFailed:    "failed again: " + oneLine(got.Err),
	}[got.Outcome]
	_, err := fmt.Fprintf(w, "%s %s\n", s.Alert, said)
	return got.Outcome != alerts.RetryFailed && got.Outcome != alerts.RetryOvertaken, err
}
