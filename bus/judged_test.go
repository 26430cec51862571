package bus_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"earshot"
)

// Whoever judges the past again gets each verdict that stands, in the order of the
// log, of one brand or of all.
func TestJudged(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme", "zenith"), mention(2, "acme"), mention(3, "zenith"))
	private := mention(4, "acme")
	private.Visibility = earshot.Private
	p.commit(private)
	edited := changed(mention(2, "acme"), earshot.Edited)
	edited.Text = "The toy of acme is mended"
	p.commit(changed(mention(3), earshot.Deleted), edited)

	read := func(brand string, since time.Time) []string {
		t.Helper()
		got := []string{}
		share := 0.0
		if err := b.Judged(t.Context(), brand, since, func(s earshot.Stored, done float64) error {
			if s.Verdict == nil || s.Verdict.Brand != s.Brand || done < share || done > 1 {
				t.Errorf("%s at %v after %v: %+v", s.Mention.ID, done, share, s.Verdict)
			}
			share = done
			got = append(got, fmt.Sprintf("%s for %s", s.Mention.ID, s.Brand))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	long := time.Now().Add(-24 * time.Hour)
	same(t, "all", read("", long), []string{"rss:post-1 for acme", "rss:post-1 for zenith", "rss:post-4 for acme", "rss:post-2 for acme"})
	same(t, "one brand", read("zenith", long), []string{"rss:post-1 for zenith"})
	same(t, "none so late", read("", time.Now().Add(time.Hour)), []string{})
	same(t, "no such brand", read("nobody", long), []string{})

	stop := errors.New("stop")
	if err := b.Judged(t.Context(), "", long, func(earshot.Stored, float64) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error is %v", err)
	}
	if err := b.Judged(t.Context(), "a.b", long, func(earshot.Stored, float64) error { return stop }); err == nil || errors.Is(err, stop) {
		t.Errorf("a name that is no token: %v", err)
	}
}

// More than a page of verdicts comes through whole.
func TestJudgedPages(t *testing.T) {
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
	if err := b.Judged(t.Context(), "acme", time.Now().Add(-time.Hour), func(s earshot.Stored, _ float64) error {
		if want := fmt.Sprintf("rss:post-%d", next); s.Mention.ID != want {
			return fmt.Errorf("%s came where %s was due", s.Mention.ID, want)
		}
		next++
		return nil
	}); err != nil || next != all {
		t.Errorf("%d of %d: %v", next, all, err)
	}
}
