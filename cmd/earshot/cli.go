package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"earshot/cmd/earshot/strict"
)

// defaultConfig is the file that is read unless -c names another.
const defaultConfig = "/etc/earshot/earshot.yaml"

// Groups of commands in the help.
const (
	groupDaemon = "daemon"
	groupRules  = "rules"
	groupMore   = "more"
)

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "earshot",
		Short: "Hear what is said of a brand and tell those who must act",
		Long: "earshot listens to networks, judges what it hears by a rule book and alerts the\n" +
			"teams it concerns on NATS.\n\n" +
			"Exit status: 0 done or stopped, 1 failed, 2 wrong usage, 78 wrong configuration.",
		Example:       "  earshot demo\n  earshot check -c earshot.yaml\n  earshot run -c earshot.yaml",
		Args:          commandArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help()
			return fmt.Errorf("a command is missing")
		},
	}
	root.PersistentFlags().StringP("config", "c", defaultConfig, "read the configuration from `FILE`")
	root.PersistentFlags().String("log-level", "", "log from `LEVEL` on: "+strings.Join(logLevels(), ", ")+" (default from the configuration)")
	root.AddGroup(
		&cobra.Group{ID: groupDaemon, Title: "The daemon:"},
		&cobra.Group{ID: groupRules, Title: "Trying rules and texts:"},
		&cobra.Group{ID: groupMore, Title: "More:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add(groupDaemon, newRunCommand(), newDemoCommand(), newTailCommand(), newForgetCommand(), newExportCommand(), newSourcesCommand(), newSinksCommand(), newCasesCommand(), newMutesCommand(), newBackfillCommand(), newBackupCommand(), newRestoreCommand())
	add(groupRules, newCheckCommand(), newDutyCommand(), newRoutesCommand(), newJudgeCommand(), newTestCommand(), newBacktestCommand(), newScoreCommand(), newEvalCommand(), newAdaptCommand(), newQueryCommand(), newRulesCommand())
	add(groupMore, newVersionCommand(), newManCommand())
	root.SetHelpCommandGroupID(groupMore)
	root.SetCompletionCommandGroupID(groupMore)
	addCompletion(root)
	root.SetFlagErrorFunc(explainFlag)
	markFailures(root)
	return root
}

// failure is the error of a command that was called properly. All others are
// mistakes in the call.
type failure struct{ err error }

// Error says what failed.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap returns what failed.
func (f *failure) Unwrap() error { return f.err }

// usageError is returned by commands whose flags contradict each other.
type usageError struct{ what string }

// Error says what is wrong with the call.
func (u usageError) Error() string { return u.what }

// markFailures tells what commands return from what cobra finds in their call.
func markFailures(cmd *cobra.Command) {
	for _, child := range cmd.Commands() {
		markFailures(child)
		run := child.RunE
		if run == nil {
			continue
		}
		child.RunE = func(cmd *cobra.Command, args []string) error {
			err := run(cmd, args)
			if _, usage := err.(usageError); err == nil || usage { //nolint:errorlint // a wrapped one is a failure
				return err
			}
			return &failure{err}
		}
	}
}

// commandArgs refuses what is no command, with the one that was meant.
func commandArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return fmt.Errorf("there is no command %q (%s)", args[0], strict.Suggest(args[0], names))
}

// oneFolder wants a folder as the only argument.
func oneFolder(cmd *cobra.Command, args []string) error {
	what := "a folder is missing"
	switch len(args) {
	case 0:
	case 1:
		return nil
	default:
		what = fmt.Sprintf("one folder is expected, not %d", len(args))
	}
	example := ""
	for line := range strings.Lines(cmd.Example) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, cmd.CommandPath()) {
			example = line
			break
		}
	}
	return fmt.Errorf("%s (such as %s)", what, example)
}

// addCompletion has cobra make its commands for shells now and gives them the
// examples that all other commands have.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		return
	}
	completion.Example = "  earshot completion bash > /etc/bash_completion.d/earshot\n" +
		"  earshot completion zsh > \"${fpath[1]}/_earshot\"\n" +
		"  earshot completion fish > ~/.config/fish/completions/earshot.fish"
	for _, shell := range completion.Commands() {
		if shell.Example == "" {
			shell.Example = "  earshot completion " + shell.Name()
		}
	}
}

// explainFlag adds the flag that was meant to the error of an unknown one.
func explainFlag(cmd *cobra.Command, err error) error {
	given, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if hint := strict.Suggest(given, names); unknown && strings.HasPrefix(hint, "did you mean") {
		hint = strings.Replace(hint, `"`, `"--`, 1)
		return fmt.Errorf("%w (%s)", err, hint)
	}
	return fmt.Errorf("%w (try %s --help)", err, cmd.CommandPath())
}

// configPath is the file that the call names.
func configPath(cmd *cobra.Command) string { return cmd.Flag("config").Value.String() }

// loadConfig loads the file that the call names and shows its warnings.
func loadConfig(cmd *cobra.Command) (*Config, error) {
	c, err := Load(configPath(cmd))
	if err != nil {
		return nil, err
	}
	showWarnings(cmd, c.Warnings)
	return c, nil
}

func showWarnings(cmd *cobra.Command, warnings []strict.Finding) {
	for _, w := range warnings {
		cmd.PrintErrln(w.Error())
	}
}

// loggerFor makes the logger of a command: as configured, unless the call names
// a level.
func loggerFor(cmd *cobra.Command, c LogConfig) (*zap.Logger, error) {
	if level := cmd.Flag("log-level").Value.String(); level != "" {
		if !slices.Contains(logLevels(), level) {
			return nil, usageError{"--log-level knows " + strings.Join(logLevels(), ", ")}
		}
		c.Level = level
	}
	return newLogger(c, cmd.ErrOrStderr())
}
