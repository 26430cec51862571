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
	now := time.Now()
	s := &casework.Sheet{
		Case: earshot.Case{ID: "c", Team: "pr", Brand: "acme", Kind: earshot.KindCrisis, Band: earshot.Critical, Alarm: earshot.InCrisis},
		Evidence: &earshot.Evidence{
			From: earshot.Elevated, To: earshot.InCrisis, Seen: 300, Expected: 4, Negative: 240, Authors: 280, NewShare: .25, Copies: .5, Reach: 90000,
			Networks: []earshot.Tally{{Name: "x", Count: 200}}, Words: []earshot.Tally{{Name: "recall\x1b[31m", Count: 120}},
			Because: []earshot.Finding{{What: "networks with three negative authors", Seen: 2, Needed: 2, Met: true}, {What: "followers of all authors", Seen: 90000, Needed: 1e6}, {What: "authors against habit, powers of ten", Seen: 2, Needed: 7}},
		},
		Posts: []casework.Post{
			{Mention: "x:1", First: true, Network: "x", Author: "@ann", Words: "It burns", URL: "https://x.example/1", Posted: now.Add(-2 * time.Minute), Reach: 1200},
			{Mention: "x:2", Network: "x", Words: "So\x1b[2J do mine"},
		},
	}
	text := string(sheetText(explainer{}, s, now, false))
	for _, said := range []string{
		"crisis: 300 mentions in an hour, usually 4", "25 % new accounts", "50 % copies", "new words  recall", "(120)",
		"+ networks with three negative authors: 2, asked for 2", "- followers of all authors: 90,000, asked for 1,000,000",
		"- chance of so many authors by habit: 1:100, asked for 1:10,000,000", "began with “It burns”",
		"— @ann on x, 1,200 followers, 2m ago: https://x.example/1", "— somebody on x: x:2",
	} {
		if !strings.Contains(text, said) {
			t.Errorf("it does not say %q:\n%s", said, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("it holds what a terminal obeys: %q", text)
	}
}

// The sheet of a story says how large it is; each mention in it has its scores and the
// strongest reasons, or all of them.
func TestSheetOfAStory(t *testing.T) {
	now := time.Now()
	m := &earshot.Mention{ID: "x:1", Network: "x", Text: "acme is broken, awful, please help"}
	reason := func(of earshot.Quality, rule string, weight earshot.Score) earshot.Reason {
		return earshot.Reason{Of: of, Rule: rule, Weight: weight}
	}
	s := &casework.Sheet{
		Case:  earshot.Case{ID: "c", Team: "pr", Brand: "acme", Kind: earshot.KindStory, Band: earshot.High, Count: 1},
		Story: &earshot.Story{Count: 1200, Authors: 1100, Copies: 1000, Reposts: 1, Reach: 533400, Networks: []string{"x", "rss"}, Began: now.Add(-time.Hour), Last: now},
		Mentions: []casework.Said{{Key: m.Key(), Mention: m, Verdict: &earshot.Verdict{
			Brand: "acme", Sentiment: -earshot.Unit / 2, Urgency: 60 * earshot.Unit, Routes: []earshot.Route{{Team: "cs", Kind: earshot.KindCustomer}},
			Reasons: []earshot.Reason{
				reason(earshot.OfSentiment, "faint", -earshot.Unit/100), reason(earshot.OfSentiment, "awful", -earshot.Unit/4),
				reason(earshot.OfSentiment, "help", earshot.Unit/10), reason(earshot.OfSentiment, "broken", -earshot.Unit/3),
			},
		}}},
	}
	text := string(sheetText(explainer{}, s, now, false))
	for _, said := range []string{
		"a story of 1,200 posts by 1,100 authors on x, rss", "533,400 followers", "1 repost, 1,000 copies", "began      1h ago, last post just now",
		"sentiment -0.5, urgency 60, goes to cs as customer", "-0.33 broken; -0.25 awful; +0.1 help; and 1 more",
	} {
		if !strings.Contains(text, said) {
			t.Errorf("it does not say %q:\n%s", said, text)
		}
	}
	if all := string(sheetText(explainer{}, s, now, true)); !strings.Contains(all, "faint") || strings.Contains(text, "faint") {
		t.Errorf("in short:\n%s\nall:\n%s", text, all)
	}
}

// However long names and words are, and whatever is in them, the list has 120 columns.
func TestListIsNarrow(t *testing.T) {
	long := strings.Repeat("word ", 100)
	page := &casework.Page{Total: 3, Cases: []casework.Item{
		{ID: strings.Repeat("k", 26), Brand: strings.Repeat("b", 40), Kind: earshot.KindCustomer, Topic: strings.Repeat("t", 40), Owner: strings.Repeat("o", 40), State: earshot.Muted, MutedTill: time.Now().Add(47 * time.Hour), Band: earshot.Critical, Count: 1000000, Reach: 1e12, Author: "@" + long, Words: long},
		{ID: strings.Repeat("m", 26), Brand: "acme", Author: "@li", Words: strings.Repeat("坏了", 100)},
		{ID: strings.Repeat("n", 26), Brand: "acme", Author: "@x\x1b[2J", Words: "boom\u202e\x9b31m"},
	}}
	var out strings.Builder
	if err := printCases(&out, explainer{}, page, time.Now()); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		wide := 0
		for _, r := range strings.TrimSuffix(line, "\n") {
			if wide++; r > 0x2e80 {
				wide++
			}
		}
		if wide > columns || strings.ContainsAny(line, "\x1b\u202e\u009b") {
			t.Errorf("%d columns: %q", wide, line)
		}
	}
	if !strings.Contains(out.String(), "  @li: 坏了坏了") {
		t.Errorf("nobody says who wrote what:\n%s", out.String())
	}
}
