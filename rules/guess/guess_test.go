package guess_test

import (
	"testing"

	"earshot/rules/guess"
)

func TestClosest(t *testing.T) {
	candidates := []string{"safety", "missing", "sentiment", "urgency"}
	for word, want := range map[string]string{
		"safty": "safety", "sentimant": "sentiment", "urgnecy": "urgency", "Missing": "missing",
		"weather": "", "": "",
	} {
		if got := guess.Closest(word, candidates); got != want {
			t.Errorf("Closest(%q) = %q, want %q", word, got, want)
		}
	}
}
