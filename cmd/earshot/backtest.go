package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"earshot"
	"earshot/alerts"
	"earshot/bus"
)

func newBacktestCommand() *cobra.Command {
	var (
		at     connection
		b      backtest
		since  string
		until  string
		old    string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "backtest -c NEW",
		Short: "Judge stored mentions by another rule book and show what changes",
		Long: "backtest has the mentions that the running daemon stored judged by the book of NEW, and\n" +
			"raises alerts of them as if heard again, by the old verdicts and by the new ones, with\n" +
			"the teams, stories, crises and clocks of NEW. It shows for each brand what changes, the\n" +
			"posts that change most, and how many alerts are those that teams were told. Nothing is\n" +
			"written.\n\n" +
			"The old verdicts are those stored, or with --old OLD what that book says now. Only\n" +
			"mentions that concerned a brand were stored: what another query would have found\n" +
			"besides is not there. Posts edited since are compared as they read now. Not repeated\n" +
			"are what people did to cases, mutes, and the habits, stories and cases of the time\n" +
			"before: alerts that these brought about or kept back differ from those told.\n\n" +
			"NEW says where the daemon is, unless --server does; then brands and rules suffice.",
		Example: "  earshot backtest -c new.yaml --since 7d\n" +
			"  earshot backtest -c new.yaml --old /etc/earshot/earshot.yaml --brand acme\n" +
			"  earshot backtest -c new.yaml --since 2026-11-01 --json | jq '.brands[].alerts'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			b.until = time.Now()
			if b.since, err = parseSince(since, b.until); err != nil {
				return usageError{err.Error()}
			}
			if until != "" {
				if b.until, err = parseSince(until, b.until); err != nil {
					return usageError{err.Error()}
				}
			}
			if b.limit < 0 || b.limit > mostShown {
				return usageError{fmt.Sprintf("--limit is from 0 to %d", mostShown)}
			}
			store, err := b.open(cmd, &at, old)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(cmd.Context()))) }()
			b.progress = cmd.ErrOrStderr()
			report, stopped := b.run(cmd.Context(), store)
			if report == nil {
				return stopped
			}
			if asJSON {
				encoder := json.NewEncoder(cmd.OutOrStdout())
				encoder.SetEscapeHTML(false)
				return errors.Join(encoder.Encode(report), stopped)
			}
			return errors.Join(report.print(cmd.OutOrStdout()), stopped)
		},
	}
	at.addFlags(cmd)
	cmd.Flags().StringVar(&since, "since", "7d", "judge what was stored since `TIME`: a duration back (36h, 7d) or a date (2026-11-01)")
	cmd.Flags().StringVar(&until, "until", "", "leave out what was heard after `TIME`, and what fell due after it; now if left out")
	cmd.Flags().StringVar(&old, "old", "-", "compare with the book of `FILE`; - for the verdicts that were stored")
	cmd.Flags().StringVar(&b.brand, "brand", "", "judge mentions of this `BRAND` only")
	cmd.Flags().IntVar(&b.limit, "limit", 20, "show the `N` posts that change most")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one line of JSON")
	return cmd
}

// mostShown bounds what is remembered of posts.
const mostShown = 10_000

// backtest is one call of the command.
type backtest struct {
	before, after *Config // before is nil for the verdicts that were stored
	since, until  time.Time
	brand         string
	limit         int
	progress      io.Writer
}

// open reads the books and reaches the daemon.
func (b *backtest) open(cmd *cobra.Command, at *connection, old string) (store *bus.Bus, err error) {
	if old != "-" {
		if b.before, err = loadProof(old); err != nil {
			return nil, err
		}
	}
	where := bus.Config{URL: at.server, User: at.user, PasswordFile: at.passwordFile}
	switch {
	case at.server == "" && (at.user != "" || at.passwordFile != ""):
		return nil, usageError{"--user and --password-file go with --server"}
	case at.server != "":
		b.after, err = loadProof(configPath(cmd))
	default:
		if b.after, err = loadConfig(cmd); err == nil {
			return openRemote(cmd.Context(), b.after, zap.NewNop())
		}
	}
	if err != nil {
		return nil, err
	}
	remote := Config{Bus: where, Retention: leastRetention}
	return openRemote(cmd.Context(), &remote, zap.NewNop())
}

// pastLogs is what a backtest needs of the bus.
type pastLogs interface {
	Judged(ctx context.Context, brand string, since time.Time, each func(s earshot.Stored, done float64) error) error
	Raised(ctx context.Context, team string, since time.Time, each func(*earshot.Alert) error) error
}

// run compares. Interrupted, it returns the report as far as it came beside the
// error.
func (b *backtest) run(ctx context.Context, log pastLogs) (*backtestReport, error) {
	c := newComparison(b)
	for i, config := range []*Config{b.before, b.after} {
		if config == nil {
			config = b.after // the teams of a daemon are not in its log
		}
		replay, problems := alerts.NewReplay(alertsConfig(config), b.since, func(a earshot.Alert) { c.told(i, &a) })
		if problems.Fatal() {
			return nil, refused(config.File, problems)
		}
		c.replays[i] = replay
	}
	bar, shown := newCountBar(b.progress, "judging again", shares), 0
	var group []earshot.Stored
	err := log.Judged(ctx, b.brand, b.since, func(s earshot.Stored, done float64) error {
		if now := int(done * shares); now > shown {
			bar.add(now - shown)
			shown = now
		}
		if len(group) > 0 && group[0].Mention.ID != s.Mention.ID {
			if err := c.compare(ctx, group); err != nil {
				return err
			}
			group = group[:0]
		}
		group = append(group, s)
		return ctx.Err()
	})
	if err == nil {
		err = c.compare(ctx, group)
	}
	if err == nil {
		err = c.settle(ctx)
	}
	if err == nil {
		err = c.compareTold(ctx, log)
	}
	bar.done()
	if ctx.Err() != nil {
		return c.report(), fmt.Errorf("interrupted after %s", plural(c.mentions, "mention"))
	}
	if err != nil {
		return nil, err
	}
	return c.report(), nil
}

// shares is in how many steps the progress is shown.
const shares = 1000
