package bus_test

import (
	"errors"
	"testing"

	"earshot"
	"earshot/bus"
)

func opinionOn(brand string, of *earshot.Mention) earshot.Opinion {
	return earshot.Opinion{Brand: brand, By: "sage", Of: of.Said(), Sentiment: -earshot.Unit}
}

// A revision takes the place of the version it was made of, for its brand alone,
// and of no other; what was edited or taken back meanwhile stays.
func TestRevise(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme", "bolt"), mention(2, "acme"), mention(3, "acme"))
	was := func(n int) earshot.Stored {
		j := mention(n)
		s, err := b.Mention(t.Context(), "acme", j.Key())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	revise := func(s earshot.Stored) error {
		m := s.Mention
		m.Opinions = []earshot.Opinion{opinionOn("acme", &m), opinionOn("bolt", &m)}
		return b.Revise(t.Context(), s, m, *s.Verdict, "models")
	}
	first := was(1)
	if err := revise(first); err != nil {
		t.Fatal(err)
	}
	if err := revise(first); !errors.Is(err, earshot.ErrConflict) {
		t.Errorf("on top of a revision: %v", err)
	}
	now := was(1)
	same(t, "opinions", now.Mention.Opinions, []earshot.Opinion{opinionOn("acme", &now.Mention)})
	if now.Sequence <= first.Sequence || now.Mention.Change != earshot.Edited {
		t.Errorf("the revision: %+v", now)
	}
	key := first.Mention.Key()
	opinions, err := b.Opinions(t.Context(), []string{key})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what is thought", opinions, map[string][]earshot.Opinion{key: {opinionOn("acme", &now.Mention)}})

	second, third := was(2), was(3)
	edited := changed(mention(2, "acme"), earshot.Edited)
	edited.Text = "acme, second thoughts"
	p.commit(edited, changed(mention(3), earshot.Deleted))
	for _, s := range []earshot.Stored{second, third} {
		if err := revise(s); !errors.Is(err, earshot.ErrConflict) {
			t.Errorf("%s: %v", s.Mention.ID, err)
		}
	}
	if got := was(2); got.Mention.Text != edited.Text {
		t.Errorf("the edit is gone: %q", got.Mention.Text)
	}
}

// A mention that is heard again with what is thought of it is known.
func TestReviseHeardAgain(t *testing.T) {
	b := open(t, options(t))
	p := &part{t: t, bus: b, name: "p"}
	p.commit(mention(1, "acme"))
	j := mention(1, "acme")
	was, err := b.Mention(t.Context(), "acme", j.Key())
	if err != nil {
		t.Fatal(err)
	}
	m := was.Mention
	m.Opinions = []earshot.Opinion{opinionOn("acme", &m)}
	if err := b.Revise(t.Context(), was, m, *was.Verdict, "models"); err != nil {
		t.Fatal(err)
	}
	again := changed(mention(1, "acme"), earshot.Edited)
	again.Opinions = m.Opinions
	same(t, "heard again", p.commit(again), bus.Committed{Known: 1})
}
