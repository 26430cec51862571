// Command earshot listens to networks, judges what it hears by a rule book and
// alerts the teams it concerns. This package is where the parts meet: the
// command line, the configuration file, the list of drivers and the daemon. What
// each part does is in the part.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // hours, rotas and quiet hours name time zones, and not every machine knows them
)

// Exit codes of every command.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	exitConfig = 78 // EX_CONFIG: trying again without a change is useless
)

func main() {
	os.Exit(exitCode(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// exitCode runs the command line until it ends or SIGINT or SIGTERM ends it. It
// says on stderr what went wrong, once.
func exitCode(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)

	var invalid *ConfigError
	var failed *failure
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, syscall.EPIPE):
		// Whoever read us has seen enough: nobody is left to tell.
		return exitFailed
	case errors.As(err, &invalid):
		for _, f := range invalid.Findings {
			fmt.Fprintln(stderr, f.Error())
		}
		fmt.Fprintln(stderr, "earshot: "+invalid.Summary())
		return exitConfig
	case errors.As(err, &failed):
		fmt.Fprintln(stderr, "earshot: "+failed.Error())
		return exitFailed
	}
	fmt.Fprintln(stderr, "earshot: "+err.Error())
	return exitUsage
}
