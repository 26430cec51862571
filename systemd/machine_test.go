package systemd_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Where things are in the sandbox.
const (
	unit       = "earshot.service"
	configFile = "/etc/earshot/earshot.yaml"
	dropIns    = "/run/systemd/system/earshot.service.d"
	address    = "http://127.0.0.1:9090"
	patience   = 60 * time.Second
)

// fresh leaves a machine on which earshot was never started, with the given
// configuration.
func fresh(t *testing.T, config string) {
	t.Helper()
	run(t, "systemctl", "stop", unit)
	_ = command(t, "systemctl", "reset-failed", unit).Run() // complains when there is nothing to reset
	run(t, "systemctl", "clean", "--what=state", unit)
	write(t, configFile, config)
}

// start starts earshot; systemctl returns once it has said that it is ready.
func start(t *testing.T) {
	t.Helper()
	if out, err := command(t, "systemctl", "start", unit).CombinedOutput(); err != nil {
		t.Fatalf("starting: %v\n%s%s", err, out, journal(t))
	}
}

func command(t *testing.T, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(t.Context(), name, args...)
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := command(t, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// extend appends to a file, as one write.
func extend(t *testing.T, path, content string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// property is what systemd knows of the unit.
func property(t *testing.T, name string) string {
	t.Helper()
	return run(t, "systemctl", "show", "--value", "-p", name, unit)
}

// expect checks properties, given as NAME=VALUE.
func expect(t *testing.T, properties ...string) {
	t.Helper()
	for _, p := range properties {
		name, want, _ := strings.Cut(p, "=")
		if got := property(t, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if t.Failed() {
		t.Fatal(journal(t))
	}
}

func mainPID(t *testing.T) int {
	t.Helper()
	pid, err := strconv.Atoi(property(t, "MainPID"))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// sendSignal sends one to the daemon and returns the process it was.
func sendSignal(t *testing.T, s syscall.Signal) int {
	t.Helper()
	pid := mainPID(t)
	if pid == 0 {
		t.Fatal("earshot is not running")
	}
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
	return pid
}

// journal is what earshot, and systemd about it, have said so far.
func journal(t *testing.T) string {
	t.Helper()
	run(t, "journalctl", "--sync")
	return run(t, "journalctl", "--no-pager", "-o", "cat", "-u", unit)
}

// get fetches a page of the daemon; the status is 0 when it does not answer.
func get(t *testing.T, path string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(body)
}

func isReady(t *testing.T) bool {
	t.Helper()
	status, _ := get(t, "/readyz")
	return status == http.StatusOK
}

// heard is how many mentions this process of the daemon has heard by a listener.
func heard(t *testing.T, listener string) int {
	t.Helper()
	_, metrics := get(t, "/metrics")
	_, value, _ := strings.Cut(metrics, `earshot_listener_mentions_total{listener="`+listener+`"} `)
	value, _, _ = strings.Cut(value, "\n")
	n, _ := strconv.Atoi(value) // absent means none so far
	return n
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	if !poll(t, patience, condition) {
		_, ready := get(t, "/readyz")
		t.Fatalf("%s: not within %s\nreadyz: %s\n%s", what, patience, ready, journal(t))
	}
}

// throughout checks that the condition holds all the time.
func throughout(t *testing.T, what string, d time.Duration, condition func() bool) {
	t.Helper()
	if poll(t, d, func() bool { return !condition() }) {
		t.Fatalf("%s: no longer\n%s", what, journal(t))
	}
}

// poll reports whether the condition held within d.
func poll(t *testing.T, d time.Duration, condition func() bool) bool {
	t.Helper()
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			return false
		case <-tick.C:
		}
	}
	return true
}
