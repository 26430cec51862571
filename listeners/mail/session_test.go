package mail_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/mail"
	"earshot/listeners/mail/mailtest"
)

// Nothing in a mailbox changes by being heard.
func TestTouchesNothing(t *testing.T) {
	server := start(t)
	server.Publish("one", "two")
	listen(t, source(t, server, nil), nil, 2)
	wantCount(t, server, "INBOX", 2, 2)
}

// What is stored is marked as seen or moved, if told so, and what is skipped is not.
func TestAfter(t *testing.T) {
	absence := "From: a@b.example\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <away@b>\r\n\r\naway\r\n"
	for after, want := range map[string]struct{ inbox, unread, done int }{
		"seen":      {inbox: 3, unread: 1},
		"move:Done": {inbox: 1, unread: 1, done: 2},
	} {
		t.Run(after, func(t *testing.T) {
			server := start(t)
			if err := server.Make("Done"); err != nil {
				t.Fatal(err)
			}
			server.Publish("one")
			server.Deliver("INBOX", absence)
			server.Publish("two")
			src := source(t, server, func(c *mail.Config) { c.After, c.Skip = after, []string{"auto_reply"} })

			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			var texts []string
			err := src.Listen(ctx, nil, func(_ context.Context, b listeners.Batch) error {
				all, unread, err := server.Count("INBOX")
				if err != nil || len(b.Mentions) > 0 && (all != 3 || unread != 3) {
					t.Errorf("%d mails, %d unread before they were stored: %v", all, unread, err)
				}
				for _, m := range b.Mentions {
					texts = append(texts, m.Text)
				}
				if len(texts) > 0 && len(b.Mentions) == 0 && !bytes.Contains(b.Next, []byte("pending")) {
					cancel() // all is done
				}
				return nil
			})
			if !slices.Equal(texts, []string{"one", "two"}) {
				t.Errorf("heard %q, %v", texts, err)
			}
			wantCount(t, server, "INBOX", want.inbox, want.unread)
			wantCount(t, server, "Done", want.done, want.done)
		})
	}
}

func wantCount(t *testing.T, server *mailtest.Server, folder string, all, unread int) {
	t.Helper()
	gotAll, gotUnread, err := server.Count(folder)
	if err != nil || gotAll != all || gotUnread != unread {
		t.Errorf("%s holds %d mails, %d unread, want %d and %d (%v)", folder, gotAll, gotUnread, all, unread, err)
	}
}

