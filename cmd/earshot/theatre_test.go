package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

// clockVariable names a file whose date the test binary, being earshot, takes for
// the time: days pass as fast as they are played, also over deaths.
const clockVariable = "EARSHOT_CLOCK_OF_A_TEST"

// runByClock is earshot run with such a clock. It returns the status to exit with.
func runByClock(clock string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	config, err := Load(os.Args[len(os.Args)-1])
	if err == nil {
		log, _ := newLogger(config.Log, os.Stderr)
		err = runDaemon(ctx, config, daemonOptions{Log: log, Now: func() time.Time { return dateOf(clock) }})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailed
	}
	return exitOK
}

func dateOf(clock string) time.Time {
	info, err := os.Stat(clock)
	if errors.Is(err, fs.ErrNotExist) {
		os.Exit(exitFailed) // the test is over
	}
	if err != nil {
		panic(err)
	}
	return info.ModTime().UTC()
}

// theatre is a daemon as a process of its own that lives by a clock of the test and
// hears what is written into a file.
type theatre struct {
	*process
	t                    testing.TB
	config, clock, posts string
	http                 string
	js                   jetstream.JetStream
	now                  time.Time
	asides               int
}

// theatreHead is what theatres have in common; a script adds brands, rules and teams.
const theatreHead = `
state: %s
bus: {%s}
http: {listen: %s}
client: {allow_private: [127.0.0.1], per_second: 10000, burst: 1000, concurrent: 20}
retention: 3650d
log: {level: warn}
listeners:
  - {name: replay, type: file, path: %s}
`

// newTheatre opens one on the embedded bus, or on a server.
func newTheatre(t testing.TB, server *natsServer, script string, begin time.Time) *theatre {
	t.Helper()
	dir := t.TempDir()
	s := &theatre{
		t: t, clock: emptyFile(t, dir, "clock"), posts: emptyFile(t, dir, "posts.ndjson"), http: freeAddress(t),
	}
	address, state := freeAddress(t), filepath.Join(dir, "state")
	url, bus, login := "nats://"+address, "listen: "+address, nats.Option(nil)
	if server != nil {
		url, bus, login = "nats://"+server.address, server.busConfig(), server.login()
	}
	s.config = writeConfig(t, fmt.Sprintf(theatreHead, state, bus, s.http, s.posts)+script)
	s.set(begin)
	s.start()
	s.ready(t)
	if login == nil { // each start makes a new one
		login = nats.UserInfoHandler(func() (string, string) {
			password, _ := os.ReadFile(filepath.Join(state, "credentials", "daemon"))
			return "daemon", strings.TrimSpace(string(password))
		})
	}
	s.js = connect(t, url, login, nats.IgnoreAuthErrorAbort(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	return s
}

func (s *theatre) start() {
	s.process = startProcess(s.t, s.config, s.http, clockVariable+"="+s.clock)
}

// again kills the daemon and starts it.
func (s *theatre) again() {
	s.kill()
	s.start()
}

// set puts the clock to a time.
func (s *theatre) set(now time.Time) {
	s.t.Helper()
	s.now = now
	if err := os.Chtimes(s.clock, now, now); err != nil {
		s.t.Fatal(err)
	}
}

// tell writes posts, heard now unless they say otherwise. Behind them comes an aside,
// which settle waits for.
func (s *theatre) tell(posts ...earshot.Mention) {
	s.t.Helper()
	s.asides++
	s.write(append(posts, s.aside()))
}

func (s *theatre) write(posts []earshot.Mention) {
	s.t.Helper()
	file, err := os.OpenFile(s.posts, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	var lines strings.Builder
	encoder := json.NewEncoder(&lines)
	for _, m := range posts {
		if m.Heard.IsZero() {
			m.Heard = s.now
		}
		if m.Posted.IsZero() && m.Change != earshot.Deleted {
			m.Posted = m.Heard.Add(-time.Second)
		}
		if err := encoder.Encode(m); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := file.WriteString(lines.String()); err != nil {
		s.t.Fatal(err)
	}
}

// theatreBrand is the brand that asides are about.
const theatreBrand = "acme"

func (s *theatre) aside() earshot.Mention {
	return earshot.Mention{
		ID: fmt.Sprintf("aside:%d", s.asides), Network: "aside", Author: earshot.Author{Handle: fmt.Sprintf("@aside%d", s.asides)},
		Text: theatreBrand + " is a word, " + wordsOf(fmt.Sprint("aside", s.asides)),
	}
}

// wordsOf are words that nobody else uses.
func wordsOf(seed string) string {
	k := earshot.Key(seed)
	return strings.Join([]string{k[:5], k[5:11], k[11:16], k[16:21], k[21:]}, " ")
}

// settle waits until everything told has been dealt with: then the daemon has also
// seen to what was due by now.
func (s *theatre) settle() {
	s.t.Helper()
	a := s.aside()
	eventually(s.t, "what was told is dealt with", func() error {
		s.lives(s.t)
		ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
		defer cancel()
		heard, err := s.last(ctx, "EARSHOT_MENTIONS", "earshot.mentions."+theatreBrand+".aside."+a.Key())
		if err != nil {
			return err
		}
		done, err := s.last(ctx, "EARSHOT_ALERTS", "earshot.progress."+theatreBrand)
		if err != nil {
			return err
		}
		var progress earshot.Progress
		if err := json.Unmarshal(done.Data, &progress); err != nil {
			return err
		}
		if progress.Sequence < heard.Sequence {
			return fmt.Errorf("mention %d of %d has been dealt with", progress.Sequence, heard.Sequence)
		}
		return nil
	})
}

func (s *theatre) last(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	of, err := s.js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	return of.GetLastMsgForSubject(ctx, subject)
}

// alerts are all that teams were told, in the order of the log.
func (s *theatre) alerts() []earshot.Alert {
	s.t.Helper()
	var told []earshot.Alert
	for _, msg := range readAll(s.t, s.js, "EARSHOT_ALERTS", "earshot.alerts.>") {
		var a earshot.Alert
		unmarshal(s.t, msg, &a)
		told = append(told, a)
	}
	return told
}

// events are all events of cases, in the order of the log.
func (s *theatre) events() []earshot.CaseEvent {
	s.t.Helper()
	var events []earshot.CaseEvent
	for _, msg := range readAll(s.t, s.js, "EARSHOT_CASES", "earshot.cases.>") {
		var e earshot.CaseEvent
		unmarshal(s.t, msg, &e)
		events = append(events, e)
	}
	return events
}

// cases are the cases as they stand, by team and ID.
func (s *theatre) cases() map[string]earshot.Case {
	s.t.Helper()
	last := map[string]earshot.Case{}
	for _, e := range s.events() {
		last[e.Case.Team+"."+e.Case.ID] = e.Case
	}
	return last
}

// asks does what a person of a team asks for, until the daemon has answered.
func (s *theatre) asks(team, person, verb, request string) {
	s.t.Helper()
	eventually(s.t, person+" may "+verb, func() error {
		ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
		defer cancel()
		subject := fmt.Sprintf("earshot.ctl.cases.%s.%s.%s", team, person, verb)
		answer, err := s.js.Conn().RequestWithContext(ctx, subject, []byte(request))
		if err == nil && answer.Header.Get("Nats-Service-Error") != "" {
			err = fmt.Errorf("refused: %s", answer.Data)
		}
		return err
	})
}
