package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"earshot"
	"earshot/listeners/file"
	"earshot/rules"
)

func newJudgeCommand() *cobra.Command {
	var all, explain bool
	var color *string
	cmd := &cobra.Command{
		Use:   "judge",
		Short: "Judge mentions by the rule book of a configuration",
		Long: "judge reads one mention a line (NDJSON; {\"text\": \"…\"} is enough) and prints those\n" +
			"that concern a brand, one a line with their verdicts, in the same order. It needs\n" +
			"only the brands and rules of the file, no network and no disk. A mention without\n" +
			"an id is named stdin:LINE.\n\n" +
			"A line that is no mention is reported as stdin:LINE:COLUMN on stderr and left out;\n" +
			"the others are judged all the same, and the exit status is 1 at the end. Lines may\n" +
			"have up to 4 MiB; empty ones are passed over.",
		Example: "  echo '{\"text\": \"my acme boat arrived broken\"}' | earshot judge -c earshot.yaml\n" +
			"  earshot judge -c earshot.yaml --explain < mentions.ndjson\n" +
			"  earshot judge -c earshot.yaml --all < mentions.ndjson | jq '.verdicts[].urgency'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			book, warnings, err := LoadBook(configPath(cmd))
			if err != nil {
				return err
			}
			showWarnings(cmd, warnings)
			j := judge{book: book, all: all}
			work := j.line
			if explain {
				colored, err := wantsColor(*color, cmd.OutOrStdout())
				if err != nil {
					return err
				}
				work = explainer{judge: j, color: colored}.line
			}
			return runLines(cmd, "mention", work)
		},
	}
	color = addColorFlag(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "also print mentions that concern no brand")
	cmd.Flags().BoolVar(&explain, "explain", false, "print for people: the words that counted, and the sums")
	return cmd
}

// runLines works on the command's input line by line. Lines with mistakes make
// the command fail at the end.
func runLines(cmd *cobra.Command, what string, work lineWork) error {
	count, err := eachLine(cmd.Context(), "stdin", cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr(), work)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted after %s", plural(count.lines, "line"))
	case err != nil:
		return err
	case count.bad > 0:
		return fmt.Errorf("%d of %s: not a %s", count.bad, plural(count.lines, "line"), what)
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// judge judges lines by a book.
type judge struct {
	book *rules.Book
	all  bool
}

// read turns a line into a judged mention; ok is false when it is not to be
// shown.
func (j judge) read(number int, line []byte) (judged earshot.Judged, ok bool, err error) {
	if len(bytes.TrimSpace(line)) == 0 {
		return judged, false, nil
	}
	judged.Mention, err = file.Parse(line)
	if err != nil {
		return judged, false, err
	}
	if judged.ID == "" {
		judged.ID = "stdin:" + strconv.Itoa(number)
	}
	judged.Verdicts = j.book.Judge(&judged.Mention)
	if judged.Verdicts == nil {
		judged.Verdicts = []earshot.Verdict{}
	}
	return judged, j.all || len(judged.Verdicts) > 0, nil
}

func (j judge) line(number int, line []byte, out *bytes.Buffer) error {
	judged, ok, err := j.read(number, line)
	if err != nil || !ok {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(judged)
}
