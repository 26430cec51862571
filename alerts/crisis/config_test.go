package crisis_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/crisis"
)

// Every mistake in the configuration is told with its place and a way out.
func TestConfigMistakes(t *testing.T) {
	for _, test := range []struct {
		name   string
		config crisis.Config
		want   string // path, and part of what is said; empty for none
	}{
		{"nothing", crisis.Config{}, ""},
		{"all of it", crisis.Config{
			Mentions: 5, Authors: 4, Crowd: 20, Negative: 0.4, Networks: 3, Reach: 10, Times: 4, Update: time.Hour,
			Refrain: time.Hour, Budget: 1, ColdStart: time.Hour,
			Planned:   []crisis.Event{{Name: "launch", From: monday, To: monday.Add(day), Topics: []string{"sets"}}},
			Watchlist: crisis.Watchlist{Authors: []string{"@jane"}, Domains: []string{"news.example"}, Reach: 5},
		}, ""},
		{"less than nothing", crisis.Config{Authors: -1}, "authors: it cannot be negative"},
		{"no number", crisis.Config{Times: math.NaN()}, "times: it cannot be negative"},
		{"too large a share", crisis.Config{Negative: 30}, "negative: a share is at most 1"},
		{"a crowd of few", crisis.Config{Authors: 50, Crowd: 20}, "crowd: 20 authors"},
		{"updates all the time", crisis.Config{Update: time.Second}, "update: nothing is looked at so often"},
		{"no name", crisis.Config{Planned: []crisis.Event{{From: monday, To: monday.Add(day)}}}, "planned[0]: the event has no name"},
		{"no end", crisis.Config{Planned: []crisis.Event{{Name: "launch", From: monday}}}, "planned[0]: the event has no beginning or no end"},
		{"backwards", crisis.Config{Planned: []crisis.Event{{Name: "launch", From: monday.Add(day), To: monday}}}, "planned[0].to: the event ends before"},
		{"for ever", crisis.Config{Planned: []crisis.Event{{Name: "launch", From: monday, To: monday.AddDate(1, 0, 0)}}}, "planned[0].to: the event is longer"},
		{"a link", crisis.Config{Watchlist: crisis.Watchlist{Domains: []string{"https://news.example/"}}}, "watchlist.domains[0]"},
		{"an empty line", crisis.Config{Watchlist: crisis.Watchlist{Authors: []string{" "}}}, "watchlist.authors[0]: it is empty"},
	} {
		problems := test.config.Check()
		switch {
		case test.want == "" && len(problems) > 0:
			t.Errorf("%s: %v, want no problem", test.name, problems)
		case test.want == "":
		case len(problems) != 1:
			t.Errorf("%s: %v, want one problem", test.name, problems)
		case !strings.HasPrefix(problems[0].Path+": "+problems[0].What, strings.SplitN(test.want, ": ", 2)[0]) ||
			!strings.Contains(problems[0].Path+": "+problems[0].What, test.want) || problems[0].Hint == "":
			t.Errorf("%s: %v, want %s", test.name, problems[0], test.want)
		}
	}
}

// Whoever is on the watch list is found on every network, and nobody else is.
func TestWatchlist(t *testing.T) {
	list := crisis.Watchlist{
		Authors: []string{"@Consumer_Watch", "x:jane"}, Networks: []string{"mail"}, Domains: []string{"News.example"},
		Labels: []string{"press"}, Reach: 100_000,
	}
	verdict := func(labels ...string) *earshot.Verdict { return &earshot.Verdict{Labels: labels} }
	for _, test := range []struct {
		name    string
		mention earshot.Mention
		verdict *earshot.Verdict
		want    string
	}{
		{"nobody", earshot.Mention{Network: "x", Author: earshot.Author{Handle: "@joe", Followers: 99_999}}, verdict("toy"), ""},
		{"no author", earshot.Mention{Network: "rss"}, nil, ""},
		{"an office", earshot.Mention{Network: "reddit", Author: earshot.Author{Handle: "consumer_watch"}}, nil, "author"},
		{"a journalist", earshot.Mention{Network: "x", Author: earshot.Author{Handle: "@Jane"}}, nil, "author"},
		{"her namesake", earshot.Mention{Network: "reddit", Author: earshot.Author{Handle: "jane"}}, nil, ""},
		{"a letter", earshot.Mention{Network: "mail"}, nil, "network"},
		{"a newspaper", earshot.Mention{Network: "rss", URL: "https://www.news.example/a"}, nil, "website"},
		{"a newspaper itself", earshot.Mention{Network: "rss", URL: "https://news.example:443"}, nil, "website"},
		{"its namesake", earshot.Mention{Network: "rss", URL: "https://fakenews.example/news.example"}, nil, ""},
		{"no link", earshot.Mention{Network: "rss", URL: "https://[::1"}, nil, ""},
		{"a label", earshot.Mention{Network: "x"}, verdict("toy", "press"), "label"},
		{"many followers", earshot.Mention{Network: "x", Author: earshot.Author{Followers: 100_000}}, nil, "followers"},
	} {
		got := list.Match(&test.mention, test.verdict)
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want it to name the %s", test.name, got, test.want)
		}
		if handle := strings.TrimPrefix(test.mention.Author.Handle, "@"); handle != "" && strings.Contains(strings.ToLower(got), strings.ToLower(handle)) {
			t.Errorf("%s: %q repeats the handle", test.name, got)
		}
	}
}
