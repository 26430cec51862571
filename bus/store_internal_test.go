package bus

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"earshot"
)

func openInternal(t *testing.T, retention time.Duration) *Bus {
	t.Helper()
	b, err := Open(t.Context(), Options{
		Config: Config{Listen: "127.0.0.1:0", MaxBytes: 1 << 30, Reserve: 16 << 20},
		Dir:    t.TempDir(), Retention: retention, Teams: []string{"cs"}, Log: zaptest.NewLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context is over by now, and an impatient Close would leave
		// the server writing into a directory that is being removed.
		if err := b.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return b
}

// The running server gives a slow machine time to say who it is, also after its
// users have changed.
func TestPatientWithLogins(t *testing.T) {
	b := openInternal(t, time.Hour)
	for range 2 {
		vars, err := b.server.nats.Varz(nil)
		if err != nil || vars.AuthTimeout != handshakeWait.Seconds() {
			t.Errorf("the server waits %v seconds for a login, want %v: %v", vars.AuthTimeout, handshakeWait, err)
		}
		if err := b.SetTeams(t.Context(), []string{"cs", "pr"}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// The running server syncs before it acknowledges: a power cut loses nothing.
func TestSyncAlways(t *testing.T) {
	b := openInternal(t, time.Hour)
	config := b.server.nats.JetStreamConfig()
	if config == nil || !config.SyncAlways {
		t.Errorf("JetStreamConfig = %+v, want SyncAlways", config)
	}
}

// Mentions age out; cursors and progress do not, however short the retention is.
func TestCursorsOutliveRetention(t *testing.T) {
	b := openInternal(t, time.Hour)
	for _, want := range b.streams(0) {
		want.MaxAge = time.Second
		want.Duplicates = time.Second
		if _, err := b.link.js.UpdateStream(t.Context(), want); err != nil {
			t.Fatal(err)
		}
	}
	mention := earshot.Judged{
		Mention:  earshot.Mention{ID: "rss:1", Network: "rss"},
		Verdicts: []earshot.Verdict{{Brand: "acme"}},
	}
	done, err := b.Commit(t.Context(), Batch{Listener: "feed", Part: "p", Mentions: []earshot.Judged{mention}, Next: earshot.Cursor("x")})
	if err != nil {
		t.Fatal(err)
	}
	revisions, err := b.Publish(t.Context(), []earshot.Alert{{ID: "1", Team: "cs", Brand: "acme", Kind: earshot.KindCustomer, Urgency: earshot.Low}}, nil,
		[]earshot.Progress{{Brand: "acme", Sequence: 1}})
	if err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	aged := func(stream string) bool {
		info, err := b.streamInfo(t.Context(), stream)
		return err == nil && info.State.Msgs == 1
	}
	for deadline := time.After(2 * time.Minute); !aged(streamMentions) || !aged(streamAlerts); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the mention or the alert did not age out")
		}
	}
	if cursor, revision, err := b.Cursor(t.Context(), "feed", "p"); err != nil || string(cursor) != "x" || revision != done.Revision {
		t.Errorf("Cursor = %q %d %v", cursor, revision, err)
	}
	if p, err := b.Progress(t.Context(), "acme"); err != nil || p.Revision != revisions[0] {
		t.Errorf("Progress = %+v %v", p, err)
	}
}

// The batch a message was stored in can be told from its headers, which is how
// a lost answer is settled.
func TestStoredBatchIsKnown(t *testing.T) {
	b := openInternal(t, time.Hour)
	events := []earshot.CaseEvent{
		{Event: "opened", Case: earshot.Case{ID: "one", Team: "cs"}},
		{Event: "opened", Case: earshot.Case{ID: "two", Team: "cs"}},
	}
	var fences []fence
	msgs, err := caseMessages("batch", events, &fences)
	if err != nil {
		t.Fatal(err)
	}
	last, err := b.publish(t.Context(), "batch", 3, msgs)
	if err != nil {
		t.Fatal(err)
	}
	first, stored, err := b.behind(t.Context(), streamCases, "batch", fences[1:])
	if err != nil || !stored || first != last-1 {
		t.Errorf("behind = %d %v %v, want %d", first, stored, err, last-1)
	}
	if _, stored, err := b.behind(t.Context(), streamCases, "other", fences); err == nil || stored {
		t.Errorf("somebody else's batch = %v %v", stored, err)
	}
}

// A restore must not sync with every block that it unpacks: on a busy disk the
// server would give it up. What is restored is synced as a whole.
func TestRestoringSyncsOnce(t *testing.T) {
	dir := t.TempDir()
	server, err := startServer(t.Context(), Options{Dir: dir, Log: zaptest.NewLogger(t), Standalone: true, restoring: true}, &disk{dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if config := server.nats.JetStreamConfig(); config == nil || config.SyncAlways || config.SyncInterval < time.Hour {
		t.Errorf("JetStreamConfig = %+v", config)
	}
	if err := server.close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := syncTree(dir); err != nil {
		t.Error(err)
	}
	if err := syncTree(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there was synced")
	}
}
