package bus_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"earshot/bus"
)

// saidBy returns what an observed server said, with the levels it is logged at.
func saidBy(logs *observer.ObservedLogs, part string) (levels []zapcore.Level) {
	for _, e := range logs.FilterMessage("nats server").All() {
		if said, _ := e.ContextMap()["said"].(string); strings.Contains(said, part) {
			levels = append(levels, e.Level)
		}
	}
	return levels
}

// What any user can cause (a subject that is not allowed, a wrong password) is no
// error of the daemon.
func TestClientsCauseNoErrors(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	o := options(t, func(o *bus.Options) { o.Log = zap.New(core) })
	b := open(t, o)
	cs := connect(t, b.URL(), "cs", secret(t, o.Dir, "cs"))
	refused(t, cs, "publishing", func() error { return cs.Publish("not.allowed", nil) })
	refused(t, cs, "subscribing", func() error { _, err := cs.SubscribeSync("not.allowed"); return err })
	for _, user := range []string{"", "stranger"} {
		if nc, err := nats.Connect(b.URL(), nats.UserInfo(user, "wrong"), nats.Timeout(patience)); err == nil {
			nc.Close()
			t.Errorf("user %q got in", user)
		}
	}
	for part, want := range map[string]int{"Publish Violation": 1, "Subscription Violation": 1, "authentication error": 2} {
		until(t, part, func() bool { return len(saidBy(logs, part)) == want })
		for _, level := range saidBy(logs, part) {
			if level != zap.WarnLevel {
				t.Errorf("%s is logged at %v", part, level)
			}
		}
	}
}

// The daemon's user may ask which services there are.
func TestDaemonListsServices(t *testing.T) {
	o := options(t)
	b := open(t, o)
	nc, err := nats.Connect(b.URL(), nats.UserInfo("daemon", secret(t, o.Dir, "daemon")), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, subject := range []string{"$SRV.INFO", "$SRV.PING"} {
		if err := nc.PublishRequest(subject, nc.NewInbox(), nil); err != nil {
			t.Error(err)
		}
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Error(err)
	}
	if err := nc.LastError(); err != nil {
		t.Error(err)
	}
}

// After a kill the server rebuilds its indexes: that is how it should be, and
// nobody is alarmed.
func TestRecoveryIsNoAlarm(t *testing.T) {
	o := options(t)
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme"))
	shut(t, b)
	// A clean stop writes the index; what follows it is only in the messages.
	p.bus = open(t, o)
	p.commit(mention(2, "acme"))
	killed := filepath.Join(t.TempDir(), "killed")
	if err := os.CopyFS(killed, os.DirFS(o.Dir)); err != nil {
		t.Fatal(err)
	}

	core, logs := observer.New(zap.InfoLevel)
	b = open(t, options(t, func(o *bus.Options) { o.Dir, o.Log = killed, zap.New(core) }))
	same(t, "log", stored(t, b, 2), []string{"acme rss:post-1 new", "acme rss:post-2 new"})
	if len(saidBy(logs, "outdated")) == 0 {
		t.Error("nothing was recovered: the test proves nothing")
	}
	for _, e := range logs.FilterLevelExact(zap.WarnLevel).All() {
		t.Errorf("warned: %s %v", e.Message, e.ContextMap())
	}
	if errors := logs.FilterLevelExact(zap.ErrorLevel).Len(); errors > 0 {
		t.Errorf("%d errors", errors)
	}
}
