package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"earshot"
)

const twinConfig = `
state: %[1]s
bus: {%[2]s}
http: {listen: %[3]s}
brands:
  - {name: acme, query: acme}
rules:
  - {name: furious, when: 'mention.text contains "furious"', urgency: 50, send: [cs]}
teams:
  - {name: cs}
listeners:
  - {name: %[4]s, type: file, path: %[5]s}
sinks:
  - {name: crm, type: webhook, team: cs, url: "%[6]s", secret_file: "%[7]s"}
`

// twin is one of two daemons on one bus, with a file of its own to hear.
type twin struct {
	*process
	posts, config, address string
}

func startTwin(t *testing.T, server *natsServer, crm *receiver, name string) *twin {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(hookSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	w := &twin{posts: emptyFile(t, t.TempDir(), name+".ndjson"), address: freeAddress(t)}
	w.config = writeConfig(t, fmt.Sprintf(twinConfig, filepath.Join(t.TempDir(), "state"), server.busConfig(), w.address, name, w.posts, crm.server.URL, secret))
	w.process = startProcess(t, w.config, w.address)
	w.ready(t)
	return w
}

func (w *twin) alerts(t *testing.T) float64 {
	return w.metric(t, `earshot_alerts_total{kind="customer",team="cs",urgency="high",why="new"}`)
}

// Two daemons on one bus both hear, and what both hear is stored once. One of them
// raises alerts, and one brings them to the sink of both; when it is killed the other
// takes over, every alert exists exactly once, and the sink has them all.
func TestTwoDaemons(t *testing.T) {
	t.Parallel()
	server, crm := newNATSServer(t), newReceiver(t)
	left := startTwin(t, server, crm, "left")
	appendLine(t, left.posts, furious(0))
	eventually(t, "the first daemon raises alerts", func() error { return atLeastOne(left.alerts(t)) })
	right := startTwin(t, server, crm, "right") // ready though it stands by
	eventually(t, "the second stands by", func() error {
		if !strings.Contains(right.log.String(), "standing by") {
			return fmt.Errorf("it said:\n%s", right.log.String())
		}
		return nil
	})

	js := connect(t, "nats://"+server.address, server.login())
	const posts = 200
	want := map[string]bool{"forum:0": true}
	for i := 1; i <= posts; i++ {
		if i%5 == 0 || i%2 == 0 {
			appendLine(t, left.posts, furious(i))
		}
		if i%5 == 0 || i%2 == 1 {
			appendLine(t, right.posts, furious(i))
		}
		want[fmt.Sprintf("forum:%d", i)] = true
		if i == posts/2 {
			// A machine that starves the one takes its lease away: that is as it should be.
			if n := right.alerts(t); n != 0 && !strings.Contains(left.log.String(), "lost the lease") {
				t.Errorf("the standby has raised %g alerts", n)
			}
			checkLease(t, js)
			left.kill()
		}
	}
	eventually(t, "the standby takes over", func() error { return atLeastOne(right.alerts(t)) })
	again := startProcess(t, left.config, left.address)
	again.ready(t)

	checkStored(t, js, want, want)
	var ids []string
	for _, msg := range readAll(t, js, "EARSHOT_ALERTS", "earshot.alerts.cs.>") {
		var a earshot.Alert
		unmarshal(t, msg, &a)
		ids = append(ids, a.ID)
	}
	eventually(t, "the sink has every alert", func() error { return crm.has(ids) })
	// What was with the peer when a daemon died, or lost the sink to the other, comes again.
	said := left.log.String() + right.log.String() + again.log.String()
	changes := 1 + strings.Count(said, "sink interrupted") + strings.Count(said, "another daemon does this from now on")
	crm.mu.Lock()
	repeated := 0
	for _, n := range crm.alerts {
		repeated += n - 1
	}
	if len(crm.alerts) != len(ids) || len(crm.wrong) > 0 || repeated > 4*changes {
		t.Errorf("%d alerts arrived of %d, %d again after %d changes; wrong: %v", len(crm.alerts), len(ids), repeated, changes, crm.wrong)
	}
	crm.mu.Unlock()
	right.stop(t)
	again.stop(t)
}

// checkLease checks that the server takes the lease of a dead daemon away soon.
func checkLease(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	stream, err := js.Stream(t.Context(), "KV_earshot_leases")
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetLastMsgForSubject(t.Context(), "$KV.earshot_leases.alerts")
	if err != nil {
		t.Fatal(err)
	}
	if term, err := time.ParseDuration(m.Header.Get(jetstream.MsgTTLHeader)); err != nil || term > 10*time.Second {
		t.Errorf("the lease lasts for %q: %v", m.Header.Get(jetstream.MsgTTLHeader), err)
	}
}

func atLeastOne(n float64) error {
	if n < 1 {
		return fmt.Errorf("there are %g", n)
	}
	return nil
}
