package systemd_test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// The sandboxing leaves an exposure of at most 1.1 (the threshold is in tenths).
func TestExposure(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		skip(t, "systemd-analyze is not installed")
	}
	unit := filepath.Join(t.TempDir(), "earshot.service") // alone, as drop-ins beside it would count
	copyFile(t, "earshot.service", unit, 0o644)
	cmd := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--no-pager", "--threshold=11", unit)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
