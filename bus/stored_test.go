package bus_test

import (
	"errors"
	"fmt"
	"testing"

	"earshot"
)

// Whoever asks what is stored of a network gets each mention once, oldest first,
// as it reads now, and nothing that was taken back.
func TestStored(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme", "zenith"), mention(2, "acme"), mention(3, "zenith"), mention(4, "acme"))
	private, other := mention(5, "acme"), mention(6, "acme")
	private.Visibility, other.Network, other.ID = earshot.Private, "mastodon", "mastodon:6"
	p.commit(private, other, mention(7, "acme"))
	edited := changed(mention(2, "acme"), earshot.Edited)
	edited.Text = "The toy of acme is mended"
	p.commit(edited, changed(mention(4), earshot.Deleted), changed(mention(3), earshot.Edited))

	var got []string
	if err := b.Stored(t.Context(), "rss", func(m earshot.Mention) error {
		got = append(got, m.ID+" "+string(m.Change))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	same(t, "stored", got, []string{"rss:post-1 new", "rss:post-5 new", "rss:post-7 new", "rss:post-2 edited"})

	stop := errors.New("stop")
	calls := 0
	if err := b.Stored(t.Context(), "rss", func(earshot.Mention) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("after %d calls: %v", calls, err)
	}
	if err := b.Stored(t.Context(), "nobody", func(earshot.Mention) error { return stop }); err != nil {
		t.Errorf("a network never heard: %v", err)
	}
	if err := b.Stored(t.Context(), "a.b", func(earshot.Mention) error { return nil }); err == nil {
		t.Error("a name that is no token was taken")
	}
}

// More than a page of mentions comes through whole.
func TestStoredPages(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	const all = 1300
	for from := 0; from < all; from += 650 {
		var batch []earshot.Judged
		for n := from; n < from+650; n++ {
			batch = append(batch, mention(n, "acme"))
		}
		p.commit(batch...)
	}
	next := 0
	if err := b.Stored(t.Context(), "rss", func(m earshot.Mention) error {
		if want := fmt.Sprintf("rss:post-%d", next); m.ID != want {
			return fmt.Errorf("%s came where %s was due", m.ID, want)
		}
		next++
		return nil
	}); err != nil || next != all {
		t.Errorf("%d of %d: %v", next, all, err)
	}
}
