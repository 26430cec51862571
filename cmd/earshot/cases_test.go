package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"earshot"
	"earshot/alerts/casework"
	"earshot/bus"
)

const caseworkConfig = `
state: %[1]s
bus:
  listen: %[2]s
  users:
    - {name: anna, role: person, team: cs}
    - {name: bob, role: person, team: cs}
    - {name: dora, role: person, team: pr}
http: {listen: %[3]s}
brands:
  - {name: acme, query: acme, topics: {safety: {query: '"caught fire"', danger: true}}}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 65, send: [cs, pr]}
teams:
  - {name: cs, respond_within: {high: 1h}}
  - {name: pr}
noise: {max_mute: 1d}
listeners:
  - {name: replay, type: file, path: %[4]s}
`

// office is a running daemon with people of two teams.
type office struct {
	t              *testing.T
	config, state  string
	address, posts string
	nats           string
	process        *process
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{
		t: t, state: filepath.Join(t.TempDir(), "state"), address: freeAddress(t),
		posts: filepath.Join(t.TempDir(), "posts.ndjson"), nats: tool(t, "github.com/nats-io/natscli/nats"),
	}
	if err := os.WriteFile(o.posts, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	httpAddress := freeAddress(t)
	o.config = writeConfig(t, fmt.Sprintf(caseworkConfig, o.state, o.address, httpAddress, o.posts))
	o.process = startProcess(t, o.config, httpAddress)
	o.process.ready(t)
	return o
}

func (o *office) passwordFile(user string) string {
	return filepath.Join(o.state, "credentials", user)
}

// request asks with the ordinary nats CLI, as an agent would.
func (o *office) request(user, subject, body string) string {
	o.t.Helper()
	return o.cli(user, "req", "--raw", "--timeout", "1m", subject, body)
}

func (o *office) cli(user string, args ...string) string {
	o.t.Helper()
	password, err := os.ReadFile(o.passwordFile(user))
	if err != nil {
		o.t.Fatal(err)
	}
	login := []string{"--no-context", "--server", "nats://" + o.address, "--user", user, "--password", strings.TrimSpace(string(password))}
	if user != "daemon" {
		login = append(login, "--inbox-prefix", "_INBOX_"+user)
	}
	cmd := exec.CommandContext(o.t.Context(), o.nats, append(login, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+o.t.TempDir())
	out, _ := cmd.CombinedOutput() // what is refused ends with an error, and says so
	return string(out)
}

// earshot runs earshot cases in this process, as a person.
func (o *office) earshot(user string, args ...string) (int, string, string) {
	o.t.Helper()
	login := []string{"--server", "nats://" + o.address, "--user", user, "--password-file", o.passwordFile(user)}
	if user == "" {
		login = []string{"-c", o.config}
	}
	return call(o.t, "", append(append([]string{"cases"}, args...), login...)...)
}

// hears posts something and returns the case that comes of it.
func (o *office) hears(n int) casework.Item {
	o.t.Helper()
	known := map[string]bool{}
	for _, item := range o.list("cs").Cases {
		known[item.ID] = true
	}
	appendLine(o.t, o.posts, fmt.Sprintf(`{"id":"forum:%d","network":"forum","text":"acme makes me furious, number %d","author":{"handle":"@jane%d"}}`, n, n, n))
	var heard casework.Item
	eventually(o.t, "there is a case", func() error {
		page := o.list("cs")
		for _, heard = range page.Cases {
			if !known[heard.ID] {
				return nil
			}
		}
		return fmt.Errorf("%d cases", page.Total)
	})
	return heard
}

func (o *office) list(team string) casework.Page {
	o.t.Helper()
	code, out, errs := o.earshot("", "--team", team, "--json")
	var page casework.Page
	if err := json.Unmarshal([]byte(out), &page); err != nil || code != exitOK {
		o.t.Fatalf("earshot cases: %d %v\n%s%s", code, err, out, errs)
	}
	return page
}

// Agents work on cases with nothing but the nats CLI and their own credential.
func TestCasesByNATS(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	item := o.hears(1)
	on := func(user, verb, more string) string {
		return o.request(user, "earshot.ctl.cases.cs."+user+"."+verb, `{"case":"`+item.ID[:8]+`"`+more+`}`)
	}
	for _, step := range []struct{ user, verb, more, says string }{
		{"anna", "claim", `,"request":"r1"`, `"event":"claimed"`},
		{"anna", "claim", `,"request":"r1"`, `"again":true`},
		{"bob", "claim", "", "anna has had it since"},
		{"bob", "resolve", "", `"code":"conflict"`},
		{"anna", "note", `,"text":"called her"`, `"event":"noted"`},
		{"anna", "get", "", `called her`},
		{"anna", "claim", `,"by":"bob"`, "nobody acts as bob"},
		{"anna", "claim", `,"colour":"red"`, "unknown field"},
		{"anna", "resolve", "", `"state":"resolved"`},
		{"bob", "claim", "", "reopen it first"},
		{"bob", "undo", "", `"event":"undone"`},
		{"anna", "release", "", `"event":"released"`},
		{"anna", "list", "", "unknown field"},
	} {
		if out := on(step.user, step.verb, step.more); !strings.Contains(out, step.says) {
			t.Errorf("%s %s %s: want %s, got\n%s", step.user, step.verb, step.more, step.says, out)
		}
	}
	conforms(t, "casework-done", on("bob", "claim", ""))
	conforms(t, "casework-sheet", on("bob", "get", ""))
	conforms(t, "casework-page", o.request("bob", "earshot.ctl.cases.cs.bob.list", `{"all":true}`))
	// Nobody acts as somebody else, or for another team.
	for _, forged := range []struct{ user, subject string }{
		{"anna", "earshot.ctl.cases.cs.bob.claim"},
		{"anna", "earshot.ctl.cases.pr.anna.list"},
		{"anna", "earshot.ctl.cases.pr.dora.claim"},
		{"dora", "earshot.ctl.cases.cs.dora.list"},
		{"cs", "earshot.ctl.cases.cs.cs.list"},
		{"anna", "earshot.ctl.sources"},
	} {
		out := o.cli(forged.user, "pub", forged.subject, "{}")
		if !strings.Contains(strings.ToLower(out), "permissions violation") {
			t.Errorf("%s on %s was not refused:\n%s", forged.user, forged.subject, out)
		}
	}
	if out := o.request("dora", "earshot.ctl.cases.pr.dora.list", ""); !strings.Contains(out, `"total":1`) || strings.Contains(out, "anna") {
		t.Errorf("dora's list:\n%s", out)
	}
	// The endpoints show up where operators of NATS look for them.
	if out := o.cli("daemon", "micro", "info", "earshot"); !strings.Contains(out, "earshot.ctl.cases.*.*.claim") {
		t.Errorf("nats micro info:\n%s", out)
	}
	o.process.stop(t)
}

// The same by the command line of earshot, for people and for scripts.
func TestCasesCommand(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	item := o.hears(1)
	id := item.ID[:8]
	for _, step := range []struct {
		user string
		args []string
		code int
		says string
	}{
		{"anna", []string{"--team", "cs"}, exitOK, id},
		{"anna", []string{"--team", "cs"}, exitOK, "  @jane1: acme makes me furious, number 1"},
		{"anna", []string{"claim", id, "--team", "cs"}, exitOK, "claimed by anna"},
		{"bob", []string{"claim", id, "--team", "cs"}, exitFailed, "anna has had it since"},
		{"anna", []string{"--team", "cs", "--me"}, exitOK, "claimed"},
		{"anna", []string{"note", id, "called", "her", "--team", "cs"}, exitOK, "noted by anna"},
		{"anna", []string{"answer", id, "--team", "cs", "--note", "by phone"}, exitOK, "answered"},
		{"anna", []string{"show", id, "--team", "cs"}, exitOK, "by phone"},
		{"anna", []string{"show", id, "--team", "cs"}, exitOK, "goes to cs as customer"},
		{"anna", []string{"show", id, "--team", "cs", "--why"}, exitOK, "goes to cs as customer"},
		{"anna", []string{"undo", id, "--team", "cs"}, exitOK, "undone by anna: “answered” by anna ("},
		{"anna", []string{"undo", id, "--team", "cs"}, exitOK, "undone by anna: “undone” by anna ("},
		{"anna", []string{"mute", id, "--for", "30d", "--team", "cs"}, exitFailed, "at most 1d"},
		{"anna", []string{"mute", id, "--team", "cs"}, exitUsage, "for"},
		{"anna", []string{"escalate", id, "--to", "pr", "--team", "cs"}, exitOK, "escalated by anna"},
		{"anna", []string{"escalate", id, "--to", "finance", "--team", "cs"}, exitFailed, "there is no team"},
		{"dora", []string{"pin", id, "say", "nothing", "--hold", "--team", "pr"}, exitOK, "1 other case"},
		{"bob", []string{"--team", "cs", "--state", "escalated"}, exitOK, "HOLDS REPLIES: say nothing"},
		{"anna", []string{"resolve", "zzzz", "--team", "cs"}, exitFailed, "cs has no case zzzz"},
		{"anna", []string{"--team", "cs", "--state", "angry"}, exitFailed, "there is no state"},
		{"anna", []string{"--team", "pr"}, exitFailed, "may not act as anna of team pr"},
		{"anna", []string{"claim", id, "--team", "cs", "--as", "bob"}, exitFailed, "may not act as bob"},
		{"anna", []string{"claim"}, exitUsage, "the ID of a case is missing"},
		{"anna", []string{"clam", id}, exitUsage, "claim"},
		{"", []string{"claim", id}, exitUsage, "--team is missing (one of cs, pr)"},
		{"", []string{"assign", id, "--to", "bob", "--team", "cs", "--as", "chief"}, exitOK, "assigned by chief"},
		{"", []string{"resolve", id, "--team", "cs"}, exitFailed, "bob has had it"},
	} {
		code, out, errs := o.earshot(step.user, step.args...)
		if code != step.code || !strings.Contains(out+errs, step.says) {
			t.Errorf("%s: cases %s: exit %d, want %d and %q\n%s%s", step.user, strings.Join(step.args, " "), code, step.code, step.says, out, errs)
		}
	}
	o.process.stop(t)
}

// What people wrote about a case goes with its author, down to the bytes, and is
// handed out before; the case itself stays, with who did what.
func TestForgetNotes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id, other := o.hears(1).ID, o.hears(2).ID
	const words, kept, named = "she lives in Elm Street", "the second one is in Oak Street", "ask @jane1 about it"
	for _, note := range [][]string{{id, words}, {other, kept}, {other, named}} {
		if code, _, errs := o.earshot("anna", "note", note[0], note[1], "--team", "cs"); code != exitOK {
			t.Fatal(errs)
		}
	}
	if _, out, errs := call(t, "", "export", "@jane1", "-c", o.config); !strings.Contains(out, words) || !strings.Contains(out, `"what":"note"`) || strings.Contains(out, kept) {
		t.Errorf("export:\n%s%s", out, errs)
	}
	if code, out, errs := call(t, "", "forget", "@jane1", "--yes", "-c", o.config); code != exitOK || !strings.Contains(out, "notes         2") {
		t.Fatalf("forget: %d\n%s%s", code, out, errs)
	}
	for subject, says := range map[string]string{id: "noted by anna", other: kept} {
		if _, out, errs := o.earshot("anna", "show", subject, "--team", "cs"); !strings.Contains(out, says) || strings.Contains(out, words) || strings.Contains(out, named) {
			t.Errorf("show %s:\n%s%s", subject, out, errs)
		}
	}
	o.process.stop(t)
	for _, gone := range []string{words, named} {
		if found := inFiles(t, filepath.Join(o.state, "bus"), gone); len(found) > 0 {
			t.Errorf("%q is still in %v", gone, found)
		}
	}
}

// Two desks on one real server race for cases: each case has one winner, whom
// everybody knows.
func TestClaimRace(t *testing.T) {
	t.Parallel()
	const cases, people = 60, 4
	server := newNATSServer(t)
	desks := make([]*casework.Desk, 2)
	for i := range desks {
		b, err := bus.Open(t.Context(), bus.Options{
			Config:    bus.Config{URL: "nats://" + server.address, User: "daemon", PasswordFile: server.daemonPassword},
			Retention: 24 * time.Hour, Teams: []string{"cs"},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Close(context.WithoutCancel(t.Context())) })
		desks[i] = casework.NewDesk(casework.Options{Log: caseLog{b}, Board: casework.NewBoard(), Teams: func() []string { return []string{"cs"} }})
		desks[i].Board.Loaded()
	}
	ids := make([]string, cases)
	for i := range ids {
		ids[i] = earshot.Key(fmt.Sprint(i))
		opened := earshot.CaseEvent{Event: "opened", By: earshot.Daemon, At: time.Now(), Case: earshot.Case{ID: ids[i], Team: "cs", Brand: "acme", State: earshot.Open, Count: 1}}
		if _, err := desks[0].Log.Record(t.Context(), []earshot.CaseEvent{opened}, nil); err != nil {
			t.Fatal(err)
		}
	}
	wins := make([][]string, people)
	var race errgroup.Group
	for p := range people {
		race.Go(func() error {
			for _, id := range ids {
				done, err := desks[p%2].Do(t.Context(), casework.Action{Verb: casework.Claim, By: fmt.Sprint("person", p), Team: "cs", Case: id})
				var refused *casework.Refusal
				switch {
				case err == nil && done.Event == "claimed":
					wins[p] = append(wins[p], id)
				case !errors.As(err, &refused) || refused.Code != casework.Clash:
					return fmt.Errorf("claiming: %+v: %w", done, err)
				}
			}
			return nil
		})
	}
	if err := race.Wait(); err != nil {
		t.Fatal(err)
	}
	won := map[string]string{}
	for p, list := range wins {
		for _, id := range list {
			if other := won[id]; other != "" {
				t.Errorf("%s and person%d have case %s", other, p, id)
			}
			won[id] = fmt.Sprint("person", p)
		}
	}
	for _, id := range ids {
		last, err := desks[1].Log.Case(t.Context(), "cs", id)
		if err != nil || last.Case.Owner != won[id] || won[id] == "" {
			t.Errorf("case %s is of %q, won by %q: %v", id, last.Case.Owner, won[id], err)
		}
	}
}
