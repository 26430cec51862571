package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts/noise"
)

func newMutesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mutes",
		Short: "Hold alerts back for a time, or see what that would hide",
		Long: "A mute holds alerts back that its matchers match, in the terms of Prometheus\n" +
			"Alertmanager: NAME=VALUE, !=, and =~ and !~ with patterns for the whole value, with\n" +
			"commas between them. NAME is one of " + strings.Join(noise.Names(), ", ") + ".\n" +
			"What endangers people is never held back.",
		Example: "  earshot mutes preview 'brand=acme,topic=delivery,urgency=~\"low|normal\"' --since 7d\n" +
			"  earshot mutes add 'brand=acme,topic=delivery' --for 2h --why 'the carrier is on strike'\n" +
			"  earshot mutes list",
		Args: commandArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"a command is missing (earshot mutes list, add, rm or preview)"}
		},
	}
	cmd.AddCommand(newPreviewMuteCommand())
	cmd.AddCommand(newMuteChangeCommands()...)
	return cmd
}

func newPreviewMuteCommand() *cobra.Command {
	var (
		at     connection
		since  string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "preview MATCHERS",
		Short: "Show which of the stored alerts a mute would have held back",
		Long: "preview reads the alerts that the running daemon stored and shows how many of them a\n" +
			"mute with these matchers would have held back, of which teams, and the most urgent\n" +
			"ones. It changes nothing. What authors took back since has no author, network,\n" +
			"listener and language any more.",
		Example: "  earshot mutes preview 'brand=acme,kind=customer,network=~\"x|bluesky\"' --since 24h\n" +
			"  earshot mutes preview 'author=@troll' --since 7d --json | jq .held",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			matchers, err := readMatchers(args[0])
			if err != nil {
				return err
			}
			now := time.Now()
			from, err := parseSince(since, now)
			if err != nil {
				return usageError{err.Error()}
			}
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			p := newMutePreview(matchers, from, now)
			if err := p.run(cmd.Context(), client); err != nil {
				return err
			}
			return p.show(cmd.OutOrStdout(), asJSON)
		},
	}
	at.addFlags(cmd)
	cmd.Flags().StringVar(&since, "since", "24h", "look at what was raised since `TIME`: a duration back (36h, 7d) or a date (2026-11-01)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON")
	return cmd
}

// readMatchers reads matchers of the command line; a mistake is shown with its
// place.
func readMatchers(text string) (noise.Matchers, error) {
	matchers, err := noise.Parse(text)
	problem, ok := errors.AsType[earshot.Problem](err)
	if !ok {
		return matchers, err
	}
	what := problem.Error()
	if !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) && len(text) < 200 {
		column := utf8.RuneCountInString(text[:min(problem.Offset, len(text))])
		what = fmt.Sprintf("%s\n  %s\n  %s^", what, text, strings.Repeat(" ", column))
	}
	return nil, usageError{what}
}
