package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts/casework"
	"earshot/bus"
)

// personCall is how the commands that act for a person are called: as whom, of
// which team, and what is wanted.
type personCall struct {
	at       connection
	team, as string
	anyTeam  bool // where no team is named the daemon's own login acts for all of them
	former   bool // the daemon knows of more teams than the configuration
	asJSON   bool
}

// casesCall is how the commands for cases are called.
type casesCall struct {
	personCall

	color *string
}

// operator is who acts with the daemon's own login unless --as names somebody.
const operator = "operator"

func newCasesCommand() *cobra.Command {
	var (
		call  casesCall
		query casework.Query
	)
	cmd := &cobra.Command{
		Use:   "cases",
		Short: "List the cases of a team, show them and act on them",
		Long: "Lists the cases of a team that somebody has to see to, the most pressing first: by\n" +
			"the time they are due, then by urgency. Its commands show a case, claim it, answer\n" +
			"for it, resolve it and so on. A case is named by its ID or the beginning of it.\n\n" +
			"You act under the name of your login, for its team (--team). On the machine of the\n" +
			"daemon, with its configuration, you act as --as NAME, by default " + operator + ".",
		Example: "  earshot cases -c earshot.yaml --team cs\n" +
			"  earshot cases --team cs --urgency critical --urgency high --free\n" +
			"  earshot cases --server nats://bus.example:4222 --user anna --password-file anna.pw --team cs --me\n" +
			"  earshot cases claim k3f9 --team cs\n" +
			"  earshot cases --team cs --json | jq '.cases[] | select(.owner == null).id'",
		Args: commandArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var page casework.Page
			if err := call.ask(cmd, casework.List, query, &page); err != nil {
				return err
			}
			return call.show(cmd, page, func(w io.Writer, e explainer) error {
				return printCases(w, e, &page, time.Now())
			})
		},
	}
	call.former = true
	call.addFlags(cmd)
	addQueryFlags(cmd, &query)
	cmd.AddCommand(newShowCaseCommand(&call), newWatchCasesCommand(&call))
	cmd.AddCommand(newActCommands(&call)...)
	return cmd
}

func (c *casesCall) addFlags(cmd *cobra.Command) {
	c.personCall.addFlags(cmd, "the `TEAM` whose cases they are (not needed where there is only one)")
	c.color = cmd.PersistentFlags().String("color", "auto", "colour what is printed: `WHEN` is auto (on a terminal, unless NO_COLOR is set), always or never")
}

func (c *personCall) addFlags(cmd *cobra.Command, team string) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&c.at.server, "server", "", "connect to the bus at `URL` instead of the one in the configuration")
	flags.StringVar(&c.at.user, "user", "", "log in as `NAME` (with --server)")
	flags.StringVar(&c.at.passwordFile, "password-file", "", "read the password from `FILE` (with --user)")
	flags.StringVar(&c.team, "team", "", team)
	flags.StringVar(&c.as, "as", "", "act as `NAME`, with the daemon's own login (default "+operator+")")
	flags.BoolVar(&c.asJSON, "json", false, "print JSON")
}

func addQueryFlags(cmd *cobra.Command, q *casework.Query) {
	flags := cmd.Flags()
	flags.Var(&choices[earshot.State]{&q.States}, "state", "only those in the `STATE`; may be repeated")
	flags.BoolVar(&q.All, "all", false, "also those that are resolved, expired or merged")
	flags.StringVar(&q.Owner, "owner", "", "only those that `NAME` has claimed")
	flags.BoolVar(&q.Me, "me", false, "only my own")
	flags.BoolVar(&q.Free, "free", false, "only those that nobody has claimed")
	flags.StringVar(&q.Brand, "brand", "", "only of the `BRAND`")
	flags.Var(&choices[earshot.Kind]{&q.Kinds}, "kind", "only of the `KIND`; may be repeated")
	flags.StringVar(&q.Topic, "topic", "", "only of the `TOPIC`")
	flags.Var(&choices[earshot.Band]{&q.Bands}, "urgency", "only of the `URGENCY`; may be repeated")
	flags.StringVar(&q.Story, "story", "", "only of the story with the `ID`")
	flags.BoolVar(&q.Overdue, "overdue", false, "only those whose limit has passed")
	flags.StringVar(&q.Since, "since", "", "only those that changed within a `TIME`, such as 8h or 2d")
	flags.IntVar(&q.Limit, "limit", 0, "at most `N` cases (default 50, at most 500)")
	flags.StringVar(&q.After, "after", "", "go on `WHERE` the page before ended")
}

// ask asks the daemon as the person that the call names.
func (c *casesCall) ask(cmd *cobra.Command, verb casework.Verb, request, answer any) error {
	client, team, person, err := c.dial(cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.AskAs(cmd.Context(), bus.Cases, team, person, string(verb), request, answer)
}

// dial connects and finds out who acts, for which team.
func (c *personCall) dial(cmd *cobra.Command) (client *bus.Client, team, person string, err error) {
	team, person = c.team, cmp.Or(c.as, c.at.user, operator)
	var teams []string
	if c.at.server == "" {
		config, err := loadConfig(cmd)
		if err != nil {
			return nil, "", "", err
		}
		teams = teamNames(config)
		person = cmp.Or(c.as, operator)
	}
	switch {
	case c.at.server != "" && c.as != "" && c.as != c.at.user:
		person = c.as // the server refuses it to everybody but the daemon
	case team == "" && c.anyTeam && (c.at.server == "" || c.at.user == earshot.Daemon):
		team = earshot.All
	case team == "" && len(teams) == 1:
		team = teams[0]
	}
	if team == "" {
		hint := ""
		if len(teams) > 0 {
			hint = " (one of " + strings.Join(teams, ", ") + ")"
		}
		return nil, "", "", usageError{"--team is missing" + hint}
	}
	if teams != nil && !c.former && team != earshot.Ops && !(c.anyTeam && team == earshot.All) && !slices.Contains(teams, team) {
		return nil, "", "", usageError{fmt.Sprintf("there is no team %q (one of %s)", team, strings.Join(teams, ", "))}
	}
	client, err = c.at.dial(cmd)
	return client, team, person, err
}

// show prints an answer as JSON, or for a person.
func (c *casesCall) show(cmd *cobra.Command, answer any, write func(io.Writer, explainer) error) error {
	if c.asJSON {
		e := json.NewEncoder(cmd.OutOrStdout())
		e.SetIndent("", "  ")
		return e.Encode(answer)
	}
	colored, err := wantsColor(*c.color, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	return write(cmd.OutOrStdout(), explainer{color: colored})
}
