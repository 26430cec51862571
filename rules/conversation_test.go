package rules_test

import (
	"testing"

	"earshot"
	"earshot/rules"
)

func conversations(t *testing.T) *rules.Book {
	t.Helper()
	book, problems := rules.New(rules.Config{
		Brands: []rules.Brand{
			{
				Name: "acme", Query: `(acme OR #acme) NOT ("acme klein" OR klavier)`,
				Owned:  rules.Owned{Handles: []string{"@acmecare"}},
				Topics: []rules.Topic{{Name: "fire", Query: "smoke OR fire"}},
			},
			{Name: "bolt", Query: `(bolt NOT screw) OR (bolts NOT nuts)`},
			{Name: "zeta", Query: "zeta OR (zed NOT dead)"},
		},
		Rules: []rules.Rule{{Name: "in the thread", When: "relevance < 1", Urgency: 10, Send: []string{"cs"}}},
		Teams: []string{"cs"},
	})
	if book == nil {
		t.Fatal(problems)
	}
	return book
}

// A mention of a brand's conversation concerns it without naming it, unless the
// query rules out what it says; who names the brand is judged as ever.
func TestConversation(t *testing.T) {
	book := conversations(t)
	for _, tt := range []struct {
		text  string
		about []string
		want  string // brands, those of a conversation with *
	}{
		{"same here!!", nil, ""},
		{"same here!!", []string{"acme"}, "acme* "},
		{"same here!!", []string{"acme", "bolt", "gone"}, "acme* bolt* "},
		{"same with my acme", []string{"acme", "zeta"}, "acme zeta* "},
		{"you mean acme klein", []string{"acme"}, ""},
		{"my Klavier too", []string{"acme"}, ""},
		{"a screw came loose", []string{"bolt"}, "bolt* "}, // the second side lets it in
		{"screw and nuts", []string{"bolt"}, ""},
		{"it is dead", []string{"zeta"}, "zeta* "},
		{"", []string{"zeta"}, "zeta* "},
	} {
		m := earshot.Mention{ID: "x:1", Text: tt.text, About: tt.about}
		got := ""
		for _, v := range book.Judge(&m) {
			checkSums(t, &scene{Text: tt.text}, &v)
			got += v.Brand
			if v.Relevance != earshot.Unit {
				got += "*"
			}
			got += " "
		}
		if got != tt.want {
			t.Errorf("%q about %v concerns %q, want %q", tt.text, tt.about, got, tt.want)
		}
	}
}
