package main

import (
	"bytes"
	"encoding/json"

	"github.com/spf13/cobra"

	"earshot/listeners/file"
	"earshot/rules"
)

func newScoreCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "score",
		Short: "Score texts by the models alone",
		Long: "score reads one text a line and prints one line each with sentiment, label,\n" +
			"confidence, heads, language and the reasons for them. It needs no configuration.\n" +
			"With --json a line is an object with text and, if known, lang; a line that is not\n" +
			"is reported as stdin:LINE:COLUMN on stderr, left out, and makes the exit status 1.",
		Example: "  echo 'The parcel arrived broken, and nobody answers!' | earshot score\n" +
			"  earshot score --json < mentions.ndjson | jq .label",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			work := scoreText
			if asJSON {
				work = scoreMention
			}
			return runLines(cmd, "text", work)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "read NDJSON with text instead of plain lines")
	return cmd
}

func scoreText(_ int, line []byte, out *bytes.Buffer) error {
	return writeScore(out, string(line), "")
}

func scoreMention(_ int, line []byte, out *bytes.Buffer) error {
	var in struct {
		Text *string `json:"text"`
		Lang string  `json:"lang"`
	}
	if err := file.Decode(line, &in); err != nil {
		return err
	}
	if in.Text == nil {
		return &file.SyntaxError{Column: 1, What: `"text" is missing`}
	}
	return writeScore(out, *in.Text, in.Lang)
}

func writeScore(out *bytes.Buffer, text, lang string) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(rules.Score(text, lang))
}
