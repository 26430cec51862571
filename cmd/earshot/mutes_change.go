package main

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts/mutes"
	"earshot/cmd/earshot/strict"
)

func newListMutesCommand(call *mutesCall) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the mutes that hold, the first to end first",
		Example: "  earshot mutes list -c earshot.yaml\n  earshot mutes list --team cs --json | jq -r '.mutes[].id'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var listed mutes.Listed
			if err := call.ask(cmd, mutes.List, mutes.Request{}, &listed); err != nil {
				return err
			}
			if call.asJSON {
				return printJSON(cmd, listed)
			}
			if len(listed.Mutes) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no mutes")
				return nil
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "MUTE\tENDS IN\tTEAM\tBY\tMATCHERS\tWHY")
			for i := range listed.Mutes {
				m := &listed.Mutes[i]
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, roughly(max(time.Until(m.Until), time.Second)), cmp.Or(m.Team, earshot.All), m.By,
					oneLine(m.Matchers.String()), shortened(oneLine(m.Why), 60))
			}
			return table.Flush()
		},
	}
}

func newAddMuteCommand(call *mutesCall) *cobra.Command {
	request := mutes.Request{}
	cmd := &cobra.Command{
		Use:   "add MATCHERS",
		Short: "Hold alerts back for a time",
		Long: "add makes a mute for the alerts of your team. It ends by itself, and the team hears\n" +
			"then what it held back. How long it may last at most the configuration says\n" +
			"(noise.max_mute). See first what it would hide: earshot mutes preview.",
		Example: "  earshot mutes add 'brand=acme,topic=delivery,urgency=~\"low|normal\"' --for 2h --why 'the carrier is on strike, we know'\n" +
			"  earshot mutes add author=@loud --for 1d --why 'answered twice, he copies himself' --team cs",
		Args: oneMatchers,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkMatchers(args[0]); err != nil {
				return err
			}
			length, err := strict.ParseDuration(request.For)
			if err != nil {
				return usageError{fmt.Sprintf("--for %q is not a time (write 2h or 1d)", request.For)}
			}
			if length <= 0 {
				return usageError{fmt.Sprintf("--for %s: a mute lasts longer than nothing (write 2h or 1d)", request.For)}
			}
			if request.Why == "" {
				return usageError{"--why is missing: say it for the colleague who wonders tomorrow"}
			}
			ask := mutes.Request{Matchers: args[0], For: length.String(), Why: request.Why, Request: rand.Text()}
			var done mutes.Done
			if err := call.ask(cmd, mutes.Add, ask, &done); err != nil {
				return err
			}
			if call.asJSON {
				return printJSON(cmd, done)
			}
			whose := "of " + done.Mute.Team
			if done.Mute.Team == "" {
				whose = "of all teams"
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s holds back alerts %s until %s\n", done.Mute.ID, whose, done.Mute.Until.Local().Format("Mon 2006-01-02 15:04"))
			return nil
		},
	}
	cmd.Flags().StringVar(&request.For, "for", "1h", "hold back for a `TIME` such as 2h or 1d")
	cmd.Flags().StringVar(&request.Why, "why", "", "the `REASON`, for the colleague who wonders")
	return cmd
}

// oneMatchers wants matchers as the only argument.
func oneMatchers(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fmt.Errorf("the matchers are missing (such as %s 'brand=acme,topic=delivery')", cmd.CommandPath())
	case 1:
		return nil
	}
	return fmt.Errorf("one argument is expected, not %d: put commas between matchers, and quotes around them all (such as %s 'brand=acme,topic=delivery')", len(args), cmd.CommandPath())
}

func newEndMuteCommand(call *mutesCall) *cobra.Command {
	return &cobra.Command{
		Use:     "rm ID",
		Aliases: []string{"end"},
		Short:   "End a mute now; the teams hear what it held back",
		Example: "  earshot mutes rm k3f9qa2m -c earshot.yaml",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("the ID of one mute is expected (earshot mutes list shows those that hold)")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var done mutes.Done
			if err := call.ask(cmd, mutes.End, mutes.Request{ID: args[0]}, &done); err != nil {
				return err
			}
			if call.asJSON {
				return printJSON(cmd, done)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s has ended; what it held back comes in a digest\n", done.Mute.ID)
			return nil
		},
	}
}
