package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCheckCommand() *cobra.Command {
	var schema bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration without starting anything",
		Long: "check reads the configuration as run does and prints all that is wrong with it,\n" +
			"each with file, line and column. It starts nothing and calls nobody.\n\n" +
			"Exit status: 0 the file holds (warnings are printed), 78 it does not.",
		Example: "  earshot check -c earshot.yaml\n" +
			"  earshot check --schema > earshot.schema.json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if schema {
				text, err := configSchema()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", text)
				return err
			}
			c, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "ok: "+c.summary())
			return err
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of the file, for editors")
	return cmd
}

// summary counts what the file holds.
func (c *Config) summary() string {
	return fmt.Sprintf("%s, %s, %s, %s", plural(len(c.Rules.Brands), "brand"), plural(len(c.Listeners), "listener"),
		plural(len(c.Rules.Rules), "rule"), plural(len(c.Teams), "team"))
}
