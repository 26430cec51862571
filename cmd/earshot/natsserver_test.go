package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go"

	"earshot/bus"
)

// unavailable skips a test that needs what this machine lacks; where everything
// is promised to be there, that is a failure.
func unavailable(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("EARSHOT_CI") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// tool builds a program of tools/go.mod, as pinned there, into Go's cache and
// returns its path.
func tool(t testing.TB, pkg string) string {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "tool", "-n", pkg)
	build.Dir = filepath.Join("..", "..", "tools")
	var said strings.Builder
	build.Stderr = &said
	path, err := build.Output()
	if err != nil {
		unavailable(t, fmt.Sprintf("building %s: %v\n%s", pkg, err, said.String()))
	}
	return strings.TrimSpace(string(path))
}

// natsServer is an external NATS server, with the users and permissions that
// earshot ships for one.
type natsServer struct {
	t              testing.TB
	address        string
	binary, config string
	daemonPassword string // the file
	mu             sync.Mutex
	cmd            *exec.Cmd
}

const externalPassword = "a password of the external server's daemon"

func newNATSServer(t testing.TB) *natsServer {
	t.Helper()
	dir := t.TempDir()
	s := &natsServer{
		t: t, address: freeAddress(t), binary: tool(t, "github.com/nats-io/nats-server/v2"),
		config: filepath.Join(dir, "nats.conf"), daemonPassword: filepath.Join(dir, "daemon.password"),
	}
	passwords := map[string]string{"daemon": externalPassword, "cs": "cs-secret", "pr": "pr-secret"}
	access := bus.ServerConfig([]string{"cs", "pr"}, nil, passwords)
	text := fmt.Sprintf("listen: %q\nmax_payload: 8MB\nauthorization: { timeout: 60 }\njetstream: { store_dir: %q, sync_interval: always }\n%s",
		s.address, filepath.Join(dir, "store"), access)
	for path, content := range map[string]string{s.config: text, s.daemonPassword: externalPassword} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *natsServer) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd = exec.Command(s.binary, "-c", s.config)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Error(err)
	}
}

// kill is SIGKILL: no chance to write anything down.
func (s *natsServer) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// busConfig is the bus section of a daemon on the server.
func (s *natsServer) busConfig() string {
	return fmt.Sprintf("url: nats://%s, user: daemon, password_file: %s", s.address, s.daemonPassword)
}

func (s *natsServer) login() nats.Option { return nats.UserInfo("daemon", externalPassword) }
