package lexicon_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot/rules/lexicon"
	"earshot/rules/text"
)

// The longest phrase wins, and a whole word beats a beginning.
func TestFind(t *testing.T) {
	var table lexicon.Table
	phrases := []string{"fire", "caught fire", "fir*", "caught fire twice", "火事", "firewall"}
	for _, p := range phrases {
		table.Add(p)
	}
	if n := table.Add("fire"); n != 0 {
		t.Errorf("a phrase added again is number %d", n)
	}
	table.Freeze()
	for s, want := range map[string][]string{
		"it caught fire":         {"caught fire"},
		"caught fire, twice":     {"caught fire twice"},
		"fire caught firs":       {"fire", "fir*"},
		"firewalls and firewall": {"fir*", "firewall"},
		"家が火事だ":                  {"火事"},
		"火 事":                    nil,
	} {
		var tokens text.Tokens
		tokens.Add(text.Body, s)
		var got []string
		for i := 0; i < len(tokens.List); {
			p, n := table.Find(&tokens, i, nil)
			if n > 0 {
				got = append(got, phrases[p])
			}
			i += max(n, 1)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", s, diff)
		}
	}
	var tokens text.Tokens
	tokens.Add(text.Body, "fire")
	p, n := table.Find(&tokens, 0, func(phrase, _, _ int) bool { return phrases[phrase] != "fire" })
	if n != 1 || phrases[p] != "fir*" {
		t.Errorf("without fire: %s, %d", phrases[p], n)
	}
	if p, ok := table.FindWord([]byte("fire")); !ok || phrases[p] != "fire" {
		t.Errorf("FindWord finds %d, %v", p, ok)
	}
	if _, ok := table.FindWord([]byte("caught")); ok {
		t.Error("FindWord finds a phrase of two words")
	}
}

func TestRead(t *testing.T) {
	got := lexicon.Read("# comment\n\nhead 0.5: one, two words ,\n")
	want := []lexicon.Entry{{Heading: []string{"head", "0.5"}, Phrases: []string{"one", "two words"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
