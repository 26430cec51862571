package main

import (
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/casework"
)

// The sheet of a crisis says what was told of it: whether it is real, new and ours.
func TestSheetOfACrisis(t *testing.T) {
	s := &casework.Sheet{
		Case: earshot.Case{ID: "c", Team: "pr", Brand: "acme", Kind: earshot.KindCrisis, Band: earshot.Critical, Alarm: earshot.InCrisis},
		Evidence: &earshot.Evidence{
			From: earshot.Elevated, To: earshot.InCrisis, Seen: 300, Expected: 4, Negative: 240, Authors: 280, NewShare: .25, Copies: .5, Reach: 90000,
			Networks: []earshot.Tally{{Name: "x", Count: 200}}, Words: []earshot.Tally{{Name: "recall\x1b[31m", Count: 120}},
			Because: []earshot.Finding{{What: "networks with three negative authors", Seen: 2, Needed: 2, Met: true}, {What: "followers of all authors", Seen: 90000, Needed: 1e6}},
		},
	}
	text := string(sheetText(explainer{}, s, time.Now()))
	for _, said := range []string{
		"crisis: 300 mentions in an hour, usually 4", "25 % new accounts", "50 % copies", "new words recall", "(120)",
		"+ networks with three negative authors: 2 of 2", "- followers of all authors: 90000 of 1000000",
	} {
		if !strings.Contains(text, said) {
			t.Errorf("it does not say %q:\n%s", said, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("it holds what a terminal obeys: %q", text)
	}
}
