package bus_test

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/bus"
)

// What people do with the ordinary NATS client works on both servers, and what
// they must not do is refused with words.
func TestCommandLine(t *testing.T) {
	nats := tool(t, "github.com/nats-io/natscli/nats")
	t.Run("embedded", func(t *testing.T) {
		o := options(t)
		b := open(t, o)
		commandLine(t, nats, b, func(user string) string { return secret(t, o.Dir, user) })
	})
	t.Run("external", func(t *testing.T) {
		b := open(t, external(t).options(t))
		commandLine(t, nats, b, func(user string) string { return passwords[user] })
	})
}

func commandLine(t *testing.T, nats string, b *bus.Bus, password func(string) string) {
	as := func(user string, args ...string) *exec.Cmd {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		t.Cleanup(cancel)
		login := []string{"--no-context", "--server", b.URL(), "--timeout", patience.String()}
		if user != "" {
			login = append(login, "--user", user, "--password", password(user))
		}
		cmd := exec.CommandContext(ctx, nats, append(login, args...)...)
		cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir())
		return cmd
	}
	for _, team := range []string{"cs", "pr"} {
		out := whilePublishing(t, b, as(team, "sub", "earshot.alerts."+team+".>", "--count", "3", "--raw"))
		if n := strings.Count(out, `"team":"`+team+`"`); n != 3 || strings.Count(out, `"team":`) != n {
			t.Errorf("%s saw:\n%s", team, out)
		}
	}
	next := as("cs", "--inbox-prefix", "_INBOX_cs", "--js-api-prefix", bus.APIPrefix, "consumer", "next", "EARSHOT_ALERTS", "cs", "--count", "2", "--ack")
	if out, err := next.CombinedOutput(); err != nil || strings.Count(string(out), `"team":"cs"`) != 2 {
		t.Errorf("the durable of cs: %v\n%s", err, out)
	}
	for _, forbidden := range []*exec.Cmd{
		as("cs", "sub", "earshot.alerts.pr.>"),
		as("pr", "sub", "earshot.alerts.cs.>"),
		as("cs", "pub", "earshot.alerts.pr.acme.crisis.high", "{}"),
		as("cs", "pub", "earshot.alerts.cs.acme.customer.high", "{}"),
		as("", "sub", "earshot.>"),
	} {
		out, err := forbidden.CombinedOutput()
		if err == nil || !strings.Contains(strings.ToLower(string(out)), "violation") {
			t.Errorf("%s was not refused: %v\n%s", strings.Join(forbidden.Args[len(forbidden.Args)-3:], " "), err, out)
		}
	}
}

// whilePublishing raises alerts for both teams until the command has ended.
func whilePublishing(t *testing.T, b *bus.Bus, cmd *exec.Cmd) string {
	t.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%v\n%s", err, &out)
			}
			return out.String()
		case <-tick.C:
		}
		at, err := b.Progress(t.Context(), "acme")
		if err == nil {
			_, err = b.Publish(t.Context(), []earshot.Alert{alert(fmt.Sprint("cs", n), "cs", 1), alert(fmt.Sprint("pr", n), "pr", 1)}, nil,
				[]earshot.Progress{at})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
