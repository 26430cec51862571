package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"earshot/bus"
)

// Each team hears its own alerts with the ordinary nats CLI, and neither reads
// nor writes the other's; a stranger gets nothing. On the embedded server and on
// an external one.
func TestSubscribersEmbedded(t *testing.T) {
	t.Parallel()
	state, address := filepath.Join(t.TempDir(), "state"), freeAddress(t)
	testSubscribers(t, state, "listen: "+address, address, func(team string) string {
		password, err := os.ReadFile(filepath.Join(state, "credentials", team))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(password))
	})
}

func TestSubscribersExternal(t *testing.T) {
	t.Parallel()
	server := newNATSServer(t)
	testSubscribers(t, filepath.Join(t.TempDir(), "state"), server.busConfig(), server.address, func(team string) string {
		return team + "-secret"
	})
}

const teamsConfig = `
state: %[1]s
bus: {%[2]s}
http: {listen: %[3]s}
log: {level: info}
brands:
  - name: acme
    query: acme
    topics:
      safety: {query: 'choking OR "caught fire"', danger: true}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 65, send: [cs]}
  - {name: someone may get hurt, when: '"safety" in topics', urgency: 60, routes: [{team: pr, kind: crisis, topic: safety}]}
teams:
  - {name: cs, respond_within: {high: 1h}}
  - {name: pr, kinds: [crisis]}
listeners:
  - {name: replay, type: file, path: %[4]s}
`

func testSubscribers(t *testing.T, state, busSection, address string, password func(team string) string) {
	posts, httpAddress := filepath.Join(t.TempDir(), "posts.ndjson"), freeAddress(t)
	config := writeConfig(t, fmt.Sprintf(teamsConfig, state, busSection, httpAddress, posts))
	if err := os.WriteFile(posts, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := startProcess(t, config, httpAddress)
	d.ready(t)
	cli := natsCLI{t: t, binary: tool(t, "github.com/nats-io/natscli/nats"), url: "nats://" + address}

	cs := cli.start("cs", password("cs"), "sub", "earshot.alerts.cs.>")
	pr := cli.start("pr", password("pr"), "sub", "earshot.alerts.pr.>")
	cs.says(t, "Subscribing on earshot.alerts.cs.>")
	pr.says(t, "Subscribing on earshot.alerts.pr.>")

	appendLine(t, posts, `{"id":"forum:1","network":"forum","text":"acme makes me furious"}`)
	appendLine(t, posts, `{"id":"forum:2","network":"forum","text":"the acme kettle caught fire"}`)
	cs.says(t, "earshot.alerts.cs.acme.customer.high")
	pr.says(t, "earshot.alerts.pr.acme.crisis.")
	if out := cs.log.String(); strings.Contains(out, "caught fire") {
		t.Errorf("cs saw the alert of pr:\n%s", out)
	}
	if out := pr.log.String(); strings.Contains(out, "furious") {
		t.Errorf("pr saw the alert of cs:\n%s", out)
	}

	for _, forbidden := range []struct{ user, password, verb, subject, body string }{
		{"cs", password("cs"), "sub", "earshot.alerts.pr.>", ""},
		{"pr", password("pr"), "sub", "earshot.alerts.cs.>", ""},
		{"cs", password("cs"), "sub", "earshot.mentions.>", ""},
		{"cs", password("cs"), "sub", "earshot.cases.pr.>", ""},
		{"cs", "wrong", "sub", "earshot.alerts.cs.>", ""},
		{"", "", "sub", "earshot.alerts.cs.>", ""},
	} {
		p := cli.start(forbidden.user, forbidden.password, forbidden.verb, forbidden.subject)
		p.refused(t)
	}
	checkForgery(t, cli, password, cs)

	// What was raised waits in the team's durable, and in nobody else's.
	next := cli.start("cs", password("cs"), "--inbox-prefix", "_INBOX_cs", "--js-api-prefix", bus.APIPrefix, "consumer", "next", "EARSHOT_ALERTS", "cs", "--raw")
	next.says(t, `"summary"`)
	cli.start("cs", password("cs"), "--inbox-prefix", "_INBOX_cs", "--js-api-prefix", bus.APIPrefix, "--timeout", "2s", "consumer", "next", "EARSHOT_ALERTS", "pr").refused(t)
	d.stop(t)
}

// checkForgery has cs publish what only the daemon may, and checks that it
// reaches nobody.
func checkForgery(t *testing.T, cli natsCLI, password func(string) string, cs *cliProcess) {
	t.Helper()
	cli.start("cs", password("cs"), "pub", "earshot.alerts.cs.acme.customer.critical", "forged").refused(t)
	cli.start("pr", password("pr"), "pub", "earshot.alerts.cs.acme.customer.critical", "forged").refused(t)
	if strings.Contains(cs.log.String(), "forged") {
		t.Error("a forged alert was delivered")
	}
}

// natsCLI is the real command line tool of NATS.
type natsCLI struct {
	t           *testing.T
	binary, url string
}

type cliProcess struct {
	cmd  *exec.Cmd
	args []string
	log  *lockedBuffer
	done chan struct{}
}

func (c natsCLI) start(user, password string, args ...string) *cliProcess {
	c.t.Helper()
	all := append([]string{"--server", c.url, "--timeout", patience.String()}, args...)
	if user != "" {
		all = append([]string{"--user", user, "--password", password}, all...)
	}
	cmd := exec.CommandContext(c.t.Context(), c.binary, all...)
	cmd.Env = append(os.Environ(), "HOME="+c.t.TempDir(), "XDG_CONFIG_HOME=")
	return startCommand(c.t, cmd, args)
}

// startCommand runs a command that goes on until it is ended; args are what to
// call it by.
func startCommand(t *testing.T, cmd *exec.Cmd, args []string) *cliProcess {
	t.Helper()
	p := &cliProcess{cmd: cmd, args: args, log: &lockedBuffer{}, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-p.done
	})
	return p
}

// says waits until the output contains text.
func (p *cliProcess) says(t *testing.T, text string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s says %q", strings.Join(p.args, " "), text), func() error {
		if out := p.log.String(); !strings.Contains(out, text) {
			return fmt.Errorf("it said:\n%s", out)
		}
		return nil
	})
}

// refused waits until the server has said no.
func (p *cliProcess) refused(t *testing.T) {
	t.Helper()
	eventually(t, "nats "+strings.Join(p.args, " ")+" is refused", func() error {
		out := strings.ToLower(p.log.String())
		for _, no := range []string{"permissions violation", "authorization violation", "deadline exceeded", "timeout", "no responders"} {
			if strings.Contains(out, no) {
				return nil
			}
		}
		return fmt.Errorf("it said:\n%s", out)
	})
}

func appendLine(t *testing.T, path, line string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	posted := fmt.Sprintf(`,"posted":%q}`, time.Now().UTC().Format(time.RFC3339))
	if _, err := fmt.Fprintln(f, strings.TrimSuffix(line, "}")+posted); err != nil {
		t.Fatal(err)
	}
}
