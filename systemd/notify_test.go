package systemd_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"earshot/systemd"
)

// manager is the service manager's end of the socket.
func manager(t *testing.T) *net.UnixConn {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return conn
}

// receive returns the next datagram.
func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatalf("waiting for a notification: %v", err)
	}
	return string(buf[:n])
}

// Each call is one datagram with exactly the assignments systemd documents.
func TestNotifications(t *testing.T) {
	conn := manager(t)
	for _, tt := range []struct {
		name string
		call func() error
		want string
	}{
		{"ready", func() error { return systemd.Ready("3 listeners") }, `^READY=1\nSTATUS=3 listeners$`},
		{"reloading", systemd.Reloading, `^RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*$`},
		{"stopping", systemd.Stopping, `^STOPPING=1$`},
		{"status", func() error { return systemd.Status("the bus is away") }, `^STATUS=the bus is away$`},
		{"status holds one line", func() error { return systemd.Status("a\nREADY=1\r\nb") }, `^STATUS=a READY=1 b$`},
		{
			"extend timeout",
			func() error { return systemd.ExtendTimeout(90*time.Second, "recovering 40 %") },
			`^EXTEND_TIMEOUT_USEC=90000000\nSTATUS=recovering 40 %$`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.call(); err != nil {
				t.Fatal(err)
			}
			if got := receive(t, conn); !regexp.MustCompile(tt.want).MatchString(got) {
				t.Errorf("got %q, want a match of %q", got, tt.want)
			}
		})
	}
}

// Without a service manager nothing happens and nothing fails.
func TestNobodyListens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	if err := errors.Join(systemd.Ready("x"), systemd.Reloading(), systemd.Stopping()); err != nil {
		t.Error(err)
	}
	alive := func() error { t.Error("alive was asked without a watchdog"); return nil }
	if err := systemd.Watchdog(t.Context(), zap.NewNop(), alive); err != nil {
		t.Error(err)
	}
}

// A manager that has gone away is an error, said in our words.
func TestManagerGone(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	if err := systemd.Stopping(); err == nil || !strings.HasPrefix(err.Error(), "notifying systemd: ") {
		t.Errorf("got %v", err)
	}
}

// The watchdog is fed while the daemon is alive and only then, and the change is
// logged once each way.
func TestWatchdog(t *testing.T) {
	conn := manager(t)
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", "")
	core, logged := observer.New(zap.InfoLevel)
	var stuck atomic.Bool
	asked := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- systemd.Watchdog(ctx, zap.New(core), func() error {
			if !stuck.Load() {
				return nil
			}
			select {
			case asked <- struct{}{}:
			default:
			}
			return errors.New("the pipeline does not turn")
		})
	}()

	for range 3 {
		if got := receive(t, conn); got != "WATCHDOG=1" {
			t.Fatalf("got %q", got)
		}
	}
	stuck.Store(true)
	<-asked // a first refusal: from here on nothing is sent …
	drain(t, conn)
	<-asked
	<-asked
	if got, ok := pending(t, conn); ok {
		t.Errorf("fed with %q while stuck", got)
	}
	stuck.Store(false) // … until it turns again
	if got := receive(t, conn); got != "WATCHDOG=1" {
		t.Errorf("got %q", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	var messages []string
	for _, entry := range logged.All() {
		messages = append(messages, entry.Message)
	}
	if got, want := strings.Join(messages, "; "), "watchdog is not fed; watchdog is fed again"; got != want {
		t.Errorf("logged %q, want %q", got, want)
	}
}

// drain empties the socket of what was sent earlier.
func drain(t *testing.T, conn *net.UnixConn) {
	t.Helper()
	for {
		if _, ok := pending(t, conn); !ok {
			return
		}
	}
}

// pending returns a datagram that has already arrived, if any.
func pending(t *testing.T, conn *net.UnixConn) (string, bool) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := conn.Read(buf)
	return string(buf[:n]), err == nil
}

// A period that is no number is reported instead of leaving the daemon unwatched.
func TestWatchdogPeriodIsNoNumber(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "soon")
	t.Setenv("WATCHDOG_PID", "")
	err := systemd.Watchdog(t.Context(), zap.NewNop(), func() error { return nil })
	if err == nil || !strings.HasPrefix(err.Error(), "reading the watchdog's period: ") {
		t.Errorf("got %v", err)
	}
}
