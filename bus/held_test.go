package bus_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot"
	"earshot/bus"
)

// What a legal hold has copied stays when the posts and the cases are gone, is not
// copied twice, and goes whole.
func TestKeep(t *testing.T) {
	o := options(t)
	b := open(t, o)
	p := &part{t: t, bus: b, name: "p"}
	first, second := mention(1, "acme"), mention(2, "acme")
	p.commit(first, second)
	e := event("cs", "one", "opened", 0)
	e.Mention, e.Case.Brand = first.ID, "acme"
	e.Case.Members = []earshot.Member{{Mention: first.Key()}}
	e.Case.LegalHold = &earshot.LegalHold{Reason: "r", Until: time.Now().Add(time.Hour)}
	if _, err := b.Append(t.Context(), []earshot.CaseEvent{e}); err != nil {
		t.Fatal(err)
	}
	keep := func() {
		t.Helper()
		if err := b.Keep(t.Context(), &e.Case); err != nil {
			t.Fatal(err)
		}
	}
	keep()
	keep()
	copies(t, o, b, "event", "mention", "case")
	p.commit(changed(first, earshot.Deleted))
	e.Case.Members = append(e.Case.Members, earshot.Member{Mention: second.Key()})
	keep()
	copies(t, o, b, "event", "mention", "mention", "case")
	held, err := b.HeldCases(t.Context())
	if err != nil || len(held) != 1 || len(held[0].Members) != 2 || held[0].LegalHold.Reason != "r" {
		t.Errorf("held cases: %+v %v", held, err)
	}
	if err := b.Unkeep(t.Context(), "cs", "one"); err != nil {
		t.Fatal(err)
	}
	copies(t, o, b)
	if _, err := b.Case(t.Context(), "cs", "one"); err != nil {
		t.Errorf("the case itself: %v", err)
	}
}

// copies checks what sorts of copies there are, in any order.
func copies(t *testing.T, o bus.Options, b *bus.Bus, want ...string) {
	t.Helper()
	c, err := bus.Dial(b.URL(), bus.DaemonLogin(o.Dir), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	count := map[string]int{}
	err = c.Walk(context.WithoutCancel(t.Context()), bus.InHeld, func(c bus.Copy) error {
		sort := "case"
		if words := c.Tokens(); len(words) > 2 {
			sort = words[2]
			if !strings.Contains(string(c.Body), `"body":{`) {
				t.Errorf("%s: %s", c.Subject, c.Body)
			}
		}
		count[sort]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, sort := range want {
		count[sort]--
	}
	for sort, n := range count {
		if n != 0 {
			t.Errorf("%d copies of sort %q more than %v", n, sort, want)
		}
	}
}
