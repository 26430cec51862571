package lexicon_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"earshot/rules/lexicon"
	"earshot/rules/text"
)

// A phrase of two languages has the meanings of both, and none twice.
func TestReadLists(t *testing.T) {
	lists := lexicon.ReadLists(fstest.MapFS{
		"words/en.txt": {Data: []byte("# said\nbad 2: Fire, fire, the fire\nbad 2: fire")},
		"words/fr.txt": {Data: []byte("proud: fire")},
		"words/README": {Data: []byte("no list")},
	}, func(lang string, heading []string, _ string) string { return lang + " " + heading[0] })
	var tokens text.Tokens
	tokens.Add(text.Body, "the fire")
	always := func(int, int, int) bool { return true }
	if p, n := lists.Find(&tokens, 0, always); n != 2 || !slices.Equal(lists.Meanings(p), []string{"en bad"}) {
		t.Errorf("the first %d tokens mean %q", n, lists.Meanings(p))
	}
	if p, n := lists.Find(&tokens, 1, always); n != 1 || !slices.Equal(lists.Meanings(p), []string{"en bad", "fr proud"}) {
		t.Errorf("%d tokens mean %q", n, lists.Meanings(p))
	}
}
