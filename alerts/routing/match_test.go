package routing_test

import (
	"testing"
	"time"

	"earshot"
	"earshot/alerts/duty"
	"earshot/alerts/routing"
)

// Each thing a line can ask for decides alone, on both sides of its border.
func TestEachMatcher(t *testing.T) {
	type is = routing.Match
	monday := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	none := earshot.Band("")
	for name, test := range map[string]struct {
		match is
		want  bool
		now   time.Time
		lang  string
		band  earshot.Band
		reach int64
	}{
		"nothing asked":          {match: is{}, want: true},
		"team":                   {match: is{Teams: []string{"pr", "cs"}}, want: true},
		"other team":             {match: is{Teams: []string{"pr"}}},
		"brand":                  {match: is{Brands: []string{"acme"}}, want: true},
		"other brand":            {match: is{Brands: []string{"acm", "acme2"}}},
		"kind":                   {match: is{Kinds: []earshot.Kind{earshot.KindCustomer}}, want: true},
		"other kind":             {match: is{Kinds: []earshot.Kind{earshot.KindStory, earshot.KindCrisis}}},
		"topic of the mention":   {match: is{Topics: []string{"price"}}, want: true},
		"topic of the route":     {match: is{Topics: []string{"safety", "battery"}}, want: true},
		"other topic":            {match: is{Topics: []string{"safety"}}},
		"network":                {match: is{Networks: []string{"x", "bluesky"}}, want: true},
		"other network":          {match: is{Networks: []string{"bluesky"}}},
		"language":               {match: is{Languages: []string{"da"}}, lang: "da", want: true},
		"language of a region":   {match: is{Languages: []string{"pt"}}, lang: "pt-BR", want: true},
		"language, other case":   {match: is{Languages: []string{"PT-br"}}, lang: "pt-BR", want: true},
		"another region":         {match: is{Languages: []string{"pt-PT"}}, lang: "pt-BR"},
		"unknown language":       {match: is{Languages: []string{"da"}}, lang: ""},
		"urgent enough":          {match: is{Urgency: earshot.High}, band: earshot.High, want: true},
		"more than enough":       {match: is{Urgency: earshot.High}, band: earshot.Critical, want: true},
		"not urgent enough":      {match: is{Urgency: earshot.High}, band: earshot.Normal},
		"followers":              {match: is{Reach: 1000}, reach: 1000, want: true},
		"one follower too few":   {match: is{Reach: 1000}, reach: 999},
		"at work, to the minute": {match: is{Hours: "open"}, now: monday, want: true},
		"not yet at work":        {match: is{Hours: "open"}, now: monday.Add(-time.Second)},
		"closed before":          {match: is{Hours: "closed"}, now: monday.Add(-time.Second), want: true},
		"closed no more":         {match: is{Hours: "closed"}, now: monday},
		"all but one":            {match: is{Teams: []string{"cs"}, Brands: []string{"acme"}, Networks: []string{"x"}, Reach: 1}},
	} {
		urgency := map[earshot.Band]earshot.Score{none: 0, earshot.Low: 0, earshot.Normal: 30, earshot.High: 60, earshot.Critical: 85}[test.band] * earshot.Unit
		m := earshot.Mention{ID: "x:1", Network: "x", Lang: test.lang, Author: earshot.Author{Followers: test.reach}}
		v := earshot.Verdict{Brand: "acme", Urgency: urgency, Topics: []string{"price"}}
		now := test.now
		if now.IsZero() {
			now = friday
		}
		_, steps := table(t, routing.Line{Match: test.match, To: routing.Target{Team: "pr", Kind: earshot.KindStory}}).Apply(&m, &v, []earshot.Route{cs}, now)
		if got := len(steps) == 1; got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Five past six is after work in each team's own time zone.
func TestApplyAt(t *testing.T) {
	var teams []routing.Team
	for name, zone := range map[string]string{"cs": "Europe/Copenhagen", "apac": "Asia/Tokyo"} {
		hours := duty.Hours{Zone: zone, Open: []duty.Span{{Days: []string{"mon-fri"}, From: "09:00", To: "18:00"}}}
		teams = append(teams, routing.Team{Name: name, Calendar: hours.Calendar()})
	}
	lines := []routing.Line{{Name: "closed", Match: routing.Match{Hours: "closed"}, To: routing.Target{Kind: earshot.KindStory}}}
	table, problems := routing.New("routing", lines, teams, earshot.DefaultBands())
	if problems != nil {
		t.Fatal(problems)
	}
	routes := []earshot.Route{{Team: "cs", Kind: earshot.KindCustomer}, {Team: "apac", Kind: earshot.KindCustomer}}
	for _, clock := range []struct {
		hour, minute, closed int
	}{{17, 55, 0}, {18, 5, 2}} {
		_, steps := table.ApplyAt(&earshot.Mention{}, &earshot.Verdict{}, routes, func(team string) time.Time {
			zone := map[string]string{"cs": "Europe/Copenhagen", "apac": "Asia/Tokyo"}[team]
			where, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			return time.Date(2026, 11, 27, clock.hour, clock.minute, 0, 0, where)
		})
		if len(steps) != clock.closed {
			t.Errorf("%02d:%02d: %v", clock.hour, clock.minute, steps)
		}
	}
}
