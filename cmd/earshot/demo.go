package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"earshot/cmd/earshot/story"
)

// shortestDemo is the least time in which a tale can be told and its alerts
// waited for; the summary of old news alone takes two seconds.
const shortestDemo = 5 * time.Second

// demoOptions is how the demo is asked for.
type demoOptions struct {
	pace  pace
	state string // empty: a temporary directory
	story *story.Story
	out   io.Writer // alerts and summary
	err   io.Writer // progress and log
}

func newDemoCommand() *cobra.Command {
	var o demoOptions
	var length time.Duration
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See earshot at work on an invented story",
		Long: `Runs the whole daemon, as it would run for you, on feeds that tell the story of
a toy maker who does not exist: chatter in thirty languages, a bird of the same
name, a boy who has lost his lighthouse keeper, an angry customer, and a scare
that spreads. It prints the alerts as the teams receive them and says how to
subscribe yourself.

Without --for the story takes 40 seconds and the daemon stays up until Ctrl-C.
With it the story is told in that time, and the exit status is 0 only if exactly
the alerts of the story were raised: missing and unexpected ones are listed.
Nothing is kept, unless --state names a directory.`,
		Example: `  earshot demo
  earshot demo --for 20s
  earshot demo --state /tmp/whimbrel   # keep the store, the configuration and the log`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("for") && length < shortestDemo {
				return usageError{fmt.Sprintf("--for %s is too short to tell the story (give it at least %s)", length, shortestDemo)}
			}
			tale, err := story.Read(story.Files())
			if err != nil {
				return err
			}
			o.story, o.pace = tale, paceOf(tale, length)
			o.out, o.err = cmd.OutOrStdout(), cmd.ErrOrStderr()
			return runDemo(cmd.Context(), o)
		},
	}
	cmd.Flags().DurationVar(&length, "for", 0, "tell the story in this time and stop (at least 5s)")
	cmd.Flags().StringVar(&o.state, "state", "", "keep everything in this directory, which must be empty or new")
	return cmd
}

// runDemo runs the daemon and tells it the tale. It returns nil when exactly the
// expected alerts were raised, or when somebody who set no time stopped it early.
func runDemo(ctx context.Context, o demoOptions) (err error) {
	began := time.Now()
	dir, remove, err := demoDir(o.state)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	p := newDemoPrinter(o.out, o.err, len(o.story.Steps))
	d := &demo{
		story: o.story, ledger: story.NewLedger(o.story), feeds: story.NewServer(o.story), printer: p,
		pace: o.pace, dir: dir, began: began,
	}
	serving, err := d.serve(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, serving.Close()) }()
	cfg, log, err := d.configure(ctx, serving.Addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()
	d.log = log.Logger

	// The daemon outlives the tale: it stops when the tale, and whoever looks at
	// it afterwards, are done.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, running := errgroup.WithContext(running)
	ready := make(chan daemonAddrs, 1)
	group.Go(func() error {
		return runDaemon(running, cfg, daemonOptions{Log: log.Logger, Ready: func(a daemonAddrs) { ready <- a }})
	})
	group.Go(func() error {
		defer stop()
		return d.play(ctx, running, serving.Addr, ready)
	})
	return group.Wait()
}

// demoDir makes the state directory, and returns what removes it again.
func demoDir(asked string) (dir string, remove func() error, err error) {
	if asked == "" {
		dir, err = os.MkdirTemp("", "earshot-demo-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	}
	if dir, err = filepath.Abs(asked); err != nil {
		return "", nil, err
	}
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", nil, err
	}
	if len(entries) > 0 {
		return "", nil, usageError{fmt.Sprintf("%s is not empty: what an earlier demo heard would not be heard again (name a new directory)", dir)}
	}
	return dir, func() error { return nil }, nil
}
