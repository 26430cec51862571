package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"earshot"
	"earshot/bus"
)

var people = []bus.User{
	{Name: "anna", Role: bus.Person, Team: "cs"},
	{Name: "bob", Role: bus.Person, Team: "cs"},
	{Name: "dora", Role: bus.Person, Team: "pr"},
	{Name: "auditor", Role: bus.Readonly},
}

// peopled is an external server that knows people.
func peopled(t testing.TB) (*process, map[string]string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{"daemon": passwords["daemon"], "cs": "cs-secret", "pr": "pr-secret", "ops": "ops-secret"}
	for _, u := range people {
		known[u.Name] = u.Name + "-secret"
	}
	dir := t.TempDir()
	p := &process{t: t, binary: tool(t, "github.com/nats-io/nats-server/v2"), address: l.Addr().String(), config: filepath.Join(dir, "nats.conf")}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("listen: %q\njetstream: { store_dir: %q, sync_interval: always }\n%s",
		p.address, filepath.Join(dir, "store"), bus.ServerConfig([]string{"cs", "pr"}, people, known))
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	t.Cleanup(p.kill)
	return p, known
}

// said is what the service was asked.
type said struct{ Team, Person, Verb, Request string }

type refusal struct{}

func (refusal) Error() string       { return "bob has it:\r\nask him" }
func (refusal) RefusalCode() string { return "conflict" }

func echo(_ context.Context, team, person, verb string, request []byte) (any, error) {
	switch string(request) {
	case `"refuse"`:
		return nil, fmt.Errorf("looking: %w", refusal{})
	case `"break"`:
		return nil, errors.New("the secret path /var/lib/x is on fire")
	case `"flood"`:
		return strings.Repeat("x", 9<<20), nil
	}
	return said{team, person, verb, string(request)}, nil
}

// casework is what every server must hold to: who asks is who has logged in.
func caseworkHolds(t *testing.T, b *bus.Bus, password func(user string) string) {
	t.Helper()
	if err := b.Serve("1.0.0", nil); err != nil {
		t.Fatal(err)
	}
	for _, at := range []bus.Desk{bus.Cases, bus.Mutes} {
		if err := b.ServePeople(at, []string{"claim", "list"}, echo); err != nil {
			t.Fatal(err)
		}
		deskHolds(t, b, at, password)
	}
}

func deskHolds(t *testing.T, b *bus.Bus, at bus.Desk, password func(user string) string) {
	t.Helper()
	ask := func(user, team, person, request string) (said, error) {
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte(password(user)), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := bus.Dial(b.URL(), bus.Login{User: user, PasswordFile: file}, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var answer said
		err = c.AskAs(t.Context(), at, team, person, "claim", json.RawMessage(request), &answer)
		return answer, err
	}
	for _, user := range []string{"anna", "bob"} {
		if got, err := ask(user, "cs", user, `{"by":"dora"}`); err != nil || got != (said{"cs", user, "claim", `{"by":"dora"}`}) {
			t.Errorf("%s: %+v %v", user, got, err)
		}
	}
	if got, err := ask("daemon", "pr", "dora", `{}`); err != nil || got.Person != "dora" || got.Team != "pr" {
		t.Errorf("the daemon, for dora: %+v %v", got, err)
	}
	for _, forged := range []struct{ user, team, person string }{
		{"anna", "cs", "bob"},
		{"anna", "pr", "anna"},
		{"anna", "pr", "dora"},
		{"dora", "cs", "dora"},
		{"cs", "cs", "cs"},
		{"cs", "cs", "anna"},
		{"auditor", "cs", "auditor"},
	} {
		if got, err := ask(forged.user, forged.team, forged.person, `{}`); !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s as %s of %s: %+v %v", forged.user, forged.person, forged.team, got, err)
		}
	}
	for request, want := range map[string]bus.Refusal{
		`"refuse"`: {Code: "conflict", Message: "bob has it:\r\nask him"},
		`"break"`:  {Code: "unavailable"},
		`"flood"`:  {Code: "too_large"},
	} {
		_, err := ask("anna", "cs", "anna", request)
		var got *bus.Refusal
		if !errors.As(err, &got) || got.Code != want.Code || want.Message != "" && got.Message != want.Message || strings.Contains(got.Message, "fire") {
			t.Errorf("%s: %v", request, err)
		}
	}
	if _, err := ask("anna", "cs", "an.na", `{}`); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("a name with a dot: %v", err)
	}
}

func TestCaseworkEmbedded(t *testing.T) {
	o := options(t, func(o *bus.Options) { o.Config.Users = people })
	b := open(t, o)
	caseworkHolds(t, b, func(user string) string { return secret(t, o.Dir, user) })
}

func TestCaseworkExternal(t *testing.T) {
	p, known := peopled(t)
	b := open(t, p.options(t))
	caseworkHolds(t, b, func(user string) string { return known[user] })
}

