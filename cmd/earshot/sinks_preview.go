package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/alerts/wording"
)

// maxPreview is the size of the largest alert that is shown, in bytes.
const maxPreview = 8 << 20

func newSinksPreviewCommand() *cobra.Command {
	var sink, lang, file, templates string
	var html bool
	cmd := &cobra.Command{
		Use:   "preview",
		Short: "Print what people would read of an alert",
		Long: "Words an alert as a sink of the configuration would, or, without --sink, as a team\n" +
			"without templates of its own would read it. Nothing is sent.",
		Example: "  earshot sinks preview --lang de\n" +
			"  earshot sinks preview -c earshot.yaml --sink pr-mail --html > preview.html\n" +
			"  nats sub earshot.alerts.pr.> --raw --count 1 | earshot sinks preview --alert -",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := wording.Options{Dir: templates}
			if sink != "" {
				config, err := loadConfig(cmd)
				if err != nil {
					return err
				}
				i := slices.IndexFunc(config.Sinks, func(s SinkConfig) bool { return s.Name == sink })
				if i < 0 {
					return usageError{fmt.Sprintf("the configuration has no sink %q", sink)}
				}
				o = config.wordingOf(config.Sinks[i].Common)
			}
			if lang != "" {
				o.Language = lang
			}
			words, problems := wording.New(o)
			if problems.Fatal() {
				return problems
			}
			a, err := previewed(file, cmd.InOrStdin())
			if err != nil {
				return err
			}
			return preview(cmd.OutOrStdout(), words, a, html)
		},
	}
	cmd.Flags().StringVar(&sink, "sink", "", "word it as the sink `NAME` of the configuration does")
	cmd.Flags().StringVar(&lang, "lang", "", "word it in `LANGUAGE`: "+strings.Join(wording.Languages(), ", "))
	cmd.Flags().StringVar(&file, "alert", "", "word the alert in `FILE`, - for standard input, instead of a sample")
	cmd.Flags().StringVar(&templates, "templates", "", "use the templates in `DIR` (without --sink)")
	cmd.Flags().BoolVar(&html, "html", false, "print the HTML alone")
	return cmd
}

func previewed(file string, in io.Reader) (*earshot.Alert, error) {
	if file == "" {
		return wording.Sample(time.Now()), nil
	}
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("reading an alert: %w", err)
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxPreview))
	var a earshot.Alert
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil {
		return nil, fmt.Errorf("reading an alert: %w", err)
	}
	return &a, nil
}

func preview(w io.Writer, words *wording.Wording, a *earshot.Alert, html bool) error {
	view := words.View(a, false)
	text := words.HTML(view)
	if !html {
		text = words.Title(view) + "\n\n" + strings.TrimRight(words.Text(view), "\n") + "\n\n--- HTML ---\n" + text
	}
	_, err := io.WriteString(w, text)
	return err
}
