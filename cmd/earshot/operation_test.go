package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"earshot"
)

const operationConfig = `
state: %[1]s
bus: {listen: %[2]s}
http: {listen: %[3]s}
client: {allow_private: [127.0.0.1]}
heartbeat: {url_file: %[4]s, every: 1s}
brands:
  - {name: acme, query: acme}
teams:
  - {name: cs}
listeners:
  - {name: board, type: file, path: %[5]s, silence: 2s}
`

// runHere runs a daemon in the test's own process, which may then look for silence
// as often as it likes.
func runHere(t *testing.T, config *Config, o daemonOptions) daemonAddrs {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan daemonAddrs, 1), make(chan error, 1)
	o.Log, o.Ready = zap.NewNop(), func(a daemonAddrs) { ready <- a }
	go func() { ended <- runDaemon(ctx, config, o) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case at := <-ready:
		return at
	case err := <-ended:
		ended <- err
		t.Fatalf("the daemon ended before it was ready: %v", err)
		return daemonAddrs{}
	}
}

// A listener that hears nothing is told to ops once and taken back when it hears
// again, and an address is called for as long as posts become alerts.
func TestSilenceAndHeartbeat(t *testing.T) {
	t.Parallel()
	var beats atomic.Int64
	watchman := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ping/s3cret" {
			beats.Add(1)
		}
	}))
	t.Cleanup(watchman.Close)
	state, dir := filepath.Join(t.TempDir(), "state"), t.TempDir()
	secret := filepath.Join(dir, "heartbeat.url")
	if err := os.WriteFile(secret, []byte(watchman.URL+"/ping/s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	posts := emptyFile(t, dir, "posts.ndjson")
	busAddress := freeAddress(t)
	path := writeConfig(t, fmt.Sprintf(operationConfig, state, busAddress, freeAddress(t), secret, posts))
	config, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	at := runHere(t, config, daemonOptions{Look: 100 * time.Millisecond})
	stream, err := connectAsDaemon(t, at.Bus, state).Stream(t.Context(), "EARSHOT_ALERTS")
	if err != nil {
		t.Fatal(err)
	}
	told := uint64(0)
	next := func() (a earshot.Alert) { // also what was raised before we listened
		t.Helper()
		eventually(t, "ops is told", func() error {
			m, err := stream.GetMsg(t.Context(), told+1, jetstream.WithGetMsgSubject("earshot.alerts.ops.all.silence.high"))
			if err == nil {
				unmarshal(t, m.Data, &a)
				told = m.Sequence
			}
			return err
		})
		return a
	}
	if a := next(); a.Why != earshot.BecauseNew || !strings.Contains(a.Summary, "listener board is silent") {
		t.Errorf("told %s: %s", a.Why, a.Summary)
	}
	appendLine(t, posts, `{"id":"board:1","network":"board","text":"hello"}`)
	if a := next(); a.Why != earshot.BecauseWithdrawn || !strings.Contains(a.Summary, "heard again") {
		t.Errorf("told %s: %s", a.Why, a.Summary)
	}
	eventually(t, "the watchman is called twice", func() error {
		if n := beats.Load(); n < 2 {
			return fmt.Errorf("called %d times", n)
		}
		return nil
	})
	var out, trouble strings.Builder
	if code := exitCode([]string{"sources", "-c", path}, nil, &out, &trouble); code != exitOK || !strings.Contains(out.String(), "board     file") {
		t.Errorf("earshot sources: %d %s\n%s", code, trouble.String(), out.String())
	}
	trouble.Reset()
	if code := exitCode([]string{"backfill", "board", "-c", path}, nil, &out, &trouble); code != exitFailed || !strings.Contains(trouble.String(), "its network does not tell again") {
		t.Errorf("earshot backfill of a file: %d %s", code, trouble.String())
	}
	t.Log(out.String())
}
