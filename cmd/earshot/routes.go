package main

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts"
)

func newRoutesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "routes",
		Short:   "Explain whom a mention reaches",
		Long:    "The commands of routes say which way a mention takes from the rules to people.",
		Example: "  echo '{\"text\": \"my acme boat arrived broken\"}' | earshot routes explain -c earshot.yaml",
		Args:    commandArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"a command is missing (earshot routes explain)"}
		},
	}
	cmd.AddCommand(newExplainRoutesCommand())
	return cmd
}

// routesCall is what somebody wants explained.
type routesCall struct {
	text, network, language, author string
	followers                       int64
	at                              string
	asJSON                          bool
}

func newExplainRoutesCommand() *cobra.Command {
	var (
		call  routesCall
		color *string
	)
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Show which route a mention takes, and why",
		Long: "explain reads mentions, one a line (NDJSON; {\"text\": \"…\"} is enough), or takes one\n" +
			"from its flags. It shows for each which brand it concerns, which rules send it to\n" +
			"which team and as what, whether the team hears of such matters, whether it is at\n" +
			"work at that moment, by when it must answer and who of it is called. It starts\n" +
			"nothing and tells nobody.\n\n" +
			"Without --at it also asks the running daemon what would become of the mention now:\n" +
			"which case it opens or joins, whether the team is told at once, and which mute,\n" +
			"limit or crisis holds it back. Without a daemon, or its login, it says so.",
		Example: "  earshot routes explain -c earshot.yaml < mention.json\n" +
			"  earshot routes explain --text 'my acme boat arrived broken' --network x --followers 5000 --at 2026-11-27T18:05\n" +
			"  earshot routes explain --json < mentions.ndjson | jq '.brands[].routes[].reaches'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			colored, err := wantsColor(*color, cmd.OutOrStdout())
			if err != nil {
				return usageError{err.Error()}
			}
			now := time.Now()
			if _, err := (dutyCall{at: call.at}).moment(now, time.UTC); err != nil {
				return err
			}
			if cmd.Flags().Changed("text") {
				line, err := json.Marshal(call.mention())
				if err != nil {
					return err
				}
				cmd.SetIn(bytes.NewReader(line))
			} else if cmd.Flags().Changed("network") || cmd.Flags().Changed("followers") || cmd.Flags().Changed("lang") || cmd.Flags().Changed("author") {
				return usageError{"--network, --author, --followers and --lang go with --text"}
			}
			w := waybill{config: c, table: alerts.Table(alertsConfig(c)), at: call.at, now: now, asJSON: call.asJSON, explainer: explainer{judge: judge{book: c.Book, all: true}, color: colored}}
			if call.at == "" {
				w.asks = &prospects{cmd: cmd, config: c}
				defer w.asks.close()
			}
			return runLines(cmd, "mention", w.line)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&call.text, "text", "", "explain a mention that says `WHAT`, instead of reading mentions")
	flags.StringVar(&call.network, "network", "", "the `NETWORK` of the mention")
	flags.StringVar(&call.author, "author", "", "the `HANDLE` of its author")
	flags.Int64Var(&call.followers, "followers", 0, "the author has `N` followers")
	flags.StringVar(&call.language, "lang", "", "the network says that it is in this `LANGUAGE`")
	flags.StringVar(&call.at, "at", "", "at this `MOMENT`: 2026-11-27T18:05 in the time zone of each team, or with one: 2026-11-27T18:05:00Z (default now)")
	flags.BoolVar(&call.asJSON, "json", false, "print each mention's routes as a line of JSON")
	color = addColorFlag(cmd)
	return cmd
}

func (c *routesCall) mention() earshot.Mention {
	return earshot.Mention{
		ID: "flags:1", Network: c.network, Text: c.text, Lang: c.language,
		Author: earshot.Author{Handle: c.author, Followers: c.followers},
	}
}
