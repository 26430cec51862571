package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"earshot"
)

// tail shows what is raised from the moment it says so, to whom it concerns, and
// ends well on Ctrl-C.
func TestTail(t *testing.T) {
	t.Parallel()
	state, address := filepath.Join(t.TempDir(), "state"), freeAddress(t)
	posts, httpAddress := emptyFile(t, t.TempDir(), "posts.ndjson"), freeAddress(t)
	config := writeConfig(t, fmt.Sprintf(degradedConfig, state, "listen: "+address, httpAddress, posts))
	d := startProcess(t, config, httpAddress)
	d.ready(t)

	all := startTail(t, "-c", config, "--json")
	login := []string{"--server", "nats://" + address, "--user", "cs", "--password-file", teamCredential(state, "cs")}
	ours := startTail(t, append(login, "earshot.alerts.cs.>")...)
	appendLine(t, posts, furious(1))
	all.says(t, `"mention":`)
	ours.says(t, "because: ")
	var a earshot.Alert
	_, line, _ := strings.Cut(all.log.String(), "\n")
	unmarshal(t, []byte(line), &a)
	if a.Mention.ID != "forum:1" {
		t.Errorf("the alert is about %s", a.Mention.ID)
	}
	for _, p := range []*cliProcess{all, ours} {
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if <-p.done; p.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("earshot %s ended with %s:\n%s", strings.Join(p.args, " "), p.cmd.ProcessState, p.log.String())
		}
	}
	runEarshot(t, 1, "ermissions violation", append([]string{"tail"}, append(login, "earshot.alerts.pr.>")...)...)
	runEarshot(t, 1, "is the daemon running?", "tail", "--server", "nats://"+freeAddress(t))
	d.stop(t)
}

// startTail runs earshot tail and returns when it is subscribed.
func startTail(t *testing.T, args ...string) *cliProcess {
	t.Helper()
	args = append([]string{"tail"}, args...)
	p := startCommand(t, program(t, args...), args)
	p.says(t, "waiting for alerts on")
	return p
}

// program is a call of the real program.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), daemonVariable+"=1")
	return cmd
}
