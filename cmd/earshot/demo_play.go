package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"earshot/cmd/earshot/story"
)

// demo is one telling of the tale.
type demo struct {
	story   *story.Story
	ledger  *story.Ledger
	feeds   *story.Server
	printer *demoPrinter
	log     *zap.Logger // the daemon's
	pace    pace
	dir     string
	began   time.Time
}

// demoFeeds is the feed server of the tale, and the address it listens on.
type demoFeeds struct {
	Addr   string
	server *http.Server
	done   chan struct{}
}

// serve publishes the tale's feeds on a free loopback port.
func (d *demo) serve(ctx context.Context) (*demoFeeds, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving the story's feeds: %w", err)
	}
	f := &demoFeeds{
		Addr: listener.Addr().String(), done: make(chan struct{}),
		server: &http.Server{Handler: d.feeds, ReadHeaderTimeout: 10 * time.Second},
	}
	go func() {
		defer close(f.done)
		_ = f.server.Serve(listener) // always ErrServerClosed: Close is the only way out
	}()
	return f, nil
}

// Close stops the feed server.
func (f *demoFeeds) Close() error {
	err := f.server.Close()
	<-f.done
	return err
}

// demoLog is the daemon's log, in a file beside its state: the terminal is for
// the tale.
type demoLog struct {
	*zap.Logger

	file *os.File
}

func (l demoLog) close() error { return l.file.Close() }

// configure writes the daemon's configuration into the state directory, where
// people can look at it and hand it to earshot tail -c, and loads it.
func (d *demo) configure(ctx context.Context, feeds string) (*Config, demoLog, error) {
	address, err := freePort(ctx)
	if err != nil {
		return nil, demoLog{}, err
	}
	cfg, err := writeDemoConfig(d.dir, address, "http://"+feeds, d.pace.every)
	if err != nil {
		return nil, demoLog{}, err
	}
	file, err := os.OpenFile(filepath.Join(d.dir, "earshot.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, demoLog{}, err
	}
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return cfg, demoLog{zap.New(zapcore.NewCore(encoder, zapcore.Lock(file), zap.InfoLevel)), file}, nil
}

func writeDemoConfig(dir, address, feeds string, every time.Duration) (*Config, error) {
	text := strings.NewReplacer(
		"${STATE}", dir, "${BUS}", address, "${FEEDS}", feeds, "${EVERY}", every.String(),
	).Replace(story.Config)
	path := filepath.Join(dir, "earshot.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return Load(path)
}

// freePort is a loopback address on which nobody listens. The file must name it:
// earshot tail -c finds the bus by the file.
func freePort(ctx context.Context) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// play waits for the daemon, subscribes as the teams do, tells the tale and sums
// up. ctx ends when somebody presses Ctrl-C, running when the daemon does.
func (d *demo) play(ctx, running context.Context, feeds string, ready <-chan daemonAddrs) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(running, cancel)()
	var addrs daemonAddrs
	select {
	case addrs = <-ready:
	case <-ctx.Done():
		return d.conclude(ctx, running, addrs, 0)
	}
	listening, ctx, err := d.subscribe(ctx, addrs.Bus, d.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, listening.close()) }()
	d.printer.welcome(d.story, feeds, addrs.Bus, d.dir, d.teams())

	limited, done := d.limit(ctx)
	defer done()
	told := d.tell(limited)
	if told == len(d.story.Steps) {
		d.await(limited)
	}
	d.printer.finish()
	return d.conclude(ctx, running, addrs, told)
}

// limit ends the telling when its time is over, if it has one.
func (d *demo) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.pace.total == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, d.began.Add(d.pace.total))
}

// tell publishes the steps when they are due and returns how many it told. A step
// of a matter waits until the alerts of the matter's earlier steps have come in:
// the feeds are asked independently of each other, and an effect must not be
// heard before its cause. A matter whose alerts do not come is waited for once.
func (d *demo) tell(ctx context.Context) int {
	start, lost := time.Now(), map[string]bool{}
	for i, step := range d.story.Steps {
		if !waitUntil(ctx, start.Add(d.pace.at(step))) {
			return i
		}
		if step.Case != "" && !lost[step.Case] {
			patient, done := context.WithTimeout(ctx, d.pace.patience)
			lost[step.Case] = d.ledger.Settled(patient, step.Case) != nil
			done()
		}
		d.ledger.Tell(step)
		d.feeds.Publish(step, time.Now())
		d.printer.told()
	}
	return len(d.story.Steps)
}

// await gives the last alerts time to come in, and unexpected ones to show up.
func (d *demo) await(ctx context.Context) {
	if d.pace.total > 0 {
		<-ctx.Done()
		return
	}
	patient, done := context.WithTimeout(ctx, d.pace.patience)
	defer done()
	if d.ledger.Complete(patient) == nil {
		waitUntil(ctx, time.Now().Add(d.pace.settle))
	}
}

func waitUntil(ctx context.Context, due time.Time) bool {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// conclude sums up, lets people look as long as they like when no time was set,
// and says whether the demo went as it should.
func (d *demo) conclude(ctx, running context.Context, addrs daemonAddrs, told int) error {
	if running.Err() != nil {
		return nil // the daemon has failed, and says why
	}
	report, whole := d.ledger.Report(), told == len(d.story.Steps)
	d.printer.summary(d.story, told, askHeard(context.WithoutCancel(ctx), addrs.HTTP), report)
	switch {
	case !whole && d.pace.total > 0:
		d.printer.differences(report)
		return fmt.Errorf("the story was not finished within %s", d.pace.total)
	case !whole:
		return nil // whoever stopped it knows
	}
	d.printer.differences(report)
	if d.pace.total == 0 && ctx.Err() == nil {
		d.printer.say("The daemon stays up for you to look around. Ctrl-C ends it.\n")
		<-ctx.Done()
	}
	if !report.Exact() {
		return fmt.Errorf("the alerts are not those of the story: %d missing, %d unexpected", len(report.Missing), len(report.Unexpected))
	}
	return nil
}

// teams are those that the tale expects to hear something.
func (d *demo) teams() []string {
	var teams []string
	for _, step := range d.story.Steps {
		for _, e := range step.Expect {
			if !slices.Contains(teams, e.Team) {
				teams = append(teams, e.Team)
			}
		}
	}
	slices.Sort(teams)
	return teams
}
