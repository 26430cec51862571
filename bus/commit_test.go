package bus_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/bus"
)

// What is committed is read back in order, with its cursor, after a restart too.
func TestCommitLasts(t *testing.T) {
	o := options(t)
	b := open(t, o)
	p := &part{t: t, bus: b, name: "https://a.example/feed"}
	same(t, "first", p.commit(mention(1, "acme"), mention(2, "acme", "bolt")), bus.Committed{Stored: 2})
	same(t, "second", p.commit(mention(3, "acme")), bus.Committed{Stored: 1})
	want := []string{"acme rss:post-1 new", "acme rss:post-2 new", "bolt rss:post-2 new", "acme rss:post-3 new"}
	same(t, "log", stored(t, b, 4), want)
	shut(t, b)

	b = open(t, o)
	cursor, revision, err := b.Cursor(t.Context(), "feed", p.name)
	if err != nil || string(cursor) != "2" || revision != p.revision {
		t.Errorf("Cursor = %q %d %v, want 2 %d", cursor, revision, err, p.revision)
	}
	same(t, "log after restart", stored(t, b, 4), want)
}

// A part never heard has no cursor.
func TestNoCursor(t *testing.T) {
	b := open(t, options(t))
	if cursor, revision, err := b.Cursor(t.Context(), "feed", "never"); cursor != nil || revision != 0 || err != nil {
		t.Errorf("Cursor = %v %d %v", cursor, revision, err)
	}
}

// A mention heard again, by whatever part, is stored once; a new one beside it
// is not held up.
func TestHeardTwice(t *testing.T) {
	b := open(t, options(t))
	p, q := &part{t: t, bus: b, name: "p"}, &part{t: t, bus: b, name: "q"}
	p.commit(mention(1, "acme"), mention(2, "acme"))
	same(t, "again", q.commit(mention(2, "acme"), mention(3, "acme"), mention(3, "acme"), mention(1, "acme", "bolt")),
		bus.Committed{Stored: 2, Known: 2})
	same(t, "log", sorted(stored(t, b, 4)),
		[]string{"acme rss:post-1 new", "acme rss:post-2 new", "acme rss:post-3 new", "bolt rss:post-1 new"})
}

// Whoever lost the cursor is fenced off and writes nothing.
func TestZombieIsFenced(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme"))
	_, err := b.Commit(t.Context(), bus.Batch{
		Listener: "feed", Part: "p", Revision: 0, Mentions: []earshot.Judged{mention(2, "acme")}, Next: earshot.Cursor("x"),
	})
	if !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("Commit with an old revision: %v", err)
	}
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 new"})
}

// An edit replaces what brands hold, reaches brands it now concerns, and is
// taken back from those it no longer does; the same edit again changes nothing.
func TestEdit(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme", "bolt"))
	edit := changed(mention(1, "acme", "coil"), earshot.Edited)
	edit.Text = "It broke twice"
	same(t, "edit", p.commit(edit), bus.Committed{Stored: 1, Withdrawn: 1})
	want := []string{"acme rss:post-1 edited", "bolt rss:post-1 deleted", "coil rss:post-1 new"}
	same(t, "log", sorted(stored(t, b, 3)), want)

	edit.Heard, edit.Listener = time.Now(), "other"
	same(t, "same edit", p.commit(edit), bus.Committed{Known: 1})
	same(t, "log unchanged", sorted(stored(t, b, 3)), want)

	edit = changed(mention(1, "bolt"), earshot.Edited)
	same(t, "edited back in", p.commit(edit), bus.Committed{Stored: 1, Withdrawn: 1})
	same(t, "log", sorted(stored(t, b, 3)),
		[]string{"acme rss:post-1 deleted", "bolt rss:post-1 new", "coil rss:post-1 deleted"})
}

// An edit of something never held is news where it concerns a brand, else nothing.
func TestEditOfUnknown(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	same(t, "commit", p.commit(changed(mention(1, "acme"), earshot.Edited), changed(mention(2), earshot.Edited)),
		bus.Committed{Stored: 1})
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 new"})
}

