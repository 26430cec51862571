package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

const reloadConfig = `
state: %[1]s
bus: {listen: %[2]s}
http: {listen: %[3]s}
client: {allow_private: [127.0.0.1], per_second: 1000, burst: 1000}
brands:
  - {name: acme, query: acme}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 50, send: [cs]}
teams:
  - {name: cs}
listeners:
  - {name: feed, type: rss, urls: ["%[4]s"], every: 1h}
  - {name: first, type: file, path: %[5]s/first.ndjson}
`

// reloaded is reloadConfig with another brand, rule and team, and another
// listener in the place of one.
var reloaded = strings.NewReplacer(
	"brands:\n", "brands:\n  - {name: zeta, query: zeta}\n",
	"teams:\n", "  - {name: shiny, when: 'mention.text contains \"shiny\"', urgency: 70, routes: [{team: pr, kind: delight}]}\nteams:\n  - {name: pr}\n",
	"first", "second",
).Replace(reloadConfig)

const notReloaded = "configuration not reloaded, the old one goes on"

// A reload brings in new brands, rules, teams and listeners, ends what is gone
// and leaves alone what stayed; a file with mistakes changes nothing, and each
// mistake is an entry of the log.
func TestReload(t *testing.T) {
	t.Parallel()
	feed := newNumberedFeed(t, 20, 20)
	state, dir := filepath.Join(t.TempDir(), "state"), t.TempDir()
	busAddress, httpAddress := freeAddress(t), freeAddress(t)
	text := func(form string) string {
		return fmt.Sprintf(form, state, busAddress, httpAddress, feed.server.URL, dir)
	}
	first, second := emptyFile(t, dir, "first.ndjson"), emptyFile(t, dir, "second.ndjson")
	config := writeConfig(t, text(reloadConfig))
	d := startProcess(t, config, httpAddress)
	d.ready(t)
	js := connectAsDaemon(t, "nats://"+busAddress, state)
	appendLine(t, first, `{"id":"forum:1","network":"forum","text":"acme makes me furious"}`)
	atLeast(t, js, "EARSHOT_ALERTS", "earshot.alerts.cs.acme.>", 3) // two are the feed's

	d.reload(t, config, text(reloaded), "configuration reloaded")
	pr := listenAs(t, "nats://"+busAddress, state, "pr")
	appendLine(t, first, `{"id":"forum:2","network":"forum","text":"acme makes me furious again"}`)
	appendLine(t, second, `{"id":"forum:3","network":"forum","text":"zeta is so shiny"}`)
	if got := receive(t, pr); got != "earshot.alerts.pr.zeta.delight.high" {
		t.Errorf("pr was told on %s", got)
	}
	atLeast(t, js, "EARSHOT_ALERTS", "earshot.alerts.cs.>", 3)
	if got, _ := count(t.Context(), js, "EARSHOT_MENTIONS", "earshot.mentions.*.forum.*"); got != 2 {
		t.Errorf("%d mentions: the listener that is gone still hears", got)
	}
	if n := d.metric(t, `earshot_listener_restarts_total{listener="feed"}`); n != 0 || feed.asked() != 1 {
		t.Errorf("the feed was disturbed: %g restarts, asked %d times", n, feed.asked())
	}

	bad := strings.Replace(text(reloaded), "query: zeta}", "query: '(zeta', color: red}", 1)
	bad = strings.Replace(bad, "brands:\n", "brands:\n  - name: beta\n    query: beta #new\n", 1)
	d.reload(t, config, bad, notReloaded)
	checkFindings(t, d.entries(t), config)
	appendLine(t, second, `{"id":"forum:4","network":"forum","text":"zeta is shiny still"}`)
	receive(t, pr)
	d.stop(t)
}

// checkFindings compares what the log says of a file with two mistakes and a
// doubtful line.
func checkFindings(t *testing.T, entries []map[string]any, config string) {
	t.Helper()
	var got []string
	for _, e := range entries {
		if e["msg"] == "configuration" {
			got = append(got, fmt.Sprintf("%s %s", e["level"], strings.TrimPrefix(e["at"].(string), config)))
			if e["what"] == "" || strings.Contains(e["what"].(string), "\n") {
				t.Errorf("the entry is no line: %v", e)
			}
		}
	}
	if want := []string{"warn :8:12", "error :9:26", "error :9:34"}; strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("the log names %v, want %v", got, want)
	}
	for _, e := range entries {
		if e["msg"] == notReloaded && (e["level"] != "error" || !strings.HasSuffix(e["summary"].(string), "earshot.yaml has 2 errors and 1 warning")) {
			t.Errorf("the summary is %v", e)
		}
	}
}

// reload writes a configuration, has the daemon read it, and waits until it has
// said how that went.
func (d *process) reload(t *testing.T, config, text, message string) {
	t.Helper()
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	before := d.said(t, message)
	if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the daemon says: "+message, func() error {
		if d.said(t, message) > before {
			return nil
		}
		return fmt.Errorf("it said:\n%s", tail(d.log.String(), 5))
	})
}

// said is how often the log has a message.
func (d *process) said(t *testing.T, message string) (n int) {
	t.Helper()
	for _, e := range d.entries(t) {
		if e["msg"] == message {
			n++
		}
	}
	return n
}

// entries are the lines of the log that are complete.
func (d *process) entries(t *testing.T) []map[string]any {
	t.Helper()
	var entries []map[string]any
	for line := range strings.Lines(d.log.String()) {
		if !strings.HasPrefix(line, "{") || !strings.HasSuffix(line, "\n") {
			continue
		}
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		entries = append(entries, e)
	}
	return entries
}

func (f *numberedFeed) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func emptyFile(t testing.TB, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// listenAs subscribes to the alerts of a team with the team's own credential.
func listenAs(t *testing.T, url, state, team string) <-chan *nats.Msg {
	t.Helper()
	password, err := os.ReadFile(teamCredential(state, team))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(url, nats.UserInfo(team, strings.TrimSpace(string(password))), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	heard := make(chan *nats.Msg, 100)
	if _, err := conn.ChanSubscribe("earshot.alerts."+team+".>", heard); err != nil {
		t.Fatal(err)
	}
	if err := conn.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	return heard
}

// receive returns the subject of the next message.
func receive(t *testing.T, heard <-chan *nats.Msg) string {
	t.Helper()
	select {
	case m := <-heard:
		return m.Subject
	case <-time.After(patience):
		t.Fatal("no alert came")
		return ""
	}
}
