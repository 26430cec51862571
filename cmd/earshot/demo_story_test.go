package main

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"earshot"
	"earshot/cmd/earshot/story"
)

// demoConfig loads the embedded configuration of the demo.
func demoConfig(t *testing.T) *Config {
	t.Helper()
	cfg, err := writeDemoConfig(t.TempDir(), "127.0.0.1:1", "http://127.0.0.1:1", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// mentionOf is the step as a listener hears it.
func mentionOf(step story.Step) *earshot.Mention {
	m := &earshot.Mention{
		ID: step.Mention(), Network: "rss", Change: step.Does, Title: step.Title, Text: step.Text,
		URL: step.URL(), Lang: step.Lang, Author: earshot.Author{Handle: step.Handle},
	}
	if step.Handle == "" {
		m.Author.Name = step.Name
	}
	if step.Link != "" {
		m.Text += "\n" + step.Link
		m.Links = []string{step.Link}
	}
	return m
}

// The embedded book makes of every post of the tale what a thoughtful reader
// would: whether it is about the brand, who must hear of it, how soon.
func TestDemoStoryIsJudgedAsWritten(t *testing.T) {
	cfg := demoConfig(t)
	tale, err := story.Read(story.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range tale.Steps {
		if step.Does == earshot.Deleted {
			continue
		}
		verdicts := cfg.Book.Judge(mentionOf(step))
		if (len(verdicts) == 1) != step.Matches {
			t.Errorf("%s (%s): %d verdicts, matches: %t\n\t%s", step.ID, step.Chapter, len(verdicts), step.Matches, step.Text)
			continue
		}
		if step.Matches {
			checkVerdict(t, cfg, step, verdicts[0])
		}
	}
}

func checkVerdict(t *testing.T, cfg *Config, step story.Step, v earshot.Verdict) {
	t.Helper()
	var want []earshot.Route
	for _, e := range step.Expect {
		if e.Why != earshot.BecauseWithdrawn {
			want = append(want, earshot.Route{Team: e.Team, Kind: e.Kind, Topic: e.Topic})
		}
		band := cfg.Bands.Of(v.Urgency)
		old := step.Age > cfg.AlertMaxAge
		if (e.Why == earshot.BecauseNew || e.Why == earshot.BecauseEscalated) && !old && band != e.Urgency {
			t.Errorf("%s: urgency %v is %s, want %s\n\t%s\n\t%+v", step.ID, v.Urgency, band, e.Urgency, step.Text, v.Reasons)
		}
	}
	got := strongest(v)
	if !slices.Equal(got, sorted(want)) {
		t.Errorf("%s (%s): routes %v, want %v; sentiment %v, urgency %v, topics %v\n\t%s",
			step.ID, step.Chapter, got, want, v.Sentiment, v.Urgency, v.Topics, step.Text)
	}
}

// strongest keeps of a verdict's routes the most severe one for each team, as
// alerts do.
func strongest(v earshot.Verdict) []earshot.Route {
	var kept []earshot.Route
	for _, r := range v.Routes {
		i := slices.IndexFunc(kept, func(k earshot.Route) bool { return k.Team == r.Team })
		switch {
		case i < 0:
			kept = append(kept, r)
		case slices.Index(earshot.Kinds(), r.Kind) > slices.Index(earshot.Kinds(), kept[i].Kind):
			kept[i] = r
		}
	}
	return sorted(kept)
}

func sorted(routes []earshot.Route) []earshot.Route {
	slices.SortFunc(routes, func(a, b earshot.Route) int { return cmp.Compare(a.Team, b.Team) })
	return routes
}
