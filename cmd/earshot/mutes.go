package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts/mutes"
	"earshot/alerts/noise"
	"earshot/bus"
)

// mutesCall is how the commands for mutes are called.
type mutesCall struct{ personCall }

func newMutesCommand() *cobra.Command {
	var call mutesCall
	call.anyTeam = true
	cmd := &cobra.Command{
		Use:   "mutes",
		Short: "Hold alerts back for a time, or see what that would hide",
		Long: "A mute holds alerts back that its matchers match, in the terms of Prometheus\n" +
			"Alertmanager: NAME=VALUE, !=, and =~ and !~ with patterns for the whole value, with\n" +
			"commas between them. NAME is one of " + strings.Join(noise.Names(), ", ") + ".\n" +
			"What endangers people is never held back.\n\n" +
			"You act under the name of your login, for the alerts of its team (--team). On the\n" +
			"machine of the daemon, with its configuration, you act as --as NAME, by default\n" +
			operator + ", for all teams or the one that --team names.",
		Example: "  earshot mutes preview 'brand=acme,topic=delivery,urgency=~\"low|normal\"' --since 7d\n" +
			"  earshot mutes add 'brand=acme,topic=delivery' --for 2h --why 'the carrier is on strike'\n" +
			"  earshot mutes list --server nats://bus.example:4222 --user anna --password-file anna.pw --team cs",
		Args: commandArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"a command is missing (earshot mutes list, add, rm or preview)"}
		},
	}
	call.addFlags(cmd, "the `TEAM` whose alerts are meant: your own; all teams if left out with the daemon's own login")
	cmd.AddCommand(newListMutesCommand(&call), newAddMuteCommand(&call), newEndMuteCommand(&call), newPreviewMuteCommand(&call))
	return cmd
}

// ask asks the daemon as the person that the call names.
func (c *mutesCall) ask(cmd *cobra.Command, verb mutes.Verb, request mutes.Request, answer any) error {
	client, team, person, err := c.dial(cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.AskAs(cmd.Context(), bus.Mutes, team, person, string(verb), request, answer)
}

// printJSON prints an answer for scripts.
func printJSON(cmd *cobra.Command, answer any) error {
	encoder := json.NewEncoder(cmd.OutOrStdout())
	encoder.SetEscapeHTML(false)
	return encoder.Encode(answer)
}

// checkMatchers reads matchers of the command line; a mistake is shown with its
// place.
func checkMatchers(text string) error {
	_, err := noise.Parse(text)
	problem, ok := errors.AsType[earshot.Problem](err)
	if !ok {
		return err
	}
	what := problem.Error()
	if !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) && len(text) < 200 {
		column := utf8.RuneCountInString(text[:min(problem.Offset, len(text))])
		what = fmt.Sprintf("%s\n  %s\n  %s^", what, text, strings.Repeat(" ", column))
	}
	return usageError{what}
}
