package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/bus"
)

// allAlerts is what tail shows unless a subject is named.
const allAlerts = "earshot.alerts.>"

func newTailCommand() *cobra.Command {
	var (
		at     connection
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "tail [SUBJECT]",
		Short: "Show alerts as they are raised",
		Long: "Shows the alerts of a running daemon as they are raised, until it is interrupted.\n" +
			"SUBJECT is earshot.alerts.TEAM.BRAND.KIND.URGENCY, with * for any one word and >\n" +
			"for the rest; without it all alerts are shown that the login may read. What was\n" +
			"raised before, or while the connection was lost, is in the team's durable consumer.",
		Example: "  earshot tail -c earshot.yaml\n" +
			"  earshot tail 'earshot.alerts.pr.*.crisis.>'\n" +
			"  earshot tail --json 'earshot.alerts.cs.>' | jq .summary\n" +
			"  earshot tail --server nats://bus.example:4222 --user cs --password-file cs.pw 'earshot.alerts.cs.>'",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			subject := allAlerts
			if len(args) > 0 {
				subject = args[0]
			}
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			alerts, err := client.Subscribe(subject)
			if err != nil {
				return err
			}
			defer alerts.Close()
			cmd.PrintErrln("waiting for alerts on " + subject + " (Ctrl-C ends it)")
			return follow(cmd.Context(), alerts, cmd.OutOrStdout(), asJSON)
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each alert as a line of JSON")
	return cmd
}

// follow writes alerts as they come, until ctx ends.
func follow(ctx context.Context, alerts *bus.Subscription, w io.Writer, asJSON bool) error {
	for {
		_, a, err := alerts.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case asJSON:
			err = json.NewEncoder(w).Encode(a)
		default:
			err = printAlert(w, &a)
		}
		if err != nil {
			return err
		}
	}
}

// printAlert writes an alert for a person: when and to whom, the summary, where
// to answer and what speaks for it.
func printAlert(w io.Writer, a *earshot.Alert) error {
	head := fmt.Sprintf("%s  %s · %s", a.At.Local().Format("15:04:05"), a.Team, a.Kind)
	if a.Topic != "" {
		head += "/" + a.Topic
	}
	if a.Why != earshot.BecauseNew {
		head += fmt.Sprintf(" · %s, revision %d", a.Why, a.Revision)
	}
	lines := []string{head, "  " + a.Summary}
	if a.Mention != nil && a.Mention.URL != "" {
		lines = append(lines, "  "+oneLine(a.Mention.URL))
	}
	if a.Verdict != nil {
		lines = append(lines, "  because: "+because(a.Verdict))
	}
	if !a.RespondBy.IsZero() {
		lines = append(lines, "  answer by "+a.RespondBy.Local().Format("Mon 15:04"))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n")+"\n")
	return err
}

// because names what made a matter urgent, in the order of the book.
func because(v *earshot.Verdict) string {
	var parts []string
	for _, r := range v.Reasons {
		if r.Of == earshot.OfUrgency {
			parts = append(parts, fmt.Sprintf("%s %+g", oneLine(r.Rule), r.Weight.Float()))
		}
	}
	if len(parts) == 0 {
		return fmt.Sprintf("urgency %s", v.Urgency)
	}
	return strings.Join(parts, ", ") + fmt.Sprintf(" = urgency %s", v.Urgency)
}

// oneLine keeps what came from outside from moving the cursor of a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}
