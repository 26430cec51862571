package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"earshot/alerts/mutes"
)

func newPreviewMuteCommand(call *mutesCall) *cobra.Command {
	var since string
	cmd := &cobra.Command{
		Use:   "preview MATCHERS",
		Short: "Show which of the stored alerts a mute would have held back",
		Long: "preview looks at the alerts that the running daemon stored and shows how many of\n" +
			"them a mute with these matchers would have held back, of which teams, and the most\n" +
			"urgent ones. It changes nothing. What authors took back since has no author,\n" +
			"network, listener and language any more.",
		Example: "  earshot mutes preview 'brand=acme,kind=customer,network=~\"x|bluesky\"' --since 24h\n" +
			"  earshot mutes preview 'author=@troll' --since 7d --json | jq .held",
		Args: oneMatchers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkMatchers(args[0]); err != nil {
				return err
			}
			now := time.Now()
			from, err := parseSince(since, now)
			if err != nil {
				return usageError{err.Error()}
			}
			var v mutes.View
			request := mutes.Request{Matchers: args[0], Since: now.Sub(from).Round(time.Second).String()}
			if err := call.ask(cmd, mutes.Preview, request, &v); err != nil {
				return err
			}
			if call.asJSON {
				return printJSON(cmd, v)
			}
			return printView(cmd.OutOrStdout(), &v)
		},
	}
	cmd.Flags().StringVar(&since, "since", "24h", "look at what was raised since `TIME`: a duration back (36h, 7d) or a date (2026-11-01)")
	return cmd
}

func printView(w io.Writer, v *mutes.View) error {
	of := ""
	if v.Team != "" {
		of = " of " + v.Team
	}
	newest := ""
	if v.Partial {
		newest = "the newest "
	}
	fmt.Fprintf(w, "%s would have held back %d of %s%s%s since %s\n", oneLine(v.Matchers.String()), v.Held, newest, plural(v.Alerts, "alert"), of, v.Since.Local().Format("Mon 2006-01-02 15:04"))
	if v.Partial {
		fmt.Fprintln(w, "there was no time to look further back")
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range v.Groups {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%d\n", g.Urgency, g.Team, g.Brand, g.Kind, g.Count)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if v.Danger > 0 {
		fmt.Fprintf(w, "not held back, since people are in danger: %d\n", v.Danger)
	}
	if len(v.Top) > 0 {
		fmt.Fprintln(w, "the most urgent ones:")
	}
	for _, a := range v.Top {
		if _, err := fmt.Fprintf(w, "  %s  %s  %s\n", a.At.Local().Format("Mon 15:04"), a.Urgency, shortened(oneLine(a.Summary), 100)); err != nil {
			return err
		}
	}
	return nil
}
