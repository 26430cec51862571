package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot/alerts"
	"earshot/bus"
)

// degradedConfig is a daemon on any bus, with one file to hear.
const degradedConfig = `
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
  - {name: replay, type: file, path: %[4]s}
`

// Without its server the daemon lives, says what it waits for, and is not ready;
// when the server is back, what was posted meanwhile becomes alerts.
func TestOutage(t *testing.T) {
	t.Parallel()
	server := newNATSServer(t)
	posts, httpAddress := emptyFile(t, t.TempDir(), "posts.ndjson"), freeAddress(t)
	config := writeConfig(t, fmt.Sprintf(degradedConfig, filepath.Join(t.TempDir(), "state"), server.busConfig(), httpAddress, posts))
	d := startProcess(t, config, httpAddress)
	d.ready(t)
	appendLine(t, posts, furious(1))
	js := connect(t, "nats://"+server.address, server.login())
	atLeast(t, js, "EARSHOT_ALERTS", "earshot.alerts.cs.>", 1)

	server.kill()
	d.says(t, "bus", "the bus is away")
	appendLine(t, posts, furious(2))
	appendLine(t, posts, `{"id":"forum:3","network":"forum","text":"nobody"}`)
	if status, body := d.get(t, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %s", status, body)
	}
	d.logs(t, "degraded: posts wait at their sources") // it looks four times a second
	// What waits for the bus is no hang: the watchdog goes on being fed.
	if report := d.report(t); !report.part("pipeline").Ready || !report.part("listeners").Ready {
		t.Errorf("more than the bus is not ready: %+v", report)
	}

	server.start()
	d.ready(t)
	atLeast(t, js, "EARSHOT_ALERTS", "earshot.alerts.cs.>", 2)
	appendLine(t, posts, furious(4))
	eventually(t, "the alerts have been raised", func() error {
		return d.atLeast(t, `earshot_alerts_total{kind="customer",team="cs",urgency="high",why="new"}`, 3)
	})
	d.logs(t, "no longer degraded")
	log := d.log.String()
	if strings.Count(log, "degraded: posts wait at their sources") != 1 || strings.Count(log, "no longer degraded") != 1 {
		t.Errorf("the log does not tell of one outage")
	}

	server.kill()
	d.says(t, "bus", "the bus is away")
	appendLine(t, posts, furious(5))
	d.stop(t) // and exits well: nothing had to be cut off
}

// A daemon that is started while its server is away waits for it, and can be
// stopped while it waits.
func TestStartWithoutServer(t *testing.T) {
	t.Parallel()
	server := newNATSServer(t)
	server.kill()
	posts, httpAddress := emptyFile(t, t.TempDir(), "posts.ndjson"), freeAddress(t)
	config := writeConfig(t, fmt.Sprintf(degradedConfig, filepath.Join(t.TempDir(), "state"), server.busConfig(), httpAddress, posts))
	appendLine(t, posts, furious(1))

	d := startProcess(t, config, httpAddress)
	d.says(t, "start", "waiting for the bus")
	if status, _ := d.get(t, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d", status)
	}
	d.stop(t)

	d = startProcess(t, config, httpAddress)
	d.says(t, "start", "waiting for the bus")
	server.start()
	d.ready(t)
	atLeast(t, connect(t, "nats://"+server.address, server.login()), "EARSHOT_ALERTS", "earshot.alerts.cs.>", 1)
	d.stop(t)
}

// The moment after an outage is no hang, whatever has waited for its end; what
// does not go on after that is.
func TestTurningAfterAnOutage(t *testing.T) {
	opened, err := bus.Open(t.Context(), bus.Options{
		Config: bus.Config{Listen: "127.0.0.1:0"}, Dir: t.TempDir(), Retention: 24 * time.Hour, Log: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close(context.Background()) }()
	engine, problems := alerts.New(alerts.Options{Log: opened}, alerts.Config{})
	if problems.Fatal() {
		t.Fatal(problems)
	}
	d := &daemon{bus: opened, engine: engine, pipeline: newBench(t).pipeline}
	d.pipeline.state("l", "p").began.Store(time.Now().Add(-time.Hour).UnixNano())
	d.degraded.Store(time.Now().Add(-time.Second).UnixNano())
	if err := d.turning(); err != nil {
		t.Errorf("a second after the outage: %v", err)
	}
	d.degraded.Store(time.Now().Add(-2 * stuckAfter).UnixNano())
	if err := d.turning(); err == nil || !strings.HasPrefix(err.Error(), "a commit has taken") {
		t.Errorf("long after the outage: %v", err)
	}
}

func furious(n int) string {
	return fmt.Sprintf(`{"id":"forum:%d","network":"forum","text":"acme makes me furious"}`, n)
}

// says waits until the daemon is not ready because of a part, for a reason.
func (d *process) says(t *testing.T, part, why string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s is not ready: %s", part, why), func() error {
		if status, body := d.get(t, "/readyz"); status != http.StatusServiceUnavailable {
			return fmt.Errorf("/readyz: %d %s", status, body)
		}
		if p := d.report(t).part(part); p.Ready || p.Why != why {
			return fmt.Errorf("it says %+v", p)
		}
		return nil
	})
}

// report is what /readyz says, zero while nobody answers.
func (d *process) report(t *testing.T) healthReport {
	t.Helper()
	var report healthReport
	if status, body := d.get(t, "/readyz"); status != 0 {
		if err := json.Unmarshal([]byte(body), &report); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
	}
	return report
}

// part is a part of the report, zero when it is not there.
func (r healthReport) part(name string) partReport {
	for _, p := range r.Parts {
		if p.Part == name {
			return p
		}
	}
	return partReport{}
}

// logs waits until the daemon has said something in its log.
func (d *process) logs(t *testing.T, text string) {
	t.Helper()
	eventually(t, "the log says "+text, func() error {
		d.lives(t)
		if !strings.Contains(d.log.String(), text) {
			return errors.New("not yet")
		}
		return nil
	})
}
