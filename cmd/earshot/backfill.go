package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/term"

	"earshot/bus"
	"earshot/cmd/earshot/strict"
	"earshot/listeners"
)

func newBackfillCommand() *cobra.Command {
	var (
		since   string
		restart bool
	)
	cmd := &cobra.Command{
		Use:   "backfill LISTENER",
		Short: "Hear what was posted before the listener began to listen",
		Long: "Has the network of a listener tell what was posted since then, as far as it can, while\n" +
			"the daemon runs. What is known already is stored once, and what is older than\n" +
			"alert_max_age is counted and pages nobody. The limits and the budget of the listener\n" +
			"hold. Interrupted, it goes on where it stopped when it is called again.",
		Example: "  earshot backfill fedi --since 7d\n" +
			"  earshot backfill letters --since 2026-11-01\n" +
			"  earshot backfill letters --since 30d --restart",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := parseSince(since, time.Now())
			if err != nil {
				return usageError{err.Error()}
			}
			config, err := loadConfig(cmd)
			if err != nil {
				return err
			}
			log, err := loggerFor(cmd, LogConfig{Level: "warn", Format: "auto"})
			if err != nil {
				return err
			}
			b := &backfill{config: config, log: log, out: cmd.ErrOrStderr(), since: from, restart: restart}
			return b.run(cmd.Context(), args[0])
		},
	}
	cmd.Flags().StringVar(&since, "since", "7d", "hear what was posted since `TIME`: a duration back (36h, 7d) or a date (2026-11-01)")
	cmd.Flags().BoolVar(&restart, "restart", false, "begin anew instead of going on where the last backfill stopped")
	return cmd
}

// parseSince reads a duration back from now, or a date.
func parseSince(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil && at.Before(now) {
			return at, nil
		}
	}
	d, err := strict.ParseDuration(text)
	if err != nil || d <= 0 {
		return time.Time{}, fmt.Errorf("--since %q is neither a time back nor a date gone by (write 36h, 7d or 2026-11-01)", text)
	}
	return now.Add(-d), nil
}

// backfill is one call of the command.
type backfill struct {
	config  *Config
	log     *zap.Logger
	out     io.Writer
	since   time.Time
	restart bool
}

func (b *backfill) run(ctx context.Context, name string) (err error) {
	i := slices.IndexFunc(b.config.Listeners, func(l ListenerConfig) bool { return l.Name == name })
	if i < 0 {
		return usageError{fmt.Sprintf("there is no listener %q in %s (%s)", name, b.config.File, strict.Suggest(name, listenerNames(b.config)))}
	}
	store, err := openRemote(ctx, b.config, b.log)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, store.Close(context.WithoutCancel(ctx))) }()
	parts, err := b.parts(b.config.Listeners[i], store)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	pipe := newPipeline(store, b.config.Book, b.log, registry)
	runner := listeners.New(listeners.Options{Log: pipe, Logger: b.log})
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	pipe.forgotten = newForgotten(b.log)
	followed := make(chan struct{})
	go func() { defer close(followed); pipe.forgotten.Run(ctx, store) }()
	defer func() { stop(); <-followed }()
	if err := pipe.forgotten.Ready(ctx); err != nil {
		return err
	}
	ran := make(chan error, 1)
	go func() {
		ran <- runner.Run(ctx, []listeners.Listener{{Name: name, Type: b.config.Listeners[i].Type, Parts: parts}})
	}()
	flushed := make(chan struct{})
	go func() {
		defer close(flushed)
		pipe.Flusher(ctx, flushGrace)
	}()
	complete := b.watch(ctx, runner)
	stop()
	<-flushed
	if err := <-ran; err != nil {
		return err
	}
	return b.conclude(runner, complete)
}

// openRemote opens the bus of a running daemon, as the daemon itself would reach
// an external one.
func openRemote(ctx context.Context, config *Config, log *zap.Logger) (*bus.Bus, error) {
	url, login := busAddress(config)
	opened, err := bus.Open(ctx, bus.Options{
		Config: bus.Config{
			URL: url, User: login.User, PasswordFile: login.PasswordFile,
			CredsFile: login.CredsFile, NkeyFile: login.NkeyFile, TLS: login.TLS,
		},
		Retention: config.Retention, Teams: teamNames(config), Log: log, Guest: true,
		WaitFor: 5 * time.Second,
	})
	if err != nil {
		return nil, fmt.Errorf("reaching the daemon's bus: %w (is the daemon running?)", err)
	}
	return opened, nil
}

