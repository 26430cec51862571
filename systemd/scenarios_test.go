package systemd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// watchdog is shorter than the unit's, for tests that outlast it.
const watchdog = 3 * time.Second

// letters is what the daemon listens to.
const letters = "/srv/earshot/letters.ndjson"

// embedded is a configuration with the bus inside the daemon.
const embedded = `
state: /var/lib/earshot
bus: {listen: 127.0.0.1:4222}
http: {listen: 127.0.0.1:9090}
` + rest

const rest = `
brands:
  - {name: acme, query: acme}
listeners:
  - {name: letters, type: file, path: ` + letters + `}
rules:
  - {name: everything, when: sentiment <= 1, send: [cs]}
teams:
  - {name: cs}
`

// scenarios runs in the sandbox, one after the other on the same machine.
func scenarios(t *testing.T) {
	write(t, filepath.Join(dropIns, "50-test.conf"),
		fmt.Sprintf("[Service]\nWatchdogSec=%s\nTimeoutAbortSec=1s\n", watchdog))
	run(t, "systemctl", "daemon-reload")
	run(t, "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)
	for _, scenario := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"a wrong configuration is final", wrongConfiguration},
		{"start is ready and stop is graceful", startAndStop},
		{"a reload is taken and a bad one is not", reload},
		{"kill -9 restarts and the state survives", killed},
		{"a hang is ended and restarted", hang},
		{"an outage of the external bus is sat out", outage},
		{"a slow start is waited for", slowStart},
		{"reload waits for the daemon on newer systemd", notifyReload},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			write(t, letters, letter(1)+letter(2)+letter(3))
			scenario.run(t)
		})
	}
}

// letter is a line of the file that the daemon listens to.
func letter(n int) string {
	return fmt.Sprintf(`{"id":"letters:%d","text":"Dear Acme, letter %d"}`, n, n) + "\n"
}

func wrongConfiguration(t *testing.T) {
	fresh(t, embedded+"reception: {loud: true}\n")
	if err := command(t, "systemctl", "start", unit).Run(); err == nil {
		t.Fatal("a wrong configuration was started")
	}
	expect(t, "ActiveState=failed", "Result=exit-code", "ExecMainStatus=78", "NRestarts=0")
	said := journal(t)
	if line := strconv.Itoa(strings.Count(embedded, "\n") + 1); !strings.Contains(said, configFile+":"+line+":1: ") {
		t.Errorf("the journal does not say where the configuration is wrong:\n%s", said)
	}
}

func startAndStop(t *testing.T) {
	fresh(t, embedded)
	start(t)
	expect(t, "ActiveState=active", "SubState=running", "NRestarts=0")
	if !isReady(t) {
		t.Error("ready to systemd but not at /readyz")
	}
	if property(t, "StatusText") == "" {
		t.Error("systemctl status has nothing to show")
	}
	eventually(t, "the letters are heard", func() bool { return heard(t, "letters") == 3 })

	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", mainPID(t)))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(status), "\nUid:\t0\t") {
		t.Error("the daemon runs as root")
	}
	throughout(t, "the watchdog is content", 2*watchdog, func() bool { return property(t, "ActiveState") == "active" })

	run(t, "systemctl", "stop", unit)
	expect(t, "ActiveState=inactive", "Result=success", "ExecMainStatus=0", "NRestarts=0")
}

func reload(t *testing.T) {
	fresh(t, embedded)
	start(t)
	eventually(t, "the letters are heard", func() bool { return heard(t, "letters") == 3 })
	pid := mainPID(t)

	const more = "/srv/earshot/more.ndjson"
	write(t, more, letter(4)+letter(5))
	write(t, configFile, strings.Replace(embedded, "rules:",
		"  - {name: more, type: file, path: "+more+"}\nrules:", 1))
	run(t, "systemctl", "reload", unit)
	eventually(t, "the new listener hears", func() bool { return heard(t, "more") == 2 })

	write(t, configFile, embedded+"reception: {loud: true}\n")
	before := len(journal(t))
	_ = command(t, "systemctl", "reload", unit).Run() // whether it fails is up to the type of the unit
	where := configFile + ":" + strconv.Itoa(strings.Count(embedded, "\n")+1)
	eventually(t, "the journal says what is wrong", func() bool { return strings.Contains(journal(t)[before:], where) })
	if urgent := run(t, "journalctl", "--no-pager", "-o", "cat", "-u", unit, "-p", "warning"); !strings.Contains(urgent, where) {
		t.Errorf("not as a warning or worse:\n%s", urgent)
	}
	extend(t, more, letter(6))
	eventually(t, "the old configuration is in force", func() bool { return heard(t, "more") == 3 })
	expect(t, "ActiveState=active", "NRestarts=0", fmt.Sprintf("MainPID=%d", pid))
	if !isReady(t) {
		t.Error("a bad configuration made it unready")
	}
}

