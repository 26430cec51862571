package bus_test

import (
	"errors"
	"testing"

	"earshot"
	"earshot/bus"
)

// What is read of a mention is what the log now says of it: for one brand, public
// or private, as last edited, and that it was taken back.
func TestMention(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	private := mention(3, "acme")
	private.Visibility = earshot.Private
	p.commit(mention(1, "acme", "bolt"), mention(2, "acme"), private)
	edited := changed(mention(1, "acme", "bolt"), earshot.Edited)
	edited.Text = "acme, second thoughts"
	p.commit(edited, changed(mention(2), earshot.Deleted))

	got, err := b.Mention(t.Context(), "bolt", edited.Key())
	if err != nil || got.Brand != "bolt" || got.Mention.Text != edited.Text || got.Verdict == nil || got.Sequence < 5 {
		t.Errorf("an edited mention: %+v, %v", got, err)
	}
	gone, err := b.Mention(t.Context(), "acme", new(mention(2)).Key())
	if err != nil || gone.Verdict != nil || gone.Mention.Text != "" {
		t.Errorf("a deleted mention: %+v, %v", gone, err)
	}
	if got, err := b.Mention(t.Context(), "acme", private.Key()); err != nil || got.Mention.Text != private.Text {
		t.Errorf("a private mention: %+v, %v", got, err)
	}
	for _, id := range []string{mention(2).ID, "never:heard"} {
		if _, err := b.Mention(t.Context(), "bolt", earshot.Key(id)); !errors.Is(err, earshot.ErrNotFound) {
			t.Errorf("%s, which the brand does not hold: %v", id, err)
		}
	}
}

// An edit that makes a mention private, or public again, is one edit to whoever
// reads, and takes nothing back; another that ends it is told once.
func TestMentionMoves(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme"))
	private := changed(mention(1, "acme"), earshot.Edited)
	private.Visibility = earshot.Private
	same(t, "made private", p.commit(private), bus.Committed{Stored: 1})
	same(t, "the same again", p.commit(private), bus.Committed{Known: 1})
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 edited"})
	if got, err := b.Mention(t.Context(), "acme", private.Key()); err != nil || got.Mention.Visibility != earshot.Private || got.Verdict == nil {
		t.Errorf("the mention made private: %+v, %v", got, err)
	}

	public := changed(mention(1, "acme"), earshot.Edited)
	same(t, "public again", p.commit(public), bus.Committed{Stored: 1})
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 edited"})
	if got, err := b.Mention(t.Context(), "acme", public.Key()); err != nil || got.Mention.Visibility == earshot.Private || got.Verdict == nil {
		t.Errorf("the mention public again: %+v, %v", got, err)
	}

	same(t, "of no concern", p.commit(changed(mention(1), earshot.Edited)), bus.Committed{Withdrawn: 1})
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 deleted"})
	same(t, "back", p.commit(public), bus.Committed{Stored: 1})
	same(t, "log", stored(t, b, 1), []string{"acme rss:post-1 new"})
	p.commit(changed(mention(1), earshot.Deleted))
	same(t, "late edit", p.commit(private), bus.Committed{Known: 1})
}

// A mention that moves for one brand is still taken back from another that it no
// longer concerns.
func TestMentionMovesAway(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme", "bolt"))
	private := changed(mention(1, "acme"), earshot.Edited)
	private.Visibility = earshot.Private
	same(t, "edit", p.commit(private), bus.Committed{Stored: 1, Withdrawn: 1})
	same(t, "log", sorted(stored(t, b, 2)), []string{"acme rss:post-1 edited", "bolt rss:post-1 deleted"})
}
