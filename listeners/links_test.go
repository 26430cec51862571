package listeners_test

import (
	"slices"
	"testing"

	"earshot/listeners"
)

// Addresses are found where people write them, once each, without what follows.
func TestBareLinks(t *testing.T) {
	for text, want := range map[string][]string{
		"see https://a.example/x.":                             {"https://a.example/x"},
		"(http://a.example/x?y=1), https://b.example!":         {"http://a.example/x?y=1", "https://b.example"},
		"https://a.example/x https://a.example/x":              {"https://a.example/x"},
		"見て https://a.example/x。すごい":                           {"https://a.example/x"},
		"http and https:// and httpx://a.example are no links": nil,
	} {
		if got := listeners.AppendBareLinks(nil, text, 9); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if got := listeners.AppendBareLinks([]string{"https://z.example"}, "https://a.example https://b.example", 2); len(got) != 2 {
		t.Errorf("more than asked for: %q", got)
	}
}
