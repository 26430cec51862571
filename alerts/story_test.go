package alerts_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"earshot"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

type option func(*earshot.Stored)

// post is a mention of acme that nobody needs to hear of, heard at noon and as
// many seconds as its sequence.
func post(sequence uint64, id string, options ...option) earshot.Stored {
	heard := noon.Add(time.Duration(sequence) * time.Second)
	s := earshot.Stored{
		Sequence: sequence,
		Brand:    "acme",
		Mention: earshot.Mention{
			ID: "mastodon:" + id, Network: "mastodon", Listener: "fedi", Change: earshot.New,
			Author: earshot.Author{Handle: "@" + id, Followers: 10}, Text: "Lost my astronaut " + id, Posted: heard.Add(-time.Minute), Heard: heard,
		},
		Verdict: &earshot.Verdict{Brand: "acme", Topics: []string{}, Routes: []earshot.Route{}},
	}
	for _, o := range options {
		o(&s)
	}
	return s
}

func angry(s *earshot.Stored) {
	s.Verdict.Urgency = 65 * earshot.Unit
	s.Verdict.Routes = append(s.Verdict.Routes, earshot.Route{Team: "cs", Kind: earshot.KindCustomer})
}

func danger(s *earshot.Stored) {
	s.Verdict.Urgency, s.Verdict.Danger = 90*earshot.Unit, true
	s.Verdict.Routes = append(s.Verdict.Routes, earshot.Route{Team: "pr", Kind: earshot.KindCrisis, Topic: "safety"})
}

func calm(s *earshot.Stored) { s.Verdict.Urgency = 35 * earshot.Unit }

func edited(s *earshot.Stored) { s.Mention.Change = earshot.Edited }

func old(s *earshot.Stored) { s.Mention.Posted = s.Mention.Heard.Add(-72 * time.Hour) }

func gone(s *earshot.Stored) {
	s.Mention = earshot.Mention{ID: s.Mention.ID, Network: s.Mention.Network, Change: earshot.Deleted, Heard: s.Mention.Heard}
	s.Verdict = nil
}

func of(brand string) option {
	return func(s *earshot.Stored) {
		s.Brand = brand
		if s.Verdict != nil {
			s.Verdict.Brand = brand
		}
	}
}

func links(urls ...string) option { return func(s *earshot.Stored) { s.Mention.Links = urls } }

func says(text string) option { return func(s *earshot.Stored) { s.Mention.Text = text } }

func routes(list ...earshot.Route) option {
	return func(s *earshot.Stored) { s.Verdict.Routes = list }
}

func replying(root string) option {
	return func(s *earshot.Stored) { s.Mention.Conversation = "mastodon:" + root }
}

func reposting(root string) option {
	return func(s *earshot.Stored) { s.Mention.RepostOf = "mastodon:" + root }
}

func by(handle string) option {
	return func(s *earshot.Stored) { s.Mention.Author.Handle = "@" + handle }
}

func spreads(s *earshot.Stored) {
	s.Verdict.Routes = append(s.Verdict.Routes, earshot.Route{Team: "pr", Kind: earshot.KindStory})
}

func article(url, title string) option {
	return func(s *earshot.Stored) { s.Mention.URL, s.Mention.Title, s.Mention.Network = url, title, "rss" }
}

// story has one of everything: chatter, a customer, a scare that spreads by link
// and by reply at two teams, edits, deletions, a second brand, old news.
func story() []earshot.Stored {
	const news = "https://news.example/fire"
	return []earshot.Stored{
		post(1, "chatter"),
		post(2, "lost", angry, calm),
		post(3, "fire", angry, danger, article(news+"?utm_source=feed", "Toy caught fire")),
		post(4, "share", angry, links("https://www.news.example/fire/#top")),
		post(5, "reply", angry, replying("fire")),
		post(6, "repost", danger, replying("share")),
		post(7, "zeta", angry, of("zeta")),
		post(8, "lost", angry, edited, says("Lost my astronaut, and the ship!")),
		post(9, "old one", angry, old),
		post(10, "old two", angry, danger, calm, old, func(s *earshot.Stored) { s.Verdict.Danger = false }),
		post(11, "old three", danger, old),
		post(12, "lost", edited, says("Found it, thanks!")),
		post(13, "share", gone),
		post(14, "fire", gone),
		post(15, "repost", gone),
		post(16, "zeta", gone, of("zeta")),
		post(17, "old one", gone),
		post(18, "chatter", gone),
		post(19, "lost", angry, edited, says("Lost again")),
		post(20, "share", gone),
	}
}

// randomStory is a log of few mentions that change often.
func randomStory(t *rapid.T) []earshot.Stored {
	var list []earshot.Stored
	seen := map[int]bool{}
	for i := range rapid.IntRange(1, 60).Draw(t, "length") {
		n := rapid.IntRange(0, 9).Draw(t, "id")
		var options []option
		if rapid.Bool().Draw(t, "angry") {
			options = append(options, angry)
		}
		if rapid.Bool().Draw(t, "danger") {
			options = append(options, danger)
		}
		if n%3 == 1 {
			options = append(options, replying(fmt.Sprint(n-1)))
		}
		if n%4 == 2 {
			options = append(options, links("https://news.example/story"))
		}
		if seen[n] {
			options = append(options, rapid.SampledFrom([]option{edited, gone}).Draw(t, "change"))
		}
		seen[n] = true
		options = append(options, says(rapid.SampledFrom([]string{"one", "two"}).Draw(t, "text")))
		list = append(list, post(uint64(i+1), fmt.Sprint(n), options...))
	}
	return list
}
