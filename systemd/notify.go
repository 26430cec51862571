// Package systemd tells the service manager how the daemon is doing: ready,
// reloading, stopping, alive. Where nobody listens (no NOTIFY_SOCKET) every call
// does nothing. The units that start the daemon lie beside it; what "ready" and
// "alive" mean is decided in cmd/earshot.
package systemd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Ready says that the daemon is up, or that it has finished reloading.
func Ready(status string) error {
	return notify(daemon.SdNotifyReady, statusLine(status))
}

// Reloading says that the daemon has begun to reload. Ready must follow, whether
// or not the new configuration was accepted.
func Reloading() error {
	// Type=notify-reload demands both assignments in one datagram.
	return notify(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
}

// Stopping says that the daemon has begun to shut down.
func Stopping() error {
	return notify(daemon.SdNotifyStopping)
}

// Status sets the line that systemctl status shows.
func Status(status string) error {
	return notify(statusLine(status))
}

// ExtendTimeout asks for d more, counted from now, before starting or stopping
// counts as hung, and says why. It must be repeated before d has passed for as
// long as the work goes on.
func ExtendTimeout(d time.Duration, status string) error {
	return notify("EXTEND_TIMEOUT_USEC="+strconv.FormatInt(d.Microseconds(), 10), statusLine(status))
}

// statusLine keeps s from becoming further assignments.
func statusLine(s string) string {
	return "STATUS=" + strings.Join(strings.Fields(s), " ")
}

func notify(assignments ...string) error {
	if _, err := daemon.SdNotify(false, strings.Join(assignments, "\n")); err != nil {
		return fmt.Errorf("notifying systemd: %w", err)
	}
	return nil
}