// Of several daemons one answers, and none is said to be none.
func TestCaseworkOnce(t *testing.T) {
	p := external(t)
	first, second := open(t, p.options(t)), open(t, p.options(t))
	answered := make(chan string, 100)
	ask := func(n int) error {
		c, err := bus.Dial(first.URL(), bus.Login{User: "daemon", PasswordFile: p.options(t).Config.PasswordFile}, zap.NewNop())
		if err != nil {
			return err
		}
		defer c.Close()
		var answer string
		return c.AskAs(t.Context(), bus.Cases, "cs", "anna", "claim", n, &answer)
	}
	if err := ask(0); !errors.Is(err, earshot.ErrNotFound) {
		t.Errorf("asking nobody: %v", err)
	}
	for i, b := range []*bus.Bus{first, second} {
		if err := b.Serve("1.0.0", nil); err != nil {
			t.Fatal(err)
		}
		err := b.ServePeople(bus.Cases, []string{"claim"}, func(_ context.Context, _, _, _ string, request []byte) (any, error) {
			answered <- string(request)
			return fmt.Sprint("daemon ", i), nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := range 20 {
		if err := ask(n); err != nil {
			t.Fatal(err)
		}
	}
	if len(answered) != 20 {
		t.Errorf("20 requests were answered %d times", len(answered))
	}
}

// What people do is stored whole with its notes, read back in parts, and followed.
func TestRecord(t *testing.T) {
	b := open(t, options(t))
	var sequence uint64
	for n := range 7 {
		e := event("cs", "one", fmt.Sprint("event", n), sequence)
		e.Note, e.Case.Owner = fmt.Sprint("n", n), "anna"
		e.Alert = &earshot.Alert{ID: "left out", Evidence: &earshot.Evidence{Seen: n}}
		note := earshot.Note{ID: e.Note, Team: "cs", Case: "one", By: "anna", At: e.At, Text: "words"}
		sequences, err := b.Record(t.Context(), []earshot.CaseEvent{e, event("pr", fmt.Sprint("case", n), "pinned", 0)}, []earshot.Note{note})
		if err != nil || len(sequences) != 2 {
			t.Fatalf("%v %v", sequences, err)
		}
		sequence = sequences[0]
	}
	stale := event("cs", "one", "late", sequence-1)
	fresh := event("cs", "two", "opened", 0)
	if _, err := b.Record(t.Context(), []earshot.CaseEvent{fresh, stale}, []earshot.Note{{ID: "x", Team: "cs", Case: "two"}}); !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("a stale event: %v", err)
	}
	if notes, err := b.Notes(t.Context(), "cs", "two"); err != nil || len(notes) != 0 {
		t.Errorf("half of a write is there: %v %v", notes, err)
	}
	if notes, err := b.Notes(t.Context(), "cs", "one"); err != nil || len(notes) != 7 || notes[6].ID != "n6" || notes[6].Text != "words" {
		t.Errorf("notes %+v %v", notes, err)
	}
	history, earlier, err := b.History(t.Context(), "cs", "one", 2)
	if err == nil && (history[1].Alert == nil || history[1].Alert.Evidence.Seen != 6 || history[1].Alert.ID != "") {
		t.Errorf("the history does not have the evidence alone: %+v", history[1].Alert)
	}
	if err != nil || earlier != 5 || len(history) != 2 || history[1].Event != "event6" || history[1].Note != "n6" {
		t.Errorf("history %+v, %d earlier, %v", history, earlier, err)
	}
	if e, err := b.CaseSince(t.Context(), "cs", "one", sequence); err != nil || e.Event != "event6" {
		t.Errorf("the last event: %+v %v", e, err)
	}
	now, err := b.CasesNow(t.Context(), [][2]string{{"pr", "case3"}, {"cs", "none"}, {"cs", "one"}})
	if err != nil || len(now) != 2 || now[0].Case.Team != "pr" || now[1].Sequence != sequence {
		t.Errorf("cases now: %+v %v", now, err)
	}
	checkFollowed(t, b)
}

// checkFollowed follows the cases: the last event of each, and then what comes.
func checkFollowed(t *testing.T, b *bus.Bus) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	events, reached, ended := make(chan string, 100), make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(ended)
		b.FollowCases(ctx, func(e *earshot.CaseEvent) { events <- e.Case.ID + " " + e.Event }, func() { reached <- struct{}{} })
	}()
	<-reached
	if len(events) != 8 {
		t.Errorf("%d cases are followed, want 8", len(events))
	}
	for len(events) > 0 {
		<-events
	}
	if _, err := b.Record(t.Context(), []earshot.CaseEvent{event("cs", "new", "opened", 0)}, nil); err != nil {
		t.Fatal(err)
	}
	if got := <-events; got != "new opened" {
		t.Errorf("then came %q", got)
	}
	cancel()
	<-ended
}
