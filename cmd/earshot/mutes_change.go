package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts/noise"
	"earshot/bus"
	"earshot/cmd/earshot/strict"
)

// mutesBelow is where mutes are among the settings.
const mutesBelow = "mutes"

// newMuteChangeCommands are the commands for mutes that hold, which only the
// daemon's login may use: list, add and rm.
func newMuteChangeCommands() []*cobra.Command {
	return []*cobra.Command{newListMutesCommand(), newAddMuteCommand(), newRemoveMuteCommand()}
}

func newListMutesCommand() *cobra.Command {
	var (
		at     connection
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the mutes that hold, the first to end first",
		Example: "  earshot mutes list -c earshot.yaml\n  earshot mutes list --json | jq -r '.[].id'",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			now := time.Now()
			mutes, err := readMutes(cmd.Context(), client, now)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(mutes)
			}
			if len(mutes) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no mutes")
				return nil
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "MUTE\tENDS IN\tBY\tMATCHERS\tWHY")
			for _, m := range mutes {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", m.ID, roughly(m.Until.Sub(now)), m.By, oneLine(m.Matchers.String()), shortened(oneLine(m.Why), 60))
			}
			return table.Flush()
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func newAddMuteCommand() *cobra.Command {
	var (
		at             connection
		as, lasts, why string
	)
	cmd := &cobra.Command{
		Use:     "add MATCHERS",
		Short:   "Hold alerts back for a time",
		Example: "  earshot mutes add 'brand=acme,topic=delivery,urgency=~\"low|normal\"' --for 2h --why 'the carrier is on strike, we know'",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			matchers, err := readMatchers(args[0])
			if err != nil {
				return err
			}
			length, err := strict.ParseDuration(lasts)
			if err != nil {
				return usageError{"--for is not a time (write 2h or 1d)"}
			}
			now := time.Now().UTC().Truncate(time.Second)
			mute := noise.Mute{
				ID: strings.ToLower(rand.Text()[:6]), Matchers: matchers, By: cmp.Or(as, at.user, operator), Why: why, From: now, Until: now.Add(length),
			}
			if problems := mute.Check(noise.DefaultMaxMute, now); len(problems) > 0 {
				return usageError{problems.Error()}
			}
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			value, err := json.Marshal(mute)
			if err != nil {
				return err
			}
			if _, err := client.PutSetting(cmd.Context(), mutesBelow+"."+mute.ID, value, 0); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s holds until %s\n", mute.ID, mute.Until.Local().Format("Mon 2006-01-02 15:04"))
			return nil
		},
	}
	at.addFlags(cmd)
	cmd.Flags().StringVar(&lasts, "for", "1h", "hold back for a `TIME` such as 2h, at most 7d")
	cmd.Flags().StringVar(&why, "why", "", "the `REASON`, for the colleague who wonders")
	cmd.Flags().StringVar(&as, "as", "", "act as `NAME`, with the daemon's own login (default "+operator+")")
	return cmd
}

func newRemoveMuteCommand() *cobra.Command {
	var at connection
	cmd := &cobra.Command{
		Use:     "rm ID",
		Short:   "End a mute now; the teams hear what it held back",
		Example: "  earshot mutes rm k3f9qa -c earshot.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			name := mutesBelow + "." + args[0]
			value, revision, err := client.SettingAt(cmd.Context(), name)
			if err != nil {
				return err
			}
			if value == nil {
				return fmt.Errorf("there is no mute %q (earshot mutes list shows those that hold)", args[0])
			}
			err = client.DropSetting(cmd.Context(), name, revision)
			if errors.Is(err, earshot.ErrConflict) {
				return fmt.Errorf("somebody else has just changed mute %s: try again", args[0])
			}
			return err
		},
	}
	at.addFlags(cmd)
	return cmd
}

// readMutes returns the mutes that hold now or will, the first to end first.
func readMutes(ctx context.Context, client *bus.Client, now time.Time) ([]noise.Mute, error) {
	mutes := []noise.Mute{}
	err := client.EachSetting(ctx, mutesBelow, func(name string, value []byte) error {
		var m noise.Mute
		if err := json.Unmarshal(value, &m); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if m.Until.After(now) {
			mutes = append(mutes, m)
		}
		return nil
	})
	slices.SortFunc(mutes, func(a, b noise.Mute) int { return cmp.Or(a.Until.Compare(b.Until), strings.Compare(a.ID, b.ID)) })
	return mutes, err
}
