package bus_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
)

// What is asked for together is what is asked for one by one, of any number of
// names, without those that nothing is known of.
func TestAskedTogether(t *testing.T) {
	const stored, asked = 700, 800
	b := open(t, options(t))
	names := make([]string, asked)
	members := make([]earshot.Membership, stored)
	events := make([]earshot.CaseEvent, stored)
	for i := range names {
		names[i] = fmt.Sprintf("key%d", i)
		if i < stored {
			members[i] = earshot.Membership{Brand: "acme", Mention: names[i], Seats: []earshot.Seat{{Team: "cs", Case: names[i]}}}
			events[i] = event("cs", names[i], "opened", 0)
		}
	}
	quote := alert("1", "cs", 1)
	quote.Mention = &earshot.Mention{ID: "bench:1"}
	members[7].Mention = quote.Mention.Key()
	names[asked-1] = members[7].Mention
	if _, err := b.Publish(t.Context(), []earshot.Alert{quote}, members, []earshot.Progress{{Brand: "acme", Sequence: 1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Append(t.Context(), []earshot.CaseEvent{event("cs", "key3", "grown", 4)}); err != nil {
		t.Fatal(err)
	}

	found, err := b.Memberships(t.Context(), "acme", names)
	if err != nil || len(found) != stored {
		t.Fatalf("%d memberships, want %d: %v", len(found), stored, err)
	}
	for _, m := range found {
		if m.Mention != members[7].Mention && m.Mention != "key3" {
			continue
		}
		if single, err := b.Membership(t.Context(), "acme", m.Mention); err != nil || !cmp.Equal(m, single) {
			t.Errorf("together %+v, alone %+v, %v", m, single, err)
		}
	}
	cases, err := b.LastOf(t.Context(), "cs", names)
	if err != nil || len(cases) != stored {
		t.Fatalf("%d cases, want %d: %v", len(cases), stored, err)
	}
	for _, e := range cases {
		if e.Case.ID != "key3" {
			continue
		}
		if single, err := b.Case(t.Context(), "cs", "key3"); err != nil || e.Event != "grown" || !cmp.Equal(e, single) {
			t.Errorf("together %+v, alone %+v, %v", e, single, err)
		}
	}
	if none, err := b.Memberships(t.Context(), "bolt", names); err != nil || len(none) != 0 {
		t.Errorf("memberships of another brand: %v, %v", none, err)
	}
	if _, err := b.LastOf(t.Context(), "cs", []string{"a.b"}); err == nil {
		t.Error("a name that does not fit into a subject was accepted")
	}
}
