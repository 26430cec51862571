package main

import (
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"earshot/cmd/earshot/strict"
	"earshot/rules/examples"
)

func newRulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rules",
		Short:   "Ready rule books",
		Long:    "rules is about the book that says what matters and to whom; docs/rules.md describes it.",
		Example: "  earshot rules examples retail > earshot.yaml",
		Args:    commandArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"a command is missing (earshot rules examples)"}
		},
	}
	cmd.AddCommand(newRulesExamplesCommand())
	return cmd
}

func newRulesExamplesCommand() *cobra.Command {
	var tests bool
	cmd := &cobra.Command{
		Use:   "examples [NAME]",
		Short: "List ready rule books, or print one",
		Long: "examples lists rule books for lines of business, or prints one: topics in several\n" +
			"languages, rules and teams, to begin with. Put your brand in the place of acme and add\n" +
			"listeners. With --tests it prints the labelled posts that prove the book, for earshot\n" +
			"test.",
		Example: "  earshot rules examples\n" +
			"  earshot rules examples bank > bank.yaml\n" +
			"  earshot rules examples bank --tests > bank.test.yaml && earshot test bank.test.yaml",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.FixedCompletions(examples.Names(), cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				if tests {
					return usageError{"--tests is about one book (such as earshot rules examples bank --tests)"}
				}
				return listExamples(cmd)
			}
			name := args[0]
			if !slices.Contains(examples.Names(), name) {
				return usageError{fmt.Sprintf("there is no example %q (%s)", name, strict.Suggest(name, examples.Names()))}
			}
			read := examples.Book
			if tests {
				read = examples.Tests
			}
			text, err := read(name)
			if err == nil {
				_, err = cmd.OutOrStdout().Write(text)
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&tests, "tests", false, "print the labelled posts that prove the book")
	return cmd
}

func listExamples(cmd *cobra.Command) error {
	t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	var failed error
	for _, name := range examples.Names() {
		_, err := fmt.Fprintf(t, "%s\t%s\n", name, examples.Summary(name))
		failed = errors.Join(failed, err)
	}
	return errors.Join(failed, t.Flush())
}
