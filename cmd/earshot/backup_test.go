package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// site is a place where a daemon may run: its addresses, its state and its
// configuration.
type site struct {
	state, bus, http, config string
}

func newSite(t *testing.T, feed *numberedFeed) site {
	t.Helper()
	s := site{state: filepath.Join(t.TempDir(), "state"), bus: freeAddress(t), http: freeAddress(t)}
	s.config = writeConfig(t, fmt.Sprintf(crashConfig, s.state, "listen: "+s.bus, s.http, feed.server.URL))
	return s
}

func (s site) start(t *testing.T) *process {
	t.Helper()
	d := startProcess(t, s.config, s.http)
	d.ready(t)
	return d
}

// check compares the log of the daemon that runs there with the feed.
func (s site) check(t *testing.T, feed *numberedFeed) {
	t.Helper()
	checkLog(t, connectAsDaemon(t, "nats://"+s.bus, s.state), feed)
}

// A backup is made while the daemon hears and goes on hearing; what is restored
// from it goes on where the backup was made and ends with the same.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	feed := newNumberedFeed(t, 320, 20)
	feed.upTo(300)
	here, there := newSite(t, feed), newSite(t, feed)
	dir := filepath.Join(t.TempDir(), "backup")
	d := here.start(t)
	eventually(t, "posts flow", func() error { return d.atLeast(t, "earshot_mentions_stored_total", 20) })
	runEarshot(t, 0, "backup complete", "backup", "-c", here.config, dir)
	feed.upTo(320)
	runEarshot(t, 1, "is not empty: name a folder of its own", "backup", "-c", here.config, dir)
	runEarshot(t, 1, "in use by another earshot", "backup", "--at-rest", "-c", here.config, filepath.Join(t.TempDir(), "other"))
	runEarshot(t, 1, "in use by another earshot", "restore", "-c", here.config, dir)
	here.check(t, feed)
	d.stop(t)
	runEarshot(t, 1, "already has a store: nothing was touched", "restore", "-c", here.config, dir)

	runEarshot(t, 0, "restored into "+there.state, "restore", "-c", there.config, dir)
	d = there.start(t)
	if n, err := count(t.Context(), connectAsDaemon(t, "nats://"+there.bus, there.state), "EARSHOT_MENTIONS", "earshot.mentions.>"); n == 0 || err != nil {
		t.Errorf("%d mentions were restored (%v)", n, err)
	}
	there.check(t, feed)
	d.stop(t)
}

// The state of a daemon that does not run is copied too, and a backup that is not
// what was written is refused and leaves nothing behind.
func TestBackupAtRest(t *testing.T) {
	t.Parallel()
	feed := newNumberedFeed(t, 40, 20)
	here, there := newSite(t, feed), newSite(t, feed)
	dir := filepath.Join(t.TempDir(), "backup")
	runEarshot(t, 1, "there is no store", "backup", "--at-rest", "-c", here.config, dir)
	d := here.start(t)
	here.check(t, feed)
	d.stop(t)
	runEarshot(t, 1, "is the daemon running?", "backup", "-c", here.config, dir)
	runEarshot(t, 0, "backup complete", "backup", "--at-rest", "-c", here.config, dir)

	for _, damage := range []struct {
		file, want string
		spoil      func([]byte) []byte
	}{
		{"EARSHOT_MENTIONS.snapshot", "is not what was backed up", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }},
		{"EARSHOT_ALERTS.snapshot", "is not what was backed up", func(b []byte) []byte { return b[:len(b)-1] }},
		{"EARSHOT_CASES.snapshot", "the backup is incomplete", func([]byte) []byte { return nil }},
		{"backup.json", "holds no complete backup", func([]byte) []byte { return nil }},
		{"backup.json", "reading backup.json", func(b []byte) []byte { return b[:len(b)/2] }},
	} {
		spoilt := copyDir(t, dir)
		spoil(t, filepath.Join(spoilt, damage.file), damage.spoil)
		runEarshot(t, 1, damage.want, "restore", "-c", there.config, spoilt)
	}
	if left, err := filepath.Glob(filepath.Join(there.state, "bus*")); len(left) != 0 || err != nil {
		t.Errorf("a refused backup left %v (%v)", left, err)
	}
	runEarshot(t, 0, "restored into", "restore", "-c", there.config, dir)
	d = there.start(t)
	there.check(t, feed)
	d.stop(t)
}

// spoil changes a file, or removes it when nothing is to remain of it.
func spoil(t *testing.T, path string, how func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if data = how(data); data == nil {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func copyDir(t *testing.T, dir string) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(target, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return target
}

// runEarshot runs a command as the real program, and checks how it ends and that it
// says something.
func runEarshot(t *testing.T, code int, says string, args ...string) {
	t.Helper()
	cmd := program(t, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code || !strings.Contains(string(out), says) {
		t.Errorf("earshot %s: exit %d, want %d with %q; it said:\n%s", strings.Join(args, " "), got, code, says, out)
	}
}
