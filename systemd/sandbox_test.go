package systemd_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The unit does under a real systemd what it promises. Outside the sandbox this
// test builds the parts and runs itself again inside; there, it runs the
// scenarios.
func TestUnderSystemd(t *testing.T) {
	switch {
	case os.Getenv(recovering) == "1":
		recoverSlowly(t)
		return
	case os.Getenv("SANDBOX") == "1":
		scenarios(t)
		return
	}
	script := sandboxScript(t)
	dir := t.TempDir()
	goBuild(t, "..", filepath.Join(dir, "earshot"), "./cmd/earshot", "CGO_ENABLED=0") // as it is installed
	goBuild(t, "../tools", filepath.Join(dir, "nats-server"), "github.com/nats-io/nats-server/v2")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, self, filepath.Join(dir, "systemd.test"), 0o755)
	copyFile(t, "earshot.service", filepath.Join(dir, "earshot.service"), 0o644)
	copyFile(t, "earshot.service.d/10-notify-reload.conf", filepath.Join(dir, "notify-reload.conf"), 0o644)

	cmd := exec.CommandContext(t.Context(), script, "run", "--timeout", "300", dir, "--",
		"./systemd.test", "-test.v", "-test.run=^TestUnderSystemd$")
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Run(); err != nil {
		t.Errorf("running the scenarios in the sandbox: %v", err)
	}
}

// sandboxScript finds what boots a throw-away systemd, or skips.
func sandboxScript(t *testing.T) string {
	t.Helper()
	if os.Getenv("EARSHOT_CI") != "1" && os.Getenv("EARSHOT_SYSTEMD") != "1" {
		skip(t, "a systemd is booted only when asked to: set EARSHOT_SYSTEMD=1")
	}
	if os.Getuid() != 0 {
		skip(t, "booting a systemd needs root")
	}
	const name = "tools/systemd-sandbox.sh"
	for _, script := range []string{
		os.Getenv("EARSHOT_SANDBOX"),
		filepath.Join("../shared", name), // beside systemd/
		filepath.Join("../../shared", name),
	} {
		if _, err := os.Stat(script); err != nil {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), script, "check").CombinedOutput(); err != nil {
			skip(t, "no systemd can be booted here: "+string(out))
		}
		return script
	}
	skip(t, "systemd-sandbox.sh is not here: name it in EARSHOT_SANDBOX")
	return ""
}

// skip skips the test, except in CI, where everything a test needs is installed.
func skip(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv("EARSHOT_CI") == "1" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

func goBuild(t *testing.T, module, to, pkg string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-C", module, "-o", to, pkg)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", pkg, err, out)
	}
}

func copyFile(t *testing.T, from, to string, mode os.FileMode) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
