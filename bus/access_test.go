package bus_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"earshot"
	"earshot/bus"
)

func secret(t testing.TB, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, "credentials", name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v %v", path, info.Mode(), err)
	}
	return strings.TrimSpace(string(data))
}

func connect(t testing.TB, url, user, password string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, nats.UserInfo(user, password), nats.CustomInboxPrefix("_INBOX_"+user), nats.Timeout(patience),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		t.Fatalf("connecting as %s: %v", user, err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// administer connects as the daemon, which may do everything.
func administer(t testing.TB, url, password string) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(url, nats.UserInfo("daemon", password), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// messagesOf returns all there are on a subject, oldest first.
func messagesOf(t testing.TB, js jetstream.JetStream, stream, subject string) (all []*jetstream.RawStreamMsg) {
	t.Helper()
	s, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	for next := uint64(1); ; {
		m, err := s.GetMsg(t.Context(), next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return all
		}
		if err != nil {
			t.Fatalf("%s from %d on: %v", subject, next, err)
		}
		all = append(all, m)
		next = m.Sequence + 1
	}
}

// refused is an action that the server must not allow.
func refused(t *testing.T, nc *nats.Conn, what string, act func() error) {
	t.Helper()
	if err := act(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if err := nc.FlushTimeout(patience); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if err := nc.LastError(); !errors.Is(err, nats.ErrPermissionViolation) {
		t.Errorf("%s was not refused: %v", what, err)
	}
}

// access is what every server, embedded or external, must hold to.
func access(t *testing.T, b *bus.Bus, url string, password func(user string) string) {
	t.Helper()
	cs := connect(t, url, "cs", password("cs"))
	if _, err := b.Publish(t.Context(), []earshot.Alert{alert("1", "cs", 1), alert("2", "pr", 1)}, nil,
		[]earshot.Progress{{Brand: "acme", Sequence: 1}}); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.NewWithAPIPrefix(cs, bus.APIPrefix)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	durable, err := js.Consumer(ctx, "EARSHOT_ALERTS", "cs")
	if err != nil {
		t.Fatalf("own durable: %v", err)
	}
	m, err := durable.Next(jetstream.FetchMaxWait(patience))
	if err != nil || m.Subject() != "earshot.alerts.cs.acme.customer.high" {
		t.Fatalf("own alert: %v", err)
	}
	if err := m.DoubleAck(ctx); err != nil {
		t.Errorf("acknowledging the own alert: %v", err)
	}
	replies(t, b, cs, connect(t, url, "pr", password("pr")))
	for _, subject := range []string{"earshot.alerts.pr.>", "earshot.alerts.>", "earshot.mentions.>", "earshot.private.>", "_INBOX.>", "_INBOX_pr.>", "$JS.>", ">"} {
		nc := connect(t, url, "cs", password("cs"))
		refused(t, nc, "subscribing to "+subject, func() error { _, err := nc.SubscribeSync(subject); return err })
	}
	for _, subject := range []string{
		"earshot.alerts.cs.acme.customer.high", "earshot.mentions.acme.rss.x", "earshot.cases.cs.x", "earshot.progress.acme",
		bus.APIPrefix + ".CONSUMER.MSG.NEXT.EARSHOT_ALERTS.pr", "$JS.API.CONSUMER.MSG.NEXT.EARSHOT_ALERTS.cs", "$JS.API.CONSUMER.CREATE.EARSHOT_ALERTS.x", "$JS.API.STREAM.DELETE.EARSHOT_ALERTS",
		"$JS.API.DIRECT.GET.EARSHOT_ALERTS", "$JS.API.STREAM.MSG.GET.EARSHOT_ALERTS", "$JS.ACK.EARSHOT_ALERTS.pr.1.1.1.1.1",
		"$KV.earshot_settings.x", "earshot.ctl.cases.cs.eve.claim",
	} {
		nc := connect(t, url, "cs", password("cs"))
		refused(t, nc, "publishing to "+subject, func() error { return nc.Publish(subject, []byte("{}")) })
	}
	for _, user := range []struct{ name, password string }{{"", ""}, {"stranger", "x"}, {"cs", "wrong"}, {"daemon", ""}} {
		if nc, err := nats.Connect(url, nats.UserInfo(user.name, user.password), nats.Timeout(patience)); err == nil {
			nc.Close()
			t.Errorf("user %q got in", user.name)
		}
	}
}

// replies has the server answer requests of a team to subjects it must not write
// to: another team's, earshot's own books, the administration of streams.
func replies(t *testing.T, b *bus.Bus, cs, pr *nats.Conn) {
	t.Helper()
	before, err := b.Progress(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	forged, err := pr.SubscribeSync("earshot.alerts.pr.>")
	if err != nil || pr.FlushTimeout(patience) != nil {
		t.Fatal(err)
	}
	const next = bus.APIPrefix + ".CONSUMER.MSG.NEXT.EARSHOT_ALERTS.cs"
	m, err := cs.Request(next, []byte(`{"batch":1,"no_wait":true}`), patience)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{
		"earshot.alerts.pr.acme.crisis.critical", "earshot.progress.acme", "earshot.cases.pr.one",
		"$JS.API.STREAM.DELETE.EARSHOT_CASES", "$JS.API.STREAM.PURGE.EARSHOT_ALERTS", "$JS.API.CONSUMER.DELETE.EARSHOT_ALERTS.pr",
	} {
		for subject, body := range map[string]string{
			next: `{"batch":1,"no_wait":true}`, bus.APIPrefix + ".CONSUMER.INFO.EARSHOT_ALERTS.cs": "", m.Reply: "+ACK",
			"$JS.ACK.EARSHOT_ALERTS.cs.1.1.1.1.1": "+ACK",
		} {
			if subject == "" {
				continue
			}
			if err := cs.PublishRequest(subject, target, []byte(body)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cs.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	if m, err := forged.NextMsg(200 * time.Millisecond); err == nil {
		t.Errorf("pr was told by cs: %s %s", m.Subject, m.Data)
	}
	after, err := b.Progress(t.Context(), "acme")
	if err != nil || after.Revision != before.Revision {
		t.Errorf("the progress was overwritten: %+v, %v", after, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := b.Append(ctx, []earshot.CaseEvent{event("pr", "one", "opened", 0)}); err != nil {
		t.Errorf("cases after the attack: %v", err)
	}
	js, err := jetstream.NewWithAPIPrefix(pr, bus.APIPrefix)
	if err != nil {
		t.Fatal(err)
	}
	if durable, err := js.Consumer(ctx, "EARSHOT_ALERTS", "pr"); err != nil || durable.CachedInfo().NumPending != 1 {
		t.Errorf("the durable of pr after the attack: %v", err)
	}
}

// On the embedded server each team sees its own and nothing else, and a stranger nothing.
func TestAccessEmbedded(t *testing.T) {
	o := options(t)
	b := open(t, o)
	access(t, b, b.URL(), func(user string) string { return secret(t, o.Dir, user) })
}

// Who may only read hears no alert that quotes what is private, the team does.
func TestPrivateAlerts(t *testing.T) {
	o := options(t, func(o *bus.Options) {
		o.Config.Users = []bus.User{{Name: "auditor", Role: bus.Readonly}}
	})
	b := open(t, o)
	subscribe := func(user, subject string) *nats.Subscription {
		nc := connect(t, b.URL(), user, secret(t, o.Dir, user))
		sub, err := nc.SubscribeSync(subject)
		if err = errors.Join(err, nc.FlushTimeout(patience)); err != nil {
			t.Fatal(err)
		}
		return sub
	}
	auditor, cs := subscribe("auditor", "earshot.alerts.>"), subscribe("cs", "earshot.alerts.cs.>")
	nc := connect(t, b.URL(), "auditor", secret(t, o.Dir, "auditor"))
	for _, subject := range []string{"earshot.private.>", "earshot.alerts.*.*.*.*.private", "earshot.>"} {
		refused(t, nc, "subscribing to "+subject, func() error { _, err := nc.SubscribeSync(subject); return err })
	}
	letter, public := mention(1, "acme"), mention(2, "acme")
	letter.Visibility = earshot.Private
	one, two := alert("1", "cs", 1), alert("2", "cs", 1)
	one.Mention, two.Mention = &letter.Mention, &public.Mention
	if _, err := b.Publish(t.Context(), []earshot.Alert{one, two}, nil, []earshot.Progress{{Brand: "acme"}}); err != nil {
		t.Fatal(err)
	}
	for sub, want := range map[*nats.Subscription][]string{
		auditor: {"earshot.alerts.cs.acme.customer.high"},
		cs:      {"earshot.alerts.cs.acme.customer.high.private", "earshot.alerts.cs.acme.customer.high"},
	} {
		for _, subject := range want {
			if m, err := sub.NextMsg(patience); err != nil || m.Subject != subject {
				t.Fatalf("%s: %v %v", subject, m, err)
			}
		}
	}
}

// A reload lets new teams in and old ones out, while others stay connected.
func TestSetTeams(t *testing.T) {
	o := options(t)
	b := open(t, o)
	cs := connect(t, b.URL(), "cs", secret(t, o.Dir, "cs"))
	lost := cs.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	if err := b.SetTeams(t.Context(), []string{"cs", "legal"}, nil); err != nil {
		t.Fatal(err)
	}
	legal := connect(t, b.URL(), "legal", secret(t, o.Dir, "legal"))
	js, err := jetstream.NewWithAPIPrefix(legal, bus.APIPrefix)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Consumer(t.Context(), "EARSHOT_ALERTS", "legal"); err != nil {
		t.Errorf("durable of the new team: %v", err)
	}
	if nc, err := nats.Connect(b.URL(), nats.UserInfo("pr", secret(t, o.Dir, "pr")), nats.Timeout(patience)); err == nil {
		nc.Close()
		t.Error("the old team got in")
	}
	if err := cs.FlushTimeout(patience); err != nil {
		t.Error(err)
	}
	select {
	case s := <-lost:
		t.Errorf("cs was disturbed: %v", s)
	default:
	}
	(&part{t: t, bus: b, name: "p"}).commit(mention(1, "acme"))
}

// Two daemons on one state directory would destroy it: the second is refused.
func TestSecondDaemon(t *testing.T) {
	o := options(t)
	open(t, o)
	if _, err := bus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "in use by another earshot (process ") {
		t.Errorf("second Open: %v", err)
	}
}

// A store of a newer earshot, or of a newer server, is refused and stays as it is.
func TestNewerStore(t *testing.T) {
	for content, want := range map[string]string{
		`{"schema":99}`:                          "newer earshot",
		`{"schema":1,"level":99,"nats":"3.0.0"}`: "newer NATS server (3.0.0)",
	} {
		o := options(t)
		path := filepath.Join(o.Dir, "version")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := bus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open: %v", err)
		}
		entries, err := os.ReadDir(o.Dir)
		if err != nil || len(entries) != 1 {
			t.Errorf("the store was touched: %v %v", entries, err)
		}
	}
}

// Streams of a newer earshot on an external server are refused too.
func TestNewerStreams(t *testing.T) {
	p := external(t)
	o := p.options(t)
	shut(t, open(t, o))
	js := administer(t, "nats://"+p.address, passwords["daemon"])
	stream, err := js.Stream(t.Context(), "EARSHOT_CASES")
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	config.Metadata["earshot.schema"] = "99"
	config.MaxAge = 12345 * time.Hour
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "newer earshot") {
		t.Errorf("Open: %v", err)
	}
	if info, err := stream.Info(t.Context()); err != nil || info.Config.MaxAge != config.MaxAge {
		t.Errorf("the stream was touched: %v %v", info.Config.MaxAge, err)
	}
}

// A user without the daemon's permissions gets a clear answer, not silence.
func TestNotPermitted(t *testing.T) {
	p := external(t)
	o := p.options(t)
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(passwords["cs"]), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Config.User, o.Config.PasswordFile = "cs", file
	if _, err := bus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "permissions of docs/nats.md") {
		t.Errorf("Open: %v", err)
	}
	if err := os.WriteFile(file, []byte("wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "Authorization") {
		t.Errorf("Open with a wrong password: %v", err)
	}
}
