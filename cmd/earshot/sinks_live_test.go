package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"earshot"
	"earshot/alerts/zendesk/zendesktest"
)

const liveConfig = `
state: %[1]s
bus: {listen: %[2]s}
http: {listen: %[3]s}
brands:
  - {name: acme, query: acme}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 50, send: [cs]}
teams:
  - {name: cs}
listeners:
  - {name: posts, type: file, path: %[4]s}
sinks:
`

// inbox takes alerts by webhook, or answers another status as long as it is told to.
type inbox struct {
	server *httptest.Server

	mu     sync.Mutex
	status int
	posts  []string // IDs of the mentions that it was told of, in order
}

func newInbox(t *testing.T) *inbox {
	t.Helper()
	i := &inbox{status: http.StatusOK}
	i.server = httptest.NewServer(i)
	t.Cleanup(i.server.Close)
	return i
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var a earshot.Alert
	body, err := io.ReadAll(req.Body)
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case err != nil || a.Mention == nil:
		w.WriteHeader(http.StatusTeapot)
	case i.status != http.StatusOK:
		w.WriteHeader(i.status)
	default:
		i.posts = append(i.posts, a.Mention.ID)
	}
}

func (i *inbox) answer(status int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.status = status
}

// has reports whether the inbox was told of these posts, in whatever order.
func (i *inbox) has(want ...string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if got := slices.Sorted(slices.Values(i.posts)); !slices.Equal(got, want) {
		return fmt.Errorf("it was told of %v, not of %v", got, want)
	}
	return nil
}

// liveDaemon is a daemon whose sinks come and go.
type liveDaemon struct {
	*process
	t                           *testing.T
	head, config, state, natsAt string
	posts                       string
	reloads                     int
}

func startLive(t *testing.T, sinks ...string) *liveDaemon {
	t.Helper()
	l := &liveDaemon{t: t, posts: emptyFile(t, t.TempDir(), "posts.ndjson"), state: filepath.Join(t.TempDir(), "state"), natsAt: freeAddress(t)}
	address := freeAddress(t)
	l.head = fmt.Sprintf(liveConfig, l.state, l.natsAt, address, l.posts)
	l.config = writeConfig(t, l.text(sinks))
	l.process = startProcess(t, l.config, address)
	l.ready(t)
	return l
}

func (l *liveDaemon) text(sinks []string) string {
	return l.head + "  - " + strings.Join(sinks, "\n  - ") + "\n"
}

// sinks changes the sinks by SIGHUP.
func (l *liveDaemon) sinks(sinks ...string) {
	l.t.Helper()
	if err := os.WriteFile(l.config, []byte(l.text(sinks)), 0o600); err != nil {
		l.t.Fatal(err)
	}
	if err := l.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		l.t.Fatal(err)
	}
	l.reloads++
	eventually(l.t, "the sinks are others", func() error {
		n := 0
		for _, e := range l.entries(l.t) {
			if e["msg"] == "configuration reloaded" {
				n++
			}
		}
		if n < l.reloads {
			return errors.New("not yet")
		}
		return nil
	})
}

// command runs earshot as a person would.
func (l *liveDaemon) command(args ...string) (int, string) {
	var out strings.Builder
	code := exitCode(append(args, "-c", l.config), nil, &out, &out)
	return code, out.String()
}

// shows waits until earshot sinks says something of a sink, and fails if that is not what is wanted.
func (l *liveDaemon) shows(what string, want func(out string) bool) {
	l.t.Helper()
	eventually(l.t, what, func() error {
		if code, out := l.command("sinks"); code != exitOK || !want(out) {
			return fmt.Errorf("status %d:\n%s", code, out)
		}
		return nil
	})
}

