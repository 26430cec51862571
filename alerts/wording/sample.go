package wording

import (
	"time"

	"earshot"
)

// Sample is an alert that never was, with a bit of everything, for previews and tests
// of sinks.
func Sample(now time.Time) *earshot.Alert {
	now = now.UTC().Truncate(time.Second)
	posted := now.Add(-2 * time.Minute)
	m := &earshot.Mention{
		ID: "mastodon:social.example/1", Network: "mastodon", Listener: "sample",
		Author: earshot.Author{Handle: "@luka@social.example", Name: "Luka", Followers: 1240},
		Text:   "The wheel of our @acme robot came off after one day, and my son has been asking for it all week.\nCan anybody help?",
		URL:    "https://social.example/@luka/1", Lang: "en", Posted: posted, Heard: posted.Add(2 * time.Second),
	}
	return &earshot.Alert{
		ID: "sample.cs.1", Case: "sample", Revision: 1, Team: "cs", Brand: "acme", Kind: earshot.KindCustomer, Topic: "missing",
		Urgency: earshot.High, Why: earshot.BecauseNew, At: now, Count: 2, Reach: 1240, RespondBy: now.Add(time.Hour),
		Summary: "high · acme · missing · “The wheel of our @acme robot came off after one day” — @luka@social.example on mastodon",
		Mention: m,
		Verdict: &earshot.Verdict{Brand: "acme", Urgency: 65 * earshot.Unit, Reasons: []earshot.Reason{
			{Of: earshot.OfUrgency, Rule: "unhappy customer", Weight: 35 * earshot.Unit},
			{Of: earshot.OfUrgency, Rule: "request", Weight: 30 * earshot.Unit},
		}},
		Story: &earshot.Story{
			ID: "sample", Brand: "acme", Began: posted, Last: posted, Count: 2, Authors: 2, Reach: 1240, Networks: []string{"mastodon"},
			First: earshot.Source{Mention: m.ID, Network: "mastodon", URL: m.URL, Posted: posted, Reach: 1240},
			Top:   []earshot.Source{{Mention: "mastodon:social.example/2", Network: "mastodon", URL: "https://social.example/@ana/2", Posted: posted, Reach: 80}},
		},
	}
}
