package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/rules"
	"earshot/rules/adapt"
	"earshot/rules/guess"
)

func newAdaptCommand() *cobra.Command {
	var (
		at  connection
		dry bool
	)
	cmd := &cobra.Command{
		Use:   "adapt",
		Short: "Learn from people's corrections",
		Long: "adapt reads corrections, one a line (NDJSON):\n\n" +
			"  {\"mention\": …, \"brand\": \"acme\", \"field\": \"relevance\", \"value\": false,\n" +
			"   \"by\": \"ann\", \"at\": \"2026-01-31T12:00:00Z\"}\n\n" +
			"The mention is the whole of it, or the ID of one that a running daemon stores. Fields\n" +
			"are relevance, complaint and request (0 to 1, true or false) and sentiment (-1 to 1,\n" +
			"\"neg\", \"neu\" or \"pos\"). Confirm what was right, too.\n\n" +
			"What it learns is a small layer for each brand: what single words add to the score, in\n" +
			"the file that the brand's adapt: names. Give it all corrections each time; a new layer\n" +
			"takes the place of the last, which is kept beside it. It is written only if it makes\n" +
			"scores better on corrections that it was not learnt from.",
		Example: "  earshot adapt -c earshot.yaml < corrections.ndjson\n" +
			"  earshot adapt --dry-run < corrections.ndjson\n" +
			"  earshot adapt show acme\n" +
			"  earshot adapt undo acme",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := newAdapter(cmd)
			if err != nil {
				return err
			}
			if err := a.read(cmd); err != nil {
				return err
			}
			if err := a.lookUp(cmd, &at); err != nil {
				return err
			}
			return a.learn(cmd.OutOrStdout(), dry)
		},
	}
	at.addFlags(cmd)
	cmd.Flags().BoolVar(&dry, "dry-run", false, "only show what would be learnt")
	cmd.AddCommand(newAdaptShowCommand(), newAdaptUndoCommand())
	return cmd
}

func newAdaptShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show BRAND",
		Short:   "Show what was learnt for a brand",
		Long:    "show prints when, from what and from whom the brand's layer was learnt, how good it\nis and what each word adds.",
		Example: "  earshot adapt show acme -c earshot.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			brand, err := adaptedBrand(cmd, args[0])
			if err != nil {
				return err
			}
			layer, err := readLayer(brand.Adapt, brand.Name)
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("nothing was learnt for %s yet (%s is not there)", brand.Name, brand.Adapt)
			}
			if err != nil {
				return fmt.Errorf("reading %s: %w", brand.Adapt, err)
			}
			return showLayer(cmd.OutOrStdout(), layer, true)
		},
	}
}

func newAdaptUndoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "undo BRAND",
		Short: "Take back what was learnt last for a brand",
		Long: "undo removes the brand's layer and puts the one before it in its place, if there is\n" +
			"one. A running daemon takes it over when it reloads its configuration.",
		Example: "  earshot adapt undo acme -c earshot.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			brand, err := adaptedBrand(cmd, args[0])
			if err != nil {
				return err
			}
			before, err := undoLayer(brand.Adapt)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return fmt.Errorf("nothing was learnt for %s: %s is not there", brand.Name, brand.Adapt)
			case err != nil:
				return fmt.Errorf("taking back %s: %w", brand.Adapt, err)
			case before == "":
				cmd.PrintErrf("%s: taken back, nothing is left of it; reload the daemon\n", brand.Name)
			default:
				cmd.PrintErrf("%s: taken back, %s holds again; reload the daemon\n", brand.Name, before)
			}
			return nil
		},
	}
}

// rulesOf reads the brands and rules of the configuration, even if what was learnt
// for one is broken: it may be here to be taken back.
func rulesOf(cmd *cobra.Command) (rules.Config, error) {
	data, err := readConfig(configPath(cmd))
	if err != nil {
		return rules.Config{}, err
	}
	l := newLoader(configPath(cmd), data, os.LookupEnv)
	l.document.Decode(l.document.Root(), &l.file, bookless...)
	l.unlearnt = true
	l.book(nil)
	warnings, err := l.findings()
	if err == nil {
		showWarnings(cmd, warnings)
	}
	return l.config.Rules, err
}

func adaptedBrand(cmd *cobra.Command, name string) (*rules.Brand, error) {
	config, err := rulesOf(cmd)
	if err != nil {
		return nil, err
	}
	return findAdapted(config.Brands, name)
}

// findAdapted finds a brand that has a file for what it learns.
func findAdapted(brands []rules.Brand, name string) (*rules.Brand, error) {
	names := make([]string, len(brands))
	for i := range brands {
		names[i] = brands[i].Name
	}
	at := slices.Index(names, name)
	switch {
	case at < 0:
		return nil, fmt.Errorf("there is no brand %.40q (%s)", name, cmp.Or(guess.Hint(name, names), "one of "+listOr(names, "none")))
	case brands[at].Adapt == "":
		return nil, fmt.Errorf("brand %s has no file for what it learns (add adapt: %s.adapt.json to it)", name, name)
	}
	return &brands[at], nil
}

// showLayer prints a layer for people; all of its words or those that count most.
func showLayer(w io.Writer, l *adapt.Layer, all bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: learnt %s from %s", l.Brand, l.Made.Format(time.RFC3339), plural(len(l.Corrections), "mention"))
	for i, by := range slices.Sorted(maps.Keys(l.By)) {
		fmt.Fprintf(&b, "%s %s %d", map[bool]string{true: ", corrected by", false: ","}[i == 0], printable(by), l.By[by])
	}
	b.WriteByte('\n')
	for _, field := range adapt.Fields() {
		if f := l.Fields[field]; f != nil {
			fmt.Fprintf(&b, "  %s, measured on %s that were left out\n", field, plural(f.Corrections, "correction"))
			showMeasure(&b, "before", f.Before)
			showMeasure(&b, "after", f.After)
			showWords(&b, f.Words, all)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func showMeasure(b *strings.Builder, when string, m adapt.Measure) {
	fmt.Fprintf(b, "    %-7s right %.3f  (%.3f to %.3f)  distance %.3f\n", when, m.Right.Float(), m.Low.Float(), m.High.Float(), m.Distance.Float())
}

func showWords(b *strings.Builder, weights map[string]earshot.Score, all bool) {
	const some = 12
	words := slices.SortedFunc(maps.Keys(weights), func(x, y string) int {
		a, c := weights[x], weights[y]
		if size := max(c, -c) - max(a, -a); size != 0 {
			return int(size)
		}
		return strings.Compare(x, y)
	})
	for i, word := range words {
		if !all && i == some {
			fmt.Fprintf(b, "      and %d more\n", len(words)-some)
			break
		}
		fmt.Fprintf(b, "    %7s  %s\n", signed(weights[word]), printable(word))
	}
}
