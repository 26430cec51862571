package bus_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"earshot"
	"earshot/bus"
)

// inFiles returns the files below a state directory that hold a text.
func inFiles(t testing.TB, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) || err == nil && e.IsDir() {
			return nil // the server replaces files while we look
		}
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		if bytes.Contains(data, []byte(text)) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// gone checks that no file holds a text.
func gone(t testing.TB, dir, text string) {
	t.Helper()
	if found := inFiles(t, dir, text); len(found) > 0 {
		t.Errorf("%q is still in %v", text, found)
	}
}

func saying(j earshot.Judged, text string) earshot.Judged {
	j.Text = text
	return j
}

// What an author edits away or deletes is in no file of the store, whatever
// happened to the mention before; what it says now, and what others say, is.
func TestErasedWithMention(t *testing.T) {
	o := options(t)
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	p.commit(saying(mention(1, "acme", "bolt"), "acme broke my heirloom"), saying(mention(2, "acme"), "acme mended my bicycle"))
	if len(inFiles(t, o.Dir, "heirloom")) == 0 {
		t.Fatal("this test cannot find what is stored")
	}
	popular := saying(mention(1, "acme", "bolt"), "acme broke my heirloom")
	popular.Engagement.Likes = 12
	same(t, "counters", p.commit(changed(popular, earshot.Edited)), bus.Committed{Stored: 1})
	popular.Engagement.Likes = 13
	same(t, "counters again", p.commit(changed(popular, earshot.Edited)), bus.Committed{Known: 1})

	p.commit(changed(saying(mention(1, "acme", "bolt"), "acme broke my umbrella"), earshot.Edited))
	gone(t, o.Dir, "heirloom")
	private := changed(saying(mention(1, "acme", "bolt"), "acme broke my secret"), earshot.Edited)
	private.Visibility = earshot.Private
	p.commit(private)
	gone(t, o.Dir, "umbrella")
	p.commit(changed(saying(mention(1, "acme"), "acme broke my promise"), earshot.Edited)) // public again, and not of bolt
	gone(t, o.Dir, "secret")
	p.commit(changed(mention(1), earshot.Deleted))
	gone(t, o.Dir, "promise")
	if len(inFiles(t, o.Dir, "bicycle")) == 0 {
		t.Error("what somebody else says is gone")
	}
	shut(t, b)
	gone(t, o.Dir, "promise")
	b = open(t, o)
	// It was public and private in turn, and is deleted in both places.
	same(t, "log", sorted(stored(t, b, 5)), []string{"acme rss:post-1 deleted", "acme rss:post-1 deleted", "acme rss:post-2 new", "bolt rss:post-1 deleted", "bolt rss:post-1 deleted"})
}

// A mention too large to be stored is a dead letter, and goes when it is deleted.
func TestErasedWithDeadLetter(t *testing.T) {
	o := options(t)
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	large := mention(1, "acme")
	large.Text = "heirloom " + strings.Repeat("x", bus.MaxPayload)
	same(t, "too large", p.commit(large, mention(2, "acme")), bus.Committed{Dead: 1, Stored: 1})
	if len(inFiles(t, o.Dir, "rss:post-1")) == 0 {
		t.Fatal("there is no dead letter")
	}
	p.commit(changed(mention(1), earshot.Deleted), changed(mention(2), earshot.Deleted))
	gone(t, o.Dir, "rss:post-1")
}

