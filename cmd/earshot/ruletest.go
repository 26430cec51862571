package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"earshot/cmd/earshot/proof"
)

func newTestCommand() *cobra.Command {
	t := tester{}
	var pattern string
	cmd := &cobra.Command{
		Use:   "test FILE…",
		Short: "Test a rule book on labelled mentions",
		Long: "test judges the mentions of files, raises alerts of them in virtual time, and says\n" +
			"what came otherwise than the files expect, with the line of the expectation and the\n" +
			"reasons. A YAML file holds its own brands and rules, names a configuration, or is run\n" +
			"with the one of -c, which comes before the one it names; NDJSON is run with that of -c.\n" +
			"docs/testing.md says what can be written.\n\n" +
			"Exit status: 0 when all is as expected, 1 when not, 78 when a file holds mistakes.",
		Example: "  earshot test tests/*.yaml\n" +
			"  earshot test -v --run 'broken' tests/service.yaml\n" +
			"  earshot test -c earshot.yaml --junit report.xml labelled.ndjson",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("a file of tests is missing (such as earshot test tests/*.yaml)")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) (err error) {
			if t.only, err = regexp.Compile(pattern); err != nil {
				return usageError{fmt.Sprintf("--run: %v", err)}
			}
			t.config, t.override = configPath(cmd), cmd.Flag("config").Changed
			t.progress = cmd.ErrOrStderr()
			out := bufio.NewWriter(cmd.OutOrStdout())
			t.out = out
			err = t.run(cmd.Context(), files)
			return errors.Join(err, out.Flush())
		},
	}
	cmd.Flags().BoolVarP(&t.verbose, "verbose", "v", false, "also print the tests that pass, and all that came")
	cmd.Flags().StringVar(&pattern, "run", "", "run only tests whose name matches this `REGEXP`")
	cmd.Flags().StringVar(&t.junit, "junit", "", "also write a report to `FILE` as JUnit XML")
	return cmd
}

// tester is one call of the command.
type tester struct {
	config   string
	override bool // the configuration comes before those that files name
	only     *regexp.Regexp
	verbose  bool
	junit    string
	out      io.Writer
	progress io.Writer
	count    int
	failed   int
}

func (t *tester) run(ctx context.Context, files []string) error {
	var grounds []*provingGround
	invalid := &ConfigError{}
	total := 0
	for _, path := range files {
		g, err := readTests(path, t.config, t.override)
		var found *ConfigError
		switch {
		case errors.As(err, &found):
			if invalid.File = found.File; len(invalid.Findings) > 0 {
				invalid.File = "the set of tests"
			}
			invalid.Findings = append(invalid.Findings, found.Findings...)
			continue
		case err != nil:
			return err
		}
		grounds = append(grounds, g)
		total += len(g.cases)
	}
	if len(invalid.Findings) > 0 {
		return invalid
	}
	bar := newCountBar(t.progress, "testing", uint64(total))
	var suites []proof.Suite
	for _, g := range grounds {
		suite, err := t.file(ctx, g, bar)
		if err != nil {
			return err
		}
		suites = append(suites, suite)
	}
	bar.done()
	if t.junit != "" {
		if err := t.report(suites); err != nil {
			return err
		}
	}
	switch {
	case t.count == 0:
		return fmt.Errorf("no test matches --run %q", t.only)
	case t.failed > 0:
		return fmt.Errorf("%d of %s failed", t.failed, plural(t.count, "test"))
	}
	return nil
}

// file runs the tests of a file.
func (t *tester) file(ctx context.Context, g *provingGround, bar *countBar) (proof.Suite, error) {
	suite := proof.Suite{Name: strings.TrimSuffix(filepath.Base(g.file), filepath.Ext(g.file))}
	began, failed := time.Now(), 0
	for _, c := range g.cases {
		bar.add(1)
		if !t.only.MatchString(c.Name) {
			continue
		}
		start := time.Now()
		result, err := proof.Run(ctx, g.book, c)
		if ctx.Err() != nil {
			return suite, fmt.Errorf("interrupted after %s", plural(t.count, "test"))
		}
		if err != nil {
			return suite, err
		}
		t.count++
		ran := proof.Ran{Case: c, Result: result, Took: time.Since(start)}
		suite.Cases = append(suite.Cases, ran)
		if len(result.Failures) > 0 {
			failed++
		}
		if len(result.Failures) > 0 || t.verbose {
			bar.clear()
			t.show(&ran)
		}
	}
	t.failed += failed
	return suite, t.conclude(g.file, len(suite.Cases), failed, time.Since(began))
}

// show prints what came of a test.
func (t *tester) show(ran *proof.Ran) {
	verdict := "PASS"
	if len(ran.Result.Failures) > 0 {
		verdict = "FAIL"
	}
	if t.verbose {
		fmt.Fprintf(t.out, "=== RUN   %s\n", printable(ran.Case.Name))
		for _, line := range ran.Result.Log {
			fmt.Fprintf(t.out, "    %s\n", printable(line))
		}
	}
	fmt.Fprintf(t.out, "--- %s: %s (%.2fs)\n", verdict, printable(ran.Case.Name), ran.Took.Seconds())
	for _, f := range ran.Result.Failures {
		fmt.Fprintf(t.out, "    %s:%d: %s\n", f.At.File, f.At.Line, printable(f.What))
		for _, why := range f.Why {
			fmt.Fprintf(t.out, "        %s\n", printable(why))
		}
	}
}

// conclude prints the line of a file.
func (t *tester) conclude(name string, count, failed int, took time.Duration) error {
	var err error
	switch {
	case failed > 0:
		_, err = fmt.Fprintf(t.out, "FAIL\t%s\t%.2fs\t%d of %s\n", name, took.Seconds(), failed, plural(count, "test"))
	case count == 0:
		_, err = fmt.Fprintf(t.out, "ok  \t%s\t%.2fs\t[no tests to run]\n", name, took.Seconds())
	default:
		_, err = fmt.Fprintf(t.out, "ok  \t%s\t%.2fs\t%s\n", name, took.Seconds(), plural(count, "test"))
	}
	return err
}

func (t *tester) report(suites []proof.Suite) (err error) {
	f, err := os.Create(t.junit)
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return proof.WriteJUnit(f, suites)
}

// clear makes room for a line; the bar comes back with the next count.
func (b *countBar) clear() { _ = b.bar.Clear() }