// Sinks come and go with the configuration: what waits for one that goes is there when
// it comes back, and a new one is told from then on. What a peer does not take lies
// aside until a person has it sent again.
func TestSinksComeAndGo(t *testing.T) {
	t.Parallel()
	crm, desk := newInbox(t), newInbox(t)
	desk.answer(http.StatusServiceUnavailable)
	sink := func(name string, i *inbox) string {
		return fmt.Sprintf(`{name: %s, type: webhook, team: cs, url: "%s"}`, name, i.server.URL)
	}
	l := startLive(t, sink("desk", desk))
	appendLine(t, l.posts, furious(1))
	l.shows("an alert waits for a peer that is down", func(out string) bool { return strings.Contains(out, "failing") })

	l.sinks(sink("crm", crm))
	appendLine(t, l.posts, furious(2))
	eventually(t, "the new sink is told", func() error { return crm.has("forum:2") })
	l.shows("the old sink is gone", func(out string) bool { return !strings.Contains(out, "desk ") })
	if _, served := l.get(t, "/metrics"); strings.Contains(served, `sink="desk"`) {
		t.Error("a sink that is gone is counted")
	}

	desk.answer(http.StatusOK)
	l.sinks(sink("crm", crm), sink("desk", desk))
	eventually(t, "what waited is delivered", func() error { return desk.has("forum:1", "forum:2") })

	desk.answer(http.StatusUnprocessableEntity)
	appendLine(t, l.posts, furious(3))
	eventually(t, "the other sink is told", func() error { return crm.has("forum:2", "forum:3") })
	eventually(t, "an alert lies aside", func() error { return l.atLeast(t, `earshot_sink_aside{sink="desk"}`, 1) })
	if code, out := l.command("sinks", "retry", "desk"); code != exitFailed || !strings.Contains(out, "failed again: ") || !strings.Contains(out, "1 alert of 1 still aside") {
		t.Errorf("retrying what is still not taken: status %d: %s", code, out)
	}
	if code, out := l.command("sinks", "--aside"); code != exitOK || strings.Count(out, `"sink":"desk"`) != 1 || strings.Contains(out, "furious") {
		t.Errorf("what lies aside: status %d: %s", code, out)
	}
	desk.answer(http.StatusOK)
	if code, out := l.command("sinks", "retry", "desk"); code != exitOK || !strings.Contains(out, " went to 127.0.0.1:") {
		t.Errorf("retrying: status %d: %s", code, out)
	}
	if err := desk.has("forum:1", "forum:2", "forum:3"); err != nil {
		t.Error(err)
	}
	if code, out := l.command("sinks", "retry", "desk"); code != exitOK || !strings.Contains(out, "nothing lies aside") {
		t.Errorf("retrying nothing: status %d: %s", code, out)
	}
	if code, out := l.command("sinks", "retry", "nobody"); code != exitFailed || !strings.Contains(out, `no daemon has a sink "nobody"`) {
		t.Errorf("retrying no sink: status %d: %s", code, out)
	}
	l.stop(t)
}

// A ticket that an agent solves in Zendesk resolves the case, as done by that agent.
func TestTicketComesBack(t *testing.T) {
	t.Parallel()
	account := zendesktest.New()
	account.Hold = true
	server := httptest.NewServer(account)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(zendesktest.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	l := startLive(t, fmt.Sprintf(`{name: desk, type: zendesk, team: cs, url: "%s", email: %s, token_file: "%s", every: 10s}`, server.URL, zendesktest.Email, token))
	appendLine(t, l.posts, furious(1))
	eventually(t, "there is a ticket", func() error { return atLeastOne(float64(len(account.Tickets()))) })
	ticket := account.Tickets()[0]
	_, id, _ := strings.Cut(strings.TrimPrefix(ticket.ExternalID, "earshot:"), ":")
	account.Change(ticket.ID, "solved", 4711)
	eventually(t, "the case is resolved by the agent", func() error {
		code, out := l.command("cases", "show", id, "--json")
		var c struct{ Case earshot.Case }
		if err := json.Unmarshal([]byte(out), &c); code != exitOK || err != nil {
			return fmt.Errorf("status %d, %w: %s", code, err, out)
		}
		if acts := c.Case.Acts; c.Case.State != earshot.Resolved || len(acts) == 0 || acts[len(acts)-1].By != "zendesk:4711" {
			return fmt.Errorf("the case is %s, by %+v", c.Case.State, acts)
		}
		return nil
	})
	if n := len(account.Comments(ticket.ID)); n != 1 || len(account.Tickets()) != 1 {
		t.Errorf("%d tickets, %d comments", len(account.Tickets()), n)
	}
	l.stop(t)
}
