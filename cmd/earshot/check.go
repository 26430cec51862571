package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"earshot"
	"earshot/bus"
)

func newCheckCommand() *cobra.Command {
	var schema, accounts bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check a configuration without starting anything",
		Long: "check reads the configuration as run does and prints all that is wrong with it,\n" +
			"each with file, line and column. It starts nothing and calls nobody.\n\n" +
			"Exit status: 0 the file holds (warnings are printed), 78 it does not.",
		Example: "  earshot check -c earshot.yaml\n" +
			"  earshot check --schema > earshot.schema.json\n" +
			"  earshot check -c earshot.yaml --accounts > accounts.conf   # for an external nats-server",
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
			if accounts {
				_, err = fmt.Fprint(cmd.OutOrStdout(), serverAccounts(c))
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "ok: "+c.summary())
			return err
		},
	}
	cmd.Flags().BoolVar(&schema, "schema", false, "print the JSON Schema of the file, for editors")
	cmd.Flags().BoolVar(&accounts, "accounts", false, "print the accounts and permissions that an external NATS server needs")
	return cmd
}

// serverAccounts is what the operator of an external server installs for the
// teams and users of a configuration. It holds no password: each must be set.
func serverAccounts(c *Config) string {
	passwords := map[string]string{}
	for _, name := range append(teamNames(c), "daemon", earshot.Ops) {
		passwords[name] = "SET A PASSWORD FOR " + name
	}
	for _, u := range c.Bus.Users {
		passwords[u.Name] = "SET A PASSWORD FOR " + u.Name
	}
	return "# Put a bcrypt hash (nats server passwd) in the place of each password.\n" +
		bus.ServerConfig(teamNames(c), c.Bus.Users, passwords)
}

// summary counts what the file holds.
func (c *Config) summary() string {
	return fmt.Sprintf("%s, %s, %s, %s", plural(len(c.Rules.Brands), "brand"), plural(len(c.Listeners), "listener"),
		plural(len(c.Rules.Rules), "rule"), plural(len(c.Teams), "team"))
}