// The alerts that quote a mention are known by their places and are erased with
// it, those of others stay; again does no harm.
func TestErasedAlerts(t *testing.T) {
	o := options(t)
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	ours, theirs := saying(mention(1, "acme"), "acme broke my heirloom"), saying(mention(2, "acme"), "acme mended my bicycle")
	p.commit(ours, theirs)
	quoting := func(id, team string, j earshot.Judged) earshot.Alert {
		a := alert(id, team, 1)
		a.Mention, a.Summary = &j.Mention, j.Text
		return a
	}
	seats := []earshot.Membership{{Brand: "acme", Mention: theirs.Key()}, {Brand: "acme", Mention: ours.Key()}}
	revisions, err := b.Publish(t.Context(), []earshot.Alert{quoting("1", "cs", ours), quoting("2", "cs", theirs), quoting("3", "pr", ours)},
		seats, []earshot.Progress{{Brand: "acme", Sequence: 2}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "noted", seats[1].Quoted, []uint64{1, 3})
	if _, err := b.Publish(t.Context(), []earshot.Alert{quoting("4", "cs", ours)}, seats[1:], []earshot.Progress{{Brand: "acme", Sequence: 2, Revision: revisions[0]}}); err != nil {
		t.Fatal(err)
	}
	known, err := b.Membership(t.Context(), "acme", ours.Key())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "stored", known.Quoted, []uint64{1, 3, 7})
	p.commit(changed(mention(1), earshot.Deleted))
	version, err := b.Mention(t.Context(), "acme", ours.Key())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Erase(t.Context(), version, append(known.Quoted, 12345)); err != nil {
			t.Fatal(err)
		}
	}
	gone(t, o.Dir, "heirloom")
	var left []string
	for _, m := range messagesOf(t, administer(t, b.URL(), secret(t, o.Dir, "daemon")), "EARSHOT_ALERTS", "earshot.alerts.>") {
		left = append(left, m.Header.Get("ce-id"))
	}
	same(t, "alerts left", left, []string{"2"})
}

// A version that a crash left behind a newer one is erased when that one is dealt
// with; the tombstone of another area stays, since it keeps old news out.
func TestErasedLate(t *testing.T) {
	o := options(t)
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	p.commit(saying(mention(1, "acme"), "acme broke my heirloom"))
	nc, err := nats.Connect(b.URL(), nats.UserInfo("daemon", secret(t, o.Dir, "daemon")), nats.Timeout(patience))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	j := mention(1)
	subject := "earshot.mentions.acme.rss." + j.Key()
	tombstone := &nats.Msg{Subject: subject, Data: []byte(`{"id":"rss:post-1","network":"rss","change":"deleted","verdicts":[]}`), Header: nats.Header{"Earshot-Withdrawn": {"deleted"}}}
	if _, err := nc.RequestMsg(tombstone, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	version, err := b.Mention(t.Context(), "acme", j.Key())
	if err != nil {
		t.Fatal(err)
	}
	if len(inFiles(t, o.Dir, "heirloom")) == 0 {
		t.Fatal("the crash left nothing")
	}
	if err := b.Erase(t.Context(), version, nil); err != nil {
		t.Fatal(err)
	}
	gone(t, o.Dir, "heirloom")
	if err := b.Erase(t.Context(), version, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 deleted"})
}

// Erasing beside writers loses nothing that was not meant, and the store comes up
// again whole.
func TestEraseBesideWriters(t *testing.T) {
	const rounds, size = 12, 40
	o := options(t)
	b := open(t, o)
	done := make(chan int, rounds)
	var group sync.WaitGroup
	group.Go(func() {
		defer close(done)
		writer := &part{t: t, bus: b, name: "writer"}
		for n := range rounds {
			var batch []earshot.Judged
			for i := range size {
				batch = append(batch, saying(mention(n*size+i, "acme"), fmt.Sprintf("acme heirloom %d %s", i%2, strings.Repeat("y", 3000))))
			}
			writer.commit(batch...)
			done <- n
		}
	})
	eraser := &part{t: t, bus: b, name: "eraser"}
	for n := range done {
		var batch []earshot.Judged
		for i := 0; i < size; i += 2 {
			batch = append(batch, changed(mention(n*size+i), earshot.Deleted))
		}
		eraser.commit(batch...)
	}
	group.Wait()
	check := func(b *bus.Bus) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		kept := 0
		if err := b.Stored(ctx, "rss", func(m earshot.Mention) error {
			if !strings.HasPrefix(m.Text, "acme heirloom 1 yyy") {
				return fmt.Errorf("%s says %.30q", m.ID, m.Text)
			}
			kept++
			return nil
		}); err != nil || kept != rounds*size/2 {
			t.Errorf("%d mentions are left of %d: %v", kept, rounds*size/2, err)
		}
	}
	check(b)
	gone(t, o.Dir, "heirloom 0")
	shut(t, b)
	gone(t, o.Dir, "heirloom 0")
	check(open(t, o))
}
