package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/rules"
)

// Rules mark a mention for those after them, and one may end the book.
func TestLabelsAndStop(t *testing.T) {
	b, problems := rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "acme", Query: "acme"}},
		Rules: []rules.Rule{
			{Name: "money", When: `mention.text contains "refund"`, Labels: []string{"refund", "money"}},
			{Name: "money again", When: `"money" in labels`, Labels: []string{"money", "twice"}, Send: []string{"billing"}},
			{Name: "raffle", When: `mention.text contains "raffle"`, Stop: true},
			{Name: "all", When: "true", Urgency: 10, Send: []string{"cs"}},
		},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	verdict := func(text string) earshot.Verdict {
		t.Helper()
		all := b.Judge(&earshot.Mention{ID: "x:1", Text: text})
		if len(all) != 1 {
			t.Fatalf("%d verdicts", len(all))
		}
		return all[0]
	}
	v := verdict("acme refund")
	if diff := cmp.Diff([]string{"refund", "money", "twice"}, v.Labels); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]earshot.Route{{Team: "billing", Kind: earshot.KindCustomer}, {Team: "cs", Kind: earshot.KindCustomer}}, v.Routes); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string][]string{
		"acme refund": {"money", "money again", "all"}, "acme raffle": {"raffle"}, "acme": {"all"}, "refund": nil,
	} {
		m := earshot.Mention{ID: "x:1", Text: text}
		if diff := cmp.Diff(want, b.Applied(&m, "acme")); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if applied := b.Applied(&m, "zenith"); applied != nil {
			t.Errorf("%q: for another brand %q", text, applied)
		}
	}
	if v := verdict("acme raffle"); len(v.Routes) != 0 || len(v.Labels) != 0 {
		t.Errorf("after stop: %+v", v)
	}
	if _, problems := rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "acme", Query: "acme"}},
		Rules:  []rules.Rule{{Name: "odd", When: "true", Labels: []string{"Not a label"}}},
	}); !problems.Fatal() {
		t.Error("an odd label holds")
	}
}
