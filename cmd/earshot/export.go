package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"earshot/bus"
)

// exported is one line of an export.
type exported struct {
	What     string          `json:"what"` // mention, alert, case, note, held, dead letter or drill
	Subject  string          `json:"subject"`
	Sequence uint64          `json:"sequence"`
	Body     json.RawMessage `json:"body"`
}

func newExportCommand() *cobra.Command {
	var (
		at      connection
		network string
		asJSON  bool
	)
	cmd := &cobra.Command{
		Use:   "export AUTHOR|ID",
		Short: "Hand out what is stored of somebody",
		Long: "Writes everything that a running daemon stores of an author, or of one mention by its\n" +
			"ID, to the standard output, one JSON object a line: mentions with what the book says\n" +
			"of them, alerts that quote them, changes of cases that name them, notes on those cases,\n" +
			"copies under legal hold, dead letters and drills. Reposts by others are among them. It answers requests for access; the words\n" +
			"for AUTHOR are those of earshot forget.",
		Example: "  earshot export @jane --network mastodon > jane.ndjson\n" +
			"  earshot export @jane --json | jq '.[] | select(.what == \"alert\").body.team'",
		Args: oneAuthor,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := at.dial(cmd)
			if err != nil {
				return err
			}
			defer client.Close()
			return export(cmd, client, newWhose(args[0], network), asJSON)
		},
	}
	at.addFlags(cmd)
	cmd.Flags().StringVar(&network, "network", "", "only on the `NETWORK`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write one JSON array")
	return cmd
}

func export(cmd *cobra.Command, client *bus.Client, who whose, asArray bool) error {
	total, err := client.Count(cmd.Context())
	if err != nil {
		return err
	}
	bar := newCountBar(cmd.ErrOrStderr(), "exporting", total)
	out := &exporter{w: cmd.OutOrStdout(), array: asArray}
	s := newSearch(client, who)
	s.seen = bar.add
	s.each = func(what string, c bus.Copy) error {
		if c.Withdrawn || what == "" {
			return nil
		}
		return out.write(exported{What: what, Subject: c.Subject, Sequence: c.Sequence, Body: c.Body})
	}
	_, err = s.run(cmd.Context())
	bar.done()
	if err != nil {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	cmd.PrintErrln(plural(out.n, "message") + " exported")
	return nil
}

// exporter writes lines of JSON, or one array.
type exporter struct {
	w     io.Writer
	array bool
	n     int
}

func (e *exporter) write(x exported) error {
	line, err := json.Marshal(x)
	if err != nil {
		return err
	}
	switch {
	case e.array && e.n == 0:
		line = append([]byte("["), line...)
	case e.array:
		line = append([]byte(",\n"), line...)
	default:
		line = append(line, '\n')
	}
	e.n++
	_, err = e.w.Write(line)
	return err
}

func (e *exporter) end() error {
	last := ""
	switch {
	case e.array && e.n == 0:
		last = "[]\n"
	case e.array:
		last = "]\n"
	}
	_, err := io.WriteString(e.w, last)
	return err
}
