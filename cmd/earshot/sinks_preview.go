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

// previewFlags say what a preview shows and how.
type previewFlags struct {
	sink, team, lang, file, templates string
	html                              bool
}

func newSinksPreviewCommand() *cobra.Command {
	var f previewFlags
	cmd := &cobra.Command{
		Use:   "preview",
		Short: "Print what people would read of an alert",
		Long: "Words an alert as a sink or a team of the configuration would read it, or, without\n" +
			"--sink and --team, as a team without language and templates of its own. Nothing is sent.",
		Example: "  earshot sinks preview --lang de\n" +
			"  earshot sinks preview -c earshot.yaml --team pr\n" +
			"  earshot sinks preview -c earshot.yaml --sink pr-mail --html > preview.html\n" +
			"  nats sub earshot.alerts.pr.> --raw --count 1 | earshot sinks preview --alert -",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := f.wording(cmd)
			if err != nil {
				return err
			}
			words, problems := wording.New(o)
			if problems.Fatal() {
				return problems
			}
			a, err := previewed(f.file, cmd.InOrStdin())
			if err != nil {
				return err
			}
			return preview(cmd.OutOrStdout(), words, a, f.html)
		},
	}
	cmd.Flags().StringVar(&f.sink, "sink", "", "word it as the sink `NAME` of the configuration does")
	cmd.Flags().StringVar(&f.team, "team", "", "word it in the language and templates of the team `NAME` of the configuration")
	cmd.Flags().StringVar(&f.lang, "lang", "", "word it in `LANGUAGE`: "+strings.Join(wording.Languages(), ", "))
	cmd.Flags().StringVar(&f.file, "alert", "", "word the alert in `FILE`, - for standard input, instead of a sample")
	cmd.Flags().StringVar(&f.templates, "templates", "", "use the templates in `DIR` (without --sink and --team)")
	cmd.Flags().BoolVar(&f.html, "html", false, "print the HTML alone")
	cmd.MarkFlagsMutuallyExclusive("sink", "team", "templates")
	return cmd
}

// wording is how the preview is worded.
func (f *previewFlags) wording(cmd *cobra.Command) (wording.Options, error) {
	o := wording.Options{Dir: f.templates}
	if f.sink != "" || f.team != "" {
		config, err := loadConfig(cmd)
		if err != nil {
			return o, err
		}
		common := sinkCommon{Team: f.team}
		if f.sink != "" {
			i := slices.IndexFunc(config.Sinks, func(s SinkConfig) bool { return s.Name == f.sink })
			if i < 0 {
				return o, usageError{fmt.Sprintf("the configuration has no sink %q", f.sink)}
			}
			common = config.Sinks[i].Common
		} else if f.team != earshot.Ops && !slices.Contains(teamNames(config), f.team) {
			return o, usageError{fmt.Sprintf("the configuration has no team %q", f.team)}
		}
		o = config.wordingOf(common)
	}
	if f.lang != "" {
		o.Language = f.lang
	}
	return o, nil
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