// parts are those of the listener that can hear the past.
func (b *backfill) parts(l ListenerConfig, store *bus.Bus) ([]listeners.Part, error) {
	network, err := listeners.NewNetwork(b.config.Client)
	if err != nil {
		return nil, err
	}
	around := surroundings{inbox: listeners.NewInbox("", nil), tally: store.Tally(), stored: store.Stored}
	all, err := l.open(b.config.setup(l, network, around, b.log))
	if err != nil {
		return nil, fmt.Errorf("opening listener %s: %w", l.Name, err)
	}
	var parts []listeners.Part
	for _, p := range all {
		if past, ok := listeners.Past(p, b.since, b.restart); ok {
			parts = append(parts, past)
		}
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("asking %s for the past: what a listener of type %s did not hear, its network does not tell again", l.Name, l.Type)
	}
	return parts, nil
}

// watch shows how far the parts have come until all of them are through, and
// reports whether they are.
func (b *backfill) watch(ctx context.Context, runner *listeners.Runner) bool {
	bar := newShareBar(b.out)
	defer bar.end()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
		all := runner.Status()
		if !runner.Running() {
			continue
		}
		bar.show(all)
		if !slices.ContainsFunc(all, func(s listeners.Status) bool { return s.State != listeners.Gone }) {
			return true
		}
		if slices.ContainsFunc(all, stalled) {
			return false
		}
	}
}

// tooLong is a wait that nobody wants to sit through at a terminal.
const tooLong = 15 * time.Minute

// stalled reports whether a part cannot go on without a person, or not for long: a
// refused credential, a spent budget.
func stalled(s listeners.Status) bool {
	return s.State == listeners.Denied || s.State == listeners.Waiting && time.Until(s.Retry) > tooLong
}

// conclude says what came of it. An interruption is no failure.
func (b *backfill) conclude(runner *listeners.Runner, complete bool) error {
	heard, trouble := int64(0), ""
	for _, s := range runner.Status() {
		heard += s.Mentions
		if s.Err != "" && s.State != listeners.Gone {
			trouble = s.Err
		}
	}
	if complete {
		fmt.Fprintf(b.out, "heard everything since %s: %s\n", b.since.Local().Format("2006-01-02 15:04"), plural(int(heard), "post"))
		return nil
	}
	fmt.Fprintf(b.out, "stopped after %s; the same command goes on from here\n", plural(int(heard), "post"))
	if trouble != "" {
		return fmt.Errorf("hearing the past: %s", trouble)
	}
	return nil
}

func listenerNames(c *Config) []string {
	names := make([]string, len(c.Listeners))
	for i, l := range c.Listeners {
		names[i] = l.Name
	}
	return names
}

// shareBar shows how much is done, on a terminal as a bar.
type shareBar struct {
	bar *progressbar.ProgressBar
}

func newShareBar(w io.Writer) *shareBar {
	f, ok := w.(*os.File)
	return &shareBar{progressbar.NewOptions(1000,
		progressbar.OptionSetDescription("hearing the past"),
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetVisibility(ok && term.IsTerminal(int(f.Fd()))),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(),
	)}
}

func (b *shareBar) show(all []listeners.Status) {
	done, heard := 0.0, int64(0)
	var trouble []string
	for _, s := range all {
		heard += s.Mentions
		if s.State == listeners.Gone {
			s.Done = 1
		} else if s.Err != "" {
			trouble = append(trouble, s.Err)
		}
		done += min(s.Done, 1) / float64(len(all))
	}
	text := fmt.Sprintf("hearing the past: %d posts", heard)
	if trouble != nil {
		text += " (" + shortened(strings.Join(trouble, "; "), 60) + ")"
	}
	b.bar.Describe(text)
	_ = b.bar.Set(int(1000 * done)) // what cannot be drawn is not drawn
}

func (b *shareBar) end() { _ = b.bar.Finish() }
