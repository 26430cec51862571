package bus_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap/zaptest"

	"earshot"
	"earshot/bus"
)

// A backup of a daemon that goes on writing can be restored, and the restored
// daemon goes on where the backup was taken, with the same sequences.
func TestBackupAndRestore(t *testing.T) {
	o := options(t)
	b := open(t, o)
	ctx, cancel := context.WithCancel(t.Context())
	written := make(chan int)
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(0, "acme"))
	go func() {
		n := 1
		for ; ctx.Err() == nil; n++ {
			edit := changed(mention(n-1, "acme"), earshot.Edited)
			edit.Text = "edited"
			p.commit(edit, mention(n, "acme"))
			at, err := b.Progress(t.Context(), "acme")
			if err == nil {
				at.Sequence = uint64(n)
				_, err = b.Publish(t.Context(), []earshot.Alert{alert(fmt.Sprint(n), "cs", 1)}, nil, []earshot.Progress{at})
			}
			if err != nil {
				t.Errorf("writing beside the backup: %v", err)
			}
		}
		written <- n
	}()
	until(t, "some mentions", func() bool {
		at, err := b.Progress(t.Context(), "acme")
		return err == nil && at.Sequence > 20
	})
	client, err := bus.Dial(b.URL(), bus.DaemonLogin(o.Dir), zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	dir := filepath.Join(t.TempDir(), "backup")
	var done, total int64
	if err := client.Backup(t.Context(), dir, func(d, of int64) { done, total = d, of }); err != nil {
		t.Fatal(err)
	}
	if done != total || total == 0 {
		t.Errorf("progress ended at %d of %d", done, total)
	}
	cancel()
	last := <-written
	shut(t, b)

	restored := options(t)
	var before int64
	if err := bus.Restore(t.Context(), dir, restored.Dir, restored.Log, func(done, _ int64) {
		if done-before > 16<<10 {
			t.Errorf("a chunk of %d bytes: the server may give up unpacking it", done-before)
		}
		before = done
	}); err != nil {
		t.Fatal(err)
	}
	r := open(t, restored)
	cursor, revision, err := r.Cursor(t.Context(), "feed", "p")
	if err != nil || revision == 0 {
		t.Fatalf("Cursor = %q %d %v", cursor, revision, err)
	}
	var n int
	if _, err := fmt.Sscan(string(cursor), &n); err != nil || n > last {
		t.Errorf("cursor %q, written up to %d", cursor, last)
	}
	// Batch n held mention n-1 and the edit of the one before it.
	if got := stored(t, r, n); len(got) != n || got[len(got)-1] != fmt.Sprintf("acme rss:post-%d new", n-1) {
		t.Errorf("%d mentions with the cursor at %d, the last is %s", len(got), n, got[len(got)-1])
	}
	at, err := r.Progress(t.Context(), "acme")
	if err != nil || at.Revision == 0 {
		t.Fatalf("Progress = %+v, %v", at, err)
	}
	ids := alertIDs(t, r.URL(), secret(t, restored.Dir, "daemon"))
	if len(ids) != int(at.Sequence) {
		t.Errorf("%d alerts with the progress at %d", len(ids), at.Sequence)
	}
	if _, err := r.Publish(t.Context(), nil, nil, []earshot.Progress{at}); err != nil {
		t.Errorf("going on after the restore: %v", err)
	}
	(&part{t: t, bus: r, name: "p", revision: revision}).commit(mention(n, "acme"))
}

// A store at rest can be backed up without a daemon.
func TestBackupAtRest(t *testing.T) {
	o := options(t)
	b := open(t, o)
	(&part{t: t, bus: b, name: "p"}).commit(mention(1, "acme"))
	dir := t.TempDir()
	if err := bus.BackupAtRest(t.Context(), o.Dir, dir, o.Log, nil); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("backup beside a daemon: %v", err)
	}
	shut(t, b)
	if err := bus.BackupAtRest(t.Context(), o.Dir, dir, o.Log, nil); err != nil {
		t.Fatal(err)
	}
	restored := options(t)
	if err := bus.Restore(t.Context(), dir, restored.Dir, restored.Log, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "log", stored(t, open(t, restored), 1), []string{"acme rss:post-1 new"})
	if err := bus.Restore(t.Context(), dir, o.Dir, o.Log, nil); err == nil || !strings.Contains(err.Error(), "already has a store") {
		t.Errorf("restore over a store: %v", err)
	}
}

// A damaged or unfinished backup is refused and leaves nothing behind.
func TestDamagedBackup(t *testing.T) {
	o := options(t)
	b := open(t, o)
	(&part{t: t, bus: b, name: "p"}).commit(mention(1, "acme"))
	shut(t, b)
	dir := t.TempDir()
	if err := bus.BackupAtRest(t.Context(), o.Dir, dir, o.Log, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "EARSHOT_MENTIONS.snapshot")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	target := t.TempDir()
	if err := bus.Restore(t.Context(), dir, target, o.Log, nil); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("restore of a damaged backup: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "backup.json")); err != nil {
		t.Fatal(err)
	}
	if err := bus.Restore(t.Context(), dir, target, o.Log, nil); err == nil || !strings.Contains(err.Error(), "no complete backup") {
		t.Errorf("restore of an unfinished backup: %v", err)
	}
	if _, err := os.Stat(filepath.Join(target, "bus")); err == nil {
		t.Error("a store was left behind")
	}
}

// While a backup holds the daemon, writers wait; when it is over they go on, and
// whoever comes late with the old hold is told so.
func TestHold(t *testing.T) {
	o := options(t)
	b := open(t, o)
	nc, err := nats.Connect(b.URL(), nats.UserInfo("daemon", secret(t, o.Dir, "daemon")), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ask := func(request string) (id, problem string) {
		m, err := nc.Request("earshot.ctl.hold", []byte(request), patience)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ ID, Error string }
		if err := json.Unmarshal(m.Data, &answer); err != nil {
			t.Fatal(err)
		}
		return answer.ID, answer.Error
	}
	id, problem := ask(`{}`)
	if id == "" || problem != "" || !b.Health().Held {
		t.Fatalf("hold = %q %q, health %+v", id, problem, b.Health())
	}
	if _, problem := ask(`{}`); problem == "" {
		t.Error("two backups at once")
	}
	committed := make(chan struct{})
	go func() {
		defer close(committed)
		(&part{t: t, bus: b, name: "p"}).commit(mention(1, "acme"))
	}()
	select {
	case <-committed:
		t.Error("somebody wrote beside a backup")
	case <-time.After(100 * time.Millisecond):
	}
	if _, problem := ask(fmt.Sprintf(`{"id":%q,"end":true}`, id)); problem != "" {
		t.Error(problem)
	}
	<-committed
	if _, problem := ask(fmt.Sprintf(`{"id":%q}`, id)); problem == "" {
		t.Error("an old hold was kept")
	}
}
