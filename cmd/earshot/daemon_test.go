package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// daemonVariable makes the test binary be earshot: the tests that kill a daemon
// kill the real program.
const daemonVariable = "EARSHOT_BE_THE_PROGRAM"

// patience is how long a test waits for something that takes a moment on an idle
// machine and much longer on a busy one. It only ends hangs.
const patience = 2 * time.Minute

// process is a real earshot process of a test.
type process struct {
	cmd  *exec.Cmd
	http string // address of health and metrics
	log  *lockedBuffer
	done chan struct{}
	err  error // how it ended, once done is closed
}

// lockedBuffer is what a process has said so far.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// ports counts the addresses handed out.
var ports atomic.Int32

// freeAddress is a loopback address that nobody else takes, also while a daemon
// that was killed is away: its host is this process's own, since all of 127/8 is
// loopback, and its port lies below those that a kernel gives to whoever asks for
// any.
func freeAddress(testing.TB) string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:%d", 64+pid>>16&63, pid>>8&255, pid&255, 20_000+ports.Add(1))
}

// writeConfig writes a configuration file and returns its path.
func writeConfig(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "earshot.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startProcess starts earshot run on a configuration whose http section listens
// on address, with these variables besides the usual ones.
func startProcess(t testing.TB, config, address string, variables ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d := &process{
		cmd:  exec.Command(self, "run", "-c", config),
		http: "http://" + address, log: &lockedBuffer{}, done: make(chan struct{}),
	}
	d.cmd.Env = append(append(os.Environ(), daemonVariable+"=1"), variables...)
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	t.Cleanup(func() {
		d.kill()
		if t.Failed() {
			t.Logf("the daemon said:\n%s", tail(d.log.String(), 60))
		}
	})
	return d
}

// live lets the process run for a while; it must not end by itself.
func (d *process) live(t testing.TB, moment time.Duration) {
	t.Helper()
	select {
	case <-d.done:
	case <-time.After(moment):
	}
	select {
	case <-d.done:
		t.Fatalf("the daemon ended by itself: %v", d.err)
	default:
	}
}

// lives checks that the process has not ended by itself.
func (d *process) lives(t testing.TB) {
	t.Helper()
	d.live(t, 0)
}

// kill is SIGKILL, and waits until the process is gone.
func (d *process) kill() {
	_ = d.cmd.Process.Kill()
	<-d.done
}

// stop is SIGTERM; it returns when the process has ended well.
func (d *process) stop(t testing.TB) {
	t.Helper()
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.done:
	case <-time.After(patience):
		t.Fatalf("the daemon does not stop")
	}
	if d.err != nil {
		t.Fatalf("the daemon ended badly: %v", d.err)
	}
}

// ready waits until the daemon says so.
func (d *process) ready(t testing.TB) {
	t.Helper()
	eventually(t, "the daemon is ready", func() error {
		d.lives(t)
		status, body := d.get(t, "/readyz")
		if status != http.StatusOK {
			return fmt.Errorf("status %d: %s", status, body)
		}
		return nil
	})
}

// get fetches a page of the daemon; status 0 means that nobody listens.
func (d *process) get(t testing.TB, path string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.http+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(response.Body); err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, b.String()
}

// eventually asks until the answer is nil.
func eventually(t testing.TB, what string, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waiting until %s: %v", what, err)
		}
		<-time.After(wait)
	}
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
