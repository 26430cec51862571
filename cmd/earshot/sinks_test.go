package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"earshot"
)

const sinksConfig = crashConfig + `
sinks:
  - {name: dead, type: webhook, team: cs, url: "%[6]s"}
  - {name: crm, type: webhook, team: cs, url_file: %[5]s/url, secret_file: %[5]s/secret}
`

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is a service that takes alerts by webhook and knows them by their IDs, as
// Standard Webhooks have it.
type receiver struct {
	server *httptest.Server
	hook   *standard.Webhook

	mu     sync.Mutex
	alerts map[string]int
	wrong  []string
}

func newReceiver(t testing.TB) *receiver {
	t.Helper()
	hook, err := standard.NewWebhook(hookSecret)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{hook: hook, alerts: map[string]int{}}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var a earshot.Alert
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // who sends it was killed
	}
	err = r.hook.Verify(body, req.Header)
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := req.Header.Get("webhook-id")
	if err != nil || a.ID != id {
		r.wrong = append(r.wrong, fmt.Sprintf("%s: %v", id, err))
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.alerts[id]++
}

// has reports the first of the alerts that never arrived.
func (r *receiver) has(ids []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var missing []string
	for _, id := range ids {
		if r.alerts[id] == 0 {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%d of %d alerts are missing, the first is %s", len(missing), len(ids), missing[0])
	}
	return nil
}

// A daemon that is killed at any moment delivers every alert to every sink, though
// one of them hangs for ever; what it delivers twice bears the same ID.
func TestCrashSinks(t *testing.T) {
	t.Parallel()
	posts, step, kills := 400, 10, 5
	if os.Getenv("EARSHOT_CRASH") == "full" {
		posts, step, kills = crashSize()
	}
	feed, crm := newNumberedFeed(t, posts, step), newReceiver(t)
	stuck := make(chan struct{})
	dead := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-stuck:
		case <-req.Context().Done():
		}
	}))
	t.Cleanup(dead.Close)
	t.Cleanup(func() { close(stuck) })
	dir := t.TempDir()
	for name, content := range map[string]string{"url": crm.server.URL + "/secret-path", "secret": hookSecret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	state := filepath.Join(dir, "state")
	natsAddress, httpAddress := freeAddress(t), freeAddress(t)
	config := writeConfig(t, fmt.Sprintf(sinksConfig, state, "listen: "+natsAddress, httpAddress, feed.server.URL, dir, dead.URL))

	killAtRandom(t, config, httpAddress, feed, kills, nil)

	d := startProcess(t, config, httpAddress)
	d.ready(t)
	js := connectAsDaemon(t, "nats://"+natsAddress, state)
	checkLog(t, js, feed)
	var ids []string
	for _, msg := range readAll(t, js, "EARSHOT_ALERTS", "earshot.alerts.cs.>") {
		var a earshot.Alert
		unmarshal(t, msg, &a)
		ids = append(ids, a.ID)
	}
	eventually(t, "every alert is delivered", func() error { return crm.has(ids) })
	crm.mu.Lock()
	again := 0
	for _, n := range crm.alerts {
		again += n - 1
	}
	if len(crm.alerts) != len(ids) || len(crm.wrong) > 0 {
		t.Errorf("%d alerts arrived of %d; wrong: %v", len(crm.alerts), len(ids), crm.wrong)
	}
	crm.mu.Unlock()
	t.Logf("%d alerts, %d deliveries repeated after %d kills", len(ids), again, kills)
	checkSinks(t, config)
	// The test alert of checkSinks has gone out, which is counted when it is noted.
	eventually(t, "the metrics of sinks are served", func() error {
		_, served := d.get(t, "/metrics")
		for _, metric := range []string{"up", "waiting", "delivered_total", "latency_seconds", "last_delivery_timestamp_seconds"} {
			if !strings.Contains(served, "# TYPE earshot_sink_"+metric+" ") {
				return fmt.Errorf("earshot_sink_%s is not served", metric)
			}
		}
		return nil
	})
	if said := d.log.String(); strings.Contains(said, "secret-path") || strings.Contains(said, hookSecret) {
		t.Error("a secret is in the log")
	}
	d.stop(t)
}

// checkSinks asks for the sinks as a person would.
func checkSinks(t *testing.T, config string) {
	t.Helper()
	run := func(args ...string) (int, string) {
		var out, said strings.Builder
		code := exitCode(append(args, "-c", config), nil, &out, &said)
		return code, out.String() + said.String()
	}
	eventually(t, "the sinks are seen as they are", func() error {
		code, out := run("sinks")
		if code != exitOK || !strings.Contains(out, "crm ") || !strings.Contains(out, "dead ") || strings.Contains(out, "standby") {
			return fmt.Errorf("status %d:\n%s", code, out)
		}
		return nil
	})
	if code, out := run("sinks", "test", "crm"); code != exitOK || !strings.Contains(out, "ok: a test alert went to 127.0.0.1:") {
		t.Errorf("testing a sink: status %d: %s", code, out)
	}
	if code, out := run("sinks", "test", "nobody"); code != exitFailed || !strings.Contains(out, "no daemon has a sink") {
		t.Errorf("testing no sink: status %d: %s", code, out)
	}
	if code, out := run("sinks", "--aside"); code != exitOK || strings.Contains(out, "{") {
		t.Errorf("nothing was set aside: status %d: %s", code, out)
	}
}
