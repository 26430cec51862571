package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/cmd/earshot/strict"
	"earshot/rules"
)

func newQueryCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "query",
		Short: "Try queries",
		Long: "query is about the language in which brands and topics say what they listen for;\n" +
			"docs/query.md describes it.",
		Example: "  earshot query explain 'acme NEAR/5 recall*' < posts.txt",
		Args:    commandArgs,
		RunE: func(*cobra.Command, []string) error {
			return usageError{"a command is missing (earshot query explain)"}
		},
	}
	cmd.AddCommand(newQueryExplainCommand())
	return cmd
}

func newQueryExplainCommand() *cobra.Command {
	var matching bool
	var color *string
	cmd := &cobra.Command{
		Use:   "explain QUERY",
		Short: "Show what a query finds in posts, where, and why not",
		Long: "explain reads posts from stdin, one a line, as plain text or as mentions (NDJSON;\n" +
			"{\"text\": \"…\"} is enough), and prints each with + if the query matches it and - if\n" +
			"not, with the words that were found in brackets (in colour on a terminal), which\n" +
			"term of the query found them, and what is missing. Mistakes in the query are shown\n" +
			"with their place, and what is not wise in it is warned of.\n\n" +
			"With -c, query:NAME means the query of that brand, or of a topic as brand/topic.",
		Example: "  echo 'Acme recalls the castle' | earshot query explain 'acme NEAR/3 recall*'\n" +
			"  earshot query explain '(acme OR #acme) -klein' < posts.ndjson\n" +
			"  earshot query explain -c earshot.yaml 'query:acme lang:de' --matching < posts.ndjson\n" +
			"  earshot query explain 'evade:acme' < /dev/null   # is the query right?",
		Args: oneQuery,
		RunE: func(cmd *cobra.Command, args []string) error {
			brands, err := namedBrands(cmd)
			if err != nil {
				return err
			}
			seeker, problems := rules.NewSeeker(args[0], brands)
			for _, p := range problems {
				cmd.PrintErrln(queryFinding(args[0], p).Error())
			}
			if seeker == nil {
				return usageError{"the query is wrong"}
			}
			colored, err := wantsColor(*color, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			e := &querying{seeker: seeker, source: args[0], matching: matching, explainer: explainer{color: colored}}
			if err := runLines(cmd, "mention", e.line); err != nil {
				return err
			}
			cmd.PrintErrf("%d of %s match\n", e.matched.Load(), plural(int(e.posts.Load()), "post"))
			return nil
		},
	}
	color = addColorFlag(cmd)
	cmd.Flags().BoolVar(&matching, "matching", false, "print only posts that match")
	return cmd
}

// oneQuery wants a query as the only argument.
func oneQuery(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		return errors.New("a query is missing (such as earshot query explain 'acme OR #acme')")
	}
	return fmt.Errorf("one query is expected, not %d (put it between single quotes)", len(args))
}

// namedBrands are those of the configuration, if the call names one.
func namedBrands(cmd *cobra.Command) ([]rules.Brand, error) {
	if !cmd.Flag("config").Changed {
		return nil, nil
	}
	data, err := readConfig(configPath(cmd))
	if err != nil {
		return nil, err
	}
	l := newLoader(configPath(cmd), data, os.LookupEnv)
	l.document.Decode(l.document.Root(), &l.file, bookless...)
	l.book(nil)
	warnings, err := l.findings()
	showWarnings(cmd, warnings)
	return l.config.Rules.Brands, err
}

// queryFinding puts a problem on its line of the query.
func queryFinding(source string, p earshot.Problem) strict.Finding {
	before := source[:min(p.Offset, len(source))]
	start := strings.LastIndexByte(before, '\n') + 1
	line, _, _ := strings.Cut(source[start:], "\n")
	indent := len([]rune(before[start:]))
	width := len([]rune(line[min(p.Offset-start, len(line)):min(p.Offset-start+p.Length, len(line))]))
	return strict.Finding{
		File: "query", Line: strings.Count(before, "\n") + 1, Col: indent + 1, What: p.What, Hint: p.Hint, Warning: p.Warning,
		Excerpt: printable(line), Indent: indent, Width: width,
	}
}