func killed(t *testing.T) {
	fresh(t, embedded)
	start(t)
	eventually(t, "the letters are heard", func() bool { return heard(t, "letters") == 3 })
	restarted(t, sendSignal(t, syscall.SIGKILL))
	hearsOnly(t, letter(4))
	run(t, "systemctl", "restart", unit) // by whichever user systemd makes up this time
	hearsOnly(t, letter(5))
}

// hearsOnly extends the letters and checks that what was there is not heard again.
func hearsOnly(t *testing.T, letter string) {
	t.Helper()
	extend(t, letters, letter)
	eventually(t, "the new letter is heard", func() bool { return heard(t, "letters") > 0 })
	if n := heard(t, "letters"); n != 1 {
		t.Errorf("heard %d letters after the restart, want the new one alone", n)
	}
}

func hang(t *testing.T) {
	fresh(t, embedded)
	start(t)
	restarted(t, sendSignal(t, syscall.SIGSTOP))
	if said := journal(t); !strings.Contains(said, "Watchdog timeout") {
		t.Errorf("it was not the watchdog:\n%s", said)
	}
}

// restarted waits until the daemon is ready in another process than before.
func restarted(t *testing.T, before int) {
	t.Helper()
	eventually(t, "another process is ready", func() bool {
		pid := mainPID(t)
		return pid != 0 && pid != before && isReady(t) && property(t, "ActiveState") == "active"
	})
	expect(t, "NRestarts=1")
}

func outage(t *testing.T) {
	const password = "correct horse"
	write(t, "/srv/nats/nats.conf", `
		listen: "127.0.0.1:4333"
		jetstream: {store_dir: /srv/nats, sync_interval: always}
		authorization: {users: [{user: daemon, password: "`+password+`"}]}
	`)
	write(t, "/etc/earshot/secrets/nats.password", password+"\n")
	if err := os.Chmod("/etc/earshot/secrets", 0o700); err != nil { // LoadCredential reads as root
		t.Fatal(err)
	}
	credentials := filepath.Join(dropIns, "60-credentials.conf")
	write(t, credentials, "[Service]\nLoadCredential=nats.password:/etc/earshot/secrets/nats.password\n")
	t.Cleanup(func() { _ = os.Remove(credentials) })
	run(t, "systemctl", "daemon-reload")
	startServer := func() {
		run(t, "systemd-run", "--unit=nats", "--collect", "/usr/local/bin/nats-server", "-c", "/srv/nats/nats.conf")
	}
	startServer()
	fresh(t, `
state: /var/lib/earshot
bus: {url: "nats://127.0.0.1:4333", user: daemon, password_file: nats.password}
http: {listen: 127.0.0.1:9090}
`+rest)
	start(t)
	eventually(t, "the letters are heard", func() bool { return heard(t, "letters") == 3 })
	pid := mainPID(t)

	run(t, "systemctl", "stop", "nats")
	eventually(t, "the outage shows", func() bool { return !isReady(t) })
	throughout(t, "the same process waits", 3*watchdog, func() bool {
		return mainPID(t) == pid && property(t, "ActiveState") == "active"
	})
	extend(t, letters, letter(4))
	startServer()
	eventually(t, "the outage is over", func() bool { return isReady(t) })
	eventually(t, "what was written meanwhile is heard", func() bool { return heard(t, "letters") == 4 })
	expect(t, "NRestarts=0", fmt.Sprintf("MainPID=%d", pid))
	run(t, "systemctl", "stop", unit, "nats")
}

func notifyReload(t *testing.T) {
	version := strings.Fields(run(t, "systemctl", "--version"))[1]
	if n, err := strconv.Atoi(version); err != nil || n < 253 {
		t.Logf("nothing to see: Type=notify-reload is unknown to systemd %s", version)
		return
	}
	dropIn := filepath.Join(dropIns, "10-notify-reload.conf")
	copyFile(t, "notify-reload.conf", dropIn, 0o644)
	t.Cleanup(func() { _ = os.Remove(dropIn) })
	run(t, "systemctl", "daemon-reload")
	expect(t, "Type=notify-reload")
	reload(t)
}
