package systemd_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"earshot/systemd"
)

// recovering is set for the process that plays a daemon with a large store.
const recovering = "EARSHOT_TEST_RECOVERING"

// slowStart takes three times as long as the unit allows, and is waited for
// because it says so.
func slowStart(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run(t, "systemd-run", "--unit=slow", "--collect", "-p", "Type=notify", "-p", "TimeoutStartSec=1s",
		"--setenv="+recovering+"=1", self, "-test.run=^TestUnderSystemd$") // returns once it is ready
	if status := run(t, "systemctl", "show", "--value", "-p", "StatusText", "slow"); status != "recovered" {
		t.Errorf("its status is %q", status)
	}
	run(t, "systemctl", "stop", "slow")
}

// recoverSlowly is what that process does.
func recoverSlowly(t *testing.T) {
	t.Helper()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for range 6 {
		if err := systemd.ExtendTimeout(time.Second, "recovering"); err != nil {
			t.Fatal(err)
		}
		<-tick.C
	}
	if err := systemd.Ready("recovered"); err != nil {
		t.Fatal(err)
	}
	<-stop
}