// A crash after storing and before marking is made up for.
func TestMarksWhatACrashLeft(t *testing.T) {
	server := start(t)
	server.Publish("one", "two")
	h := listen(t, source(t, server, nil), nil, 2)
	cursor := bytes.Replace(h.cursor(), []byte(`"uid":2`), []byte(`"uid":2,"pending":[2]`), 1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	_ = source(t, server, func(c *mail.Config) { c.After = "seen" }).Listen(ctx, cursor, func(_ context.Context, b listeners.Batch) error {
		if len(b.Mentions) > 0 {
			t.Error("mails were heard again")
		}
		cancel()
		return nil
	})
	wantCount(t, server, "INBOX", 2, 1)
}

// A folder whose UIDs are forgotten is heard again, and its mails have the IDs
// they had.
func TestForgottenUIDs(t *testing.T) {
	server := start(t)
	odd := "From: a@b.example\r\nSubject: no message ID\r\n\r\ntext\r\n"
	mails := []string{server.Letter(1, "one"), odd, server.Letter(2, "two")}
	for _, raw := range mails {
		server.Deliver("INBOX", raw)
	}
	first := listen(t, source(t, server, nil), nil, 3)
	if err := server.Forget(append([]string{server.Letter(0, "zero")}, mails...)...); err != nil {
		t.Fatal(err)
	}
	again := listen(t, source(t, server, nil), first.cursor(), 4)
	if got, want := again.ids()[1:], first.ids(); !slices.Equal(got, want) {
		t.Errorf("IDs %q, want %q", got, want)
	}
}

func (h *heard) ids() []string {
	var ids []string
	for _, b := range h.batches {
		for _, m := range b.Mentions {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// On first contact it goes back as far as it is told to, and in a backfill too.
func TestSince(t *testing.T) {
	server := start(t)
	now := time.Now()
	server.DeliverAt("INBOX", server.Letter(1, "last year"), now.AddDate(-1, 0, 0))
	server.DeliverAt("INBOX", server.Letter(2, "last month"), now.AddDate(0, 0, -20))
	server.DeliverAt("INBOX", server.Letter(3, "today"), now)
	src := source(t, server, func(c *mail.Config) { c.Since = 7 * 24 * time.Hour })
	if got := listen(t, src, nil, 1).texts(); !slices.Equal(got, []string{"today"}) {
		t.Errorf("heard %q", got)
	}
	back, ok := src.(listeners.Backfiller)
	if !ok {
		t.Fatal("it cannot fill back")
	}
	var texts []string
	var cursor earshot.Cursor
	var done float64
	ctx := listeners.WithReport(t.Context(), func(o listeners.Outlook) { done = max(done, o.Done) })
	emit := func(_ context.Context, b listeners.Batch) error {
		for _, m := range b.Mentions {
			texts = append(texts, m.Text)
		}
		cursor = b.Next
		return nil
	}
	if err := back.Backfill(ctx, now.AddDate(0, 0, -30), nil, emit); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(texts, []string{"last month", "today"}) || done != 1 {
		t.Errorf("filled back %q, %g of it", texts, done)
	}
	if err := back.Backfill(ctx, now.AddDate(0, 0, -30), cursor, emit); err != nil || len(texts) != 2 {
		t.Errorf("filled back again: %q, %v", texts, err)
	}
}

// A connection that is cut anywhere loses and repeats nothing.
func TestCutConnections(t *testing.T) {
	server := start(t)
	long := strings.Repeat("acme ", 2000)
	for n := range 20 {
		server.Deliver("INBOX", server.Letter(n, long))
	}
	var cursor earshot.Cursor
	seen := map[string]int{}
	for cut := int64(50); len(seen) < 20 && cut < 2_000_000; cut += cut / 3 {
		server.CutAfter(cut)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		err := source(t, server, nil).Listen(ctx, cursor, func(_ context.Context, b listeners.Batch) error {
			for _, m := range b.Mentions {
				if seen[m.ID]++; len(m.Text) != len(long)-1 {
					t.Errorf("%d bytes of text", len(m.Text))
				}
			}
			cursor = b.Next
			if len(seen) == 20 {
				cancel()
			}
			return nil
		})
		if err == nil || ctx.Err() == nil && listeners.Class(err) != "network" {
			t.Errorf("cut after %d bytes: %v, class %s", cut, err, listeners.Class(err))
		}
		cancel()
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was heard %d times", id, n)
		}
	}
	if len(seen) != 20 {
		t.Errorf("heard %d mails", len(seen))
	}
}

// A mail beyond the size is heard as far as it goes.
func TestLargeMail(t *testing.T) {
	server := start(t)
	server.Deliver("INBOX", "From: a@b.example\r\nMessage-ID: <1@b>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"+
		"--x\r\n\r\nthe text\r\n--x\r\nContent-Disposition: attachment; filename=film.mp4\r\n\r\n"+strings.Repeat("a", 100_000)+"\r\n--x--\r\n")
	h := listen(t, source(t, server, func(c *mail.Config) { c.MaxSize = 16 << 10 }), nil, 1)
	m := h.batches[len(h.batches)-1].Mentions[0]
	if m.Text != "the text" || len(m.Media) != 1 || m.Media[0].Name != "film.mp4" {
		t.Errorf("%+v", m)
	}
}

// A refused password names its file, and is told from a server without time.
func TestRefusedPassword(t *testing.T) {
	server := start(t)
	src := source(t, server, func(c *mail.Config) { c.PasswordFile = secret(t, "wrong") })
	err := src.Listen(t.Context(), nil, nil)
	refused, ok := errors.AsType[*listeners.Refused](err)
	if !ok || refused.File == "" || strings.Contains(err.Error(), "wrong") {
		t.Errorf("%v", err)
	}
	src = source(t, server, func(c *mail.Config) { c.PasswordFile = "/nowhere/secret" })
	if err := src.Listen(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), "/nowhere/secret") {
		t.Errorf("%v", err)
	}
}

// A folder that is not there is an error that names it.
func TestMissingFolder(t *testing.T) {
	server := start(t)
	src := source(t, server, func(c *mail.Config) { c.Folders = []string{"Complaints"} })
	if err := src.Listen(t.Context(), nil, nil); err == nil || !strings.Contains(err.Error(), "Complaints") {
		t.Errorf("%v", err)
	}
}
