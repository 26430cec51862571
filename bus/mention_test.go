package bus_test

import (
	"errors"
	"testing"

	"earshot"
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

	got, err := b.Mention(t.Context(), "bolt", edited.ID)
	if err != nil || got.Brand != "bolt" || got.Mention.Text != edited.Text || got.Verdict == nil || got.Sequence < 5 {
		t.Errorf("an edited mention: %+v, %v", got, err)
	}
	gone, err := b.Mention(t.Context(), "acme", mention(2).ID)
	if err != nil || gone.Verdict != nil || gone.Mention.Text != "" {
		t.Errorf("a deleted mention: %+v, %v", gone, err)
	}
	if got, err := b.Mention(t.Context(), "acme", private.ID); err != nil || got.Mention.Text != private.Text {
		t.Errorf("a private mention: %+v, %v", got, err)
	}
	for _, id := range []string{mention(2).ID, "never:heard"} {
		if _, err := b.Mention(t.Context(), "bolt", id); !errors.Is(err, earshot.ErrNotFound) {
			t.Errorf("%s, which the brand does not hold: %v", id, err)
		}
	}
}
