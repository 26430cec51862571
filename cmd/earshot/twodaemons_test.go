package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
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
`

// twin is one of two daemons on one bus, with a file of its own to hear.
type twin struct {
	*process
	posts, config, address string
}

func startTwin(t *testing.T, server *natsServer, name string) *twin {
	t.Helper()
	w := &twin{posts: emptyFile(t, t.TempDir(), name+".ndjson"), address: freeAddress(t)}
	w.config = writeConfig(t, fmt.Sprintf(twinConfig, filepath.Join(t.TempDir(), "state"), server.busConfig(), w.address, name, w.posts))
	w.process = startProcess(t, w.config, w.address)
	w.ready(t)
	return w
}

func (w *twin) alerts(t *testing.T) float64 {
	return w.metric(t, `earshot_alerts_total{kind="customer",team="cs",urgency="high",why="new"}`)
}

// Two daemons on one bus both hear, and what both hear is stored once. One of them
// raises alerts; when it is killed the other takes over, and every alert exists
// exactly once.
func TestTwoDaemons(t *testing.T) {
	t.Parallel()
	server := newNATSServer(t)
	left := startTwin(t, server, "left")
	appendLine(t, left.posts, furious(0))
	eventually(t, "the first daemon raises alerts", func() error { return atLeastOne(left.alerts(t)) })
	right := startTwin(t, server, "right") // ready though it stands by
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