// A deletion leaves a tombstone without a word of the author, once, which no
// late news or edit brings back.
func TestDelete(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	private := mention(2, "acme")
	private.Visibility = earshot.Private
	p.commit(mention(1, "acme", "bolt"), private)
	gone := []earshot.Judged{
		changed(mention(1), earshot.Deleted), changed(mention(2), earshot.Deleted), changed(mention(3), earshot.Deleted),
	}
	same(t, "deletion", p.commit(gone...), bus.Committed{Withdrawn: 2})
	want := []string{"acme rss:post-1 deleted", "acme rss:post-2 deleted", "bolt rss:post-1 deleted"}
	same(t, "log", sorted(stored(t, b, 3)), want)
	same(t, "again", p.commit(gone...), bus.Committed{})
	same(t, "late news", p.commit(mention(1, "acme")), bus.Committed{Known: 1})
	same(t, "late edit", p.commit(changed(mention(1, "acme"), earshot.Edited)), bus.Committed{Known: 1})
	same(t, "log unchanged", sorted(stored(t, b, 3)), want)

	r := b.Mentions(0)
	defer r.Close()
	batch, err := r.Next(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range batch {
		if s.Mention.Text != "" || s.Verdict != nil || !s.Mention.Posted.IsZero() {
			t.Errorf("the tombstone says too much: %+v", s)
		}
	}
}

// News, an edit and a deletion of one mention in one batch come to their end.
func TestOneBatchManyChanges(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	edit := changed(mention(1, "acme"), earshot.Edited)
	edit.Text = "edited"
	p.commit(mention(1, "acme"), edit, mention(2, "acme"), changed(mention(2), earshot.Deleted))
	r := b.Mentions(0)
	defer r.Close()
	batch, err := r.Next(t.Context(), 10)
	if err != nil || len(batch) != 1 || batch[0].Mention.Text != "edited" || batch[0].Mention.Change != earshot.New {
		t.Errorf("Next = %+v, %v", batch, err)
	}
}

// What is older than the retention is counted and not stored.
func TestOld(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	old := mention(1, "acme")
	old.Posted = time.Now().Add(-31 * 24 * time.Hour)
	same(t, "commit", p.commit(old, mention(2, "acme")), bus.Committed{Stored: 1, Old: 1})
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-2 new"})
}

// More than fits into one transaction is stored in several, the cursor last.
func TestManyAtOnce(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	many := make([]earshot.Judged, 1900)
	for i := range many {
		many[i] = mention(i, "acme")
	}
	same(t, "commit", p.commit(many...), bus.Committed{Stored: 1900})
	same(t, "again", p.commit(many...), bus.Committed{Known: 1900})
	for i := range many {
		many[i] = changed(mention(i), earshot.Deleted)
	}
	same(t, "deletion", p.commit(many...), bus.Committed{Withdrawn: 1900})
	if got := stored(t, b, 1900); len(got) != 1900 {
		t.Errorf("%d mentions", len(got))
	}
}

// What no message can hold becomes a dead letter instead of holding up the rest.
func TestUnstorable(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	huge, bad, anonymous := mention(1, "acme"), mention(2, "acme"), mention(3, "acme")
	huge.Text = strings.Repeat("x", bus.MaxPayload)
	bad.Network = "a.b.*"
	anonymous.ID = ""
	same(t, "commit", p.commit(huge, bad, anonymous, mention(4, "acme")), bus.Committed{Stored: 1, Dead: 3})
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-4 new"})
}

// A source without a cursor stores the same way, and its dead letters too.
func TestWithoutCursor(t *testing.T) {
	b := open(t, options(t))
	batch := bus.Batch{
		Listener: "hook", Part: "p", Mentions: []earshot.Judged{mention(1, "acme")},
		Dead: []earshot.DeadLetter{{Listener: "hook", Part: "p", Reason: "not JSON", Body: make([]byte, 2*bus.MaxPayload)}},
	}
	done, err := b.Commit(t.Context(), batch)
	if err != nil || done.Stored != 1 || done.Dead != 1 {
		t.Errorf("Commit = %+v, %v", done, err)
	}
	batch.Dead = nil
	done, err = b.Commit(t.Context(), batch)
	if err != nil || done.Known != 1 {
		t.Errorf("Commit = %+v, %v", done, err)
	}
}

// A cursor that no message can hold is an error, not an endless wait.
func TestHugeCursor(t *testing.T) {
	b := open(t, options(t))
	if _, err := b.Commit(t.Context(), bus.Batch{Listener: "feed", Part: "p", Next: make([]byte, bus.MaxPayload)}); err == nil {
		t.Error("a cursor of the largest size was stored")
	}
}
