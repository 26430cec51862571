package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts"
	"earshot/cmd/earshot/strict"
)

// dutyCall is what somebody wants to know of the duties of teams.
type dutyCall struct{ at, skill, language string }

func newDutyCommand() *cobra.Command {
	var call dutyCall
	cmd := &cobra.Command{
		Use:   "duty [TEAM…]",
		Short: "Show who is on duty, and when something opened now is due",
		Long: "duty reads the configuration and shows for each team whether it works, by when a\n" +
			"case opened at that moment would be due, and who is called, in order. It starts\n" +
			"nothing and calls nobody.",
		Example: "  earshot duty\n" +
			"  earshot duty cs --at '2026-11-27 18:05'        # in the team's time zone\n" +
			"  earshot duty cs --at 2026-12-24T10:00:00Z --skill battery --language da",
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			teams, err := chosenTeams(c, names)
			if err != nil {
				return err
			}
			for i, team := range teams {
				if i > 0 {
					fmt.Fprintln(cmd.OutOrStdout())
				}
				if err := call.show(cmd.OutOrStdout(), team, time.Now()); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&call.at, "at", "", "at this `MOMENT`: 2026-11-27 18:05 in the team's time zone, or with one: 2026-11-27T18:05:00Z (default now)")
	cmd.Flags().StringVar(&call.skill, "skill", "", "only people who know `WHAT`")
	cmd.Flags().StringVar(&call.language, "language", "", "only people who speak `WHICH`: da or en for example")
	return cmd
}

// chosenTeams are the teams named, or all.
func chosenTeams(c *Config, names []string) ([]alerts.Team, error) {
	if len(names) == 0 {
		return c.Teams, nil
	}
	var teams []alerts.Team
	for _, name := range names {
		i := slices.IndexFunc(c.Teams, func(t alerts.Team) bool { return t.Name == name })
		if i < 0 {
			return nil, usageError{fmt.Sprintf("there is no team %q (%s)", name, strict.Suggest(name, teamNames(c)))}
		}
		teams = append(teams, c.Teams[i])
	}
	return teams, nil
}

func (c dutyCall) show(to io.Writer, team alerts.Team, now time.Time) error {
	roster, clocks := team.Roster(), team.Clocks()
	at, err := c.moment(now, roster.Zone())
	if err != nil {
		return err
	}
	const form = "Mon 2006-01-02 15:04 MST"
	state := "at work"
	if next := clocks.Calendar.Next(at); next.After(at) {
		state = "not at work before " + next.Format(form)
	}
	fmt.Fprintf(to, "%s on %s: %s\n", team.Name, at.Format(form), state)

	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, band := range slices.Backward(earshot.BandNames()) {
		of := earshot.Case{Band: band, State: earshot.Open, Opened: at}
		clocks.Wind(&of)
		for _, due := range clocks.Running(&of) {
			fmt.Fprintf(table, "  %s\t%s\tdue %s\tnear %s\n", band, strings.ReplaceAll(string(due.Name), "_", " "), due.At.Format(form), due.Near.Format(form))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(team.Rota.Shifts)+len(team.Rota.Overrides) == 0 {
		_, err = fmt.Fprintln(to, "  no rota")
		return err
	}
	people := roster.WhoKnows(at, c.skill, c.language)
	called := make([]string, 0, len(people)+1)
	for _, p := range people {
		called = append(called, p.Name)
	}
	if fallback, ok := roster.Next(at, called); ok && fallback.Because != "" {
		called = append(called, fallback.Name()+" ("+fallback.Because+")")
	}
	if len(called) == 0 {
		called = []string{"nobody who is on duty knows that"}
	}
	_, err = fmt.Fprintln(to, "  called: "+strings.Join(called, ", then "))
	return err
}

func (c dutyCall) moment(now time.Time, zone *time.Location) (time.Time, error) {
	if c.at == "" {
		return now.In(zone), nil
	}
	if at, err := time.Parse(time.RFC3339, c.at); err == nil {
		return at.In(zone), nil
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", strings.Replace(c.at, "T", " ", 1), zone)
	if err != nil {
		return time.Time{}, usageError{"--at is not a moment (write '2026-11-27 18:05' or 2026-11-27T18:05:00+01:00)"}
	}
	return at, nil
}
