package alerts_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/alerts/alertstest"
	"earshot/alerts/casework"
)

func owned(s *earshot.Stored) {
	s.Verdict.OwnedAuthor = true
	s.Mention.Author.Handle = "@acmecare"
}

func feels(sentiment float64) option {
	return func(s *earshot.Stored) { s.Verdict.Sentiment = earshot.ScoreOf(sentiment) }
}

func to(id string) option {
	return func(s *earshot.Stored) { s.Mention.ReplyTo = "mastodon:" + id }
}

// lives runs an engine over a log and returns what became of its cases, an event a
// line, and what teams were told.
func lives(t *testing.T, list ...earshot.Stored) (events []string, told []earshot.Alert, last map[string]earshot.Case) {
	t.Helper()
	last = map[string]earshot.Case{}
	synctest.Test(t, func(t *testing.T) {
		l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
		l.mentions.Add(list...)
		l.run(t, nil)
		for _, e := range l.log.All() {
			line := fmt.Sprintf("%s %s %d", e.Event, e.Case.State, e.Case.Count)
			if !e.Case.RespondBy.IsZero() && e.Case.Answered.IsZero() {
				line += fmt.Sprintf(" first by %s", e.Case.RespondBy.Sub(noon))
			}
			if !e.Case.NextBy.IsZero() {
				line += fmt.Sprintf(" next by %s", e.Case.NextBy.Sub(noon))
			}
			events = append(events, line)
			last[e.Case.Team+" "+e.Case.Customer] = e.Case
		}
		told = l.log.Alerts()
	})
	return events, told, last
}

// The brand's reply stops the clock of the customer it answers, a thank-you leaves
// it stopped, and whatever else the customer says begins the next one.
func TestAnswered(t *testing.T) {
	events, told, _ := lives(
		t,
		post(1, "a", angry, by("jane")),
		post(2, "b", angry, by("bob"), replying("a")),
		post(3, "reply", owned, to("a"), replying("a")),
		post(4, "c", by("jane"), to("reply"), replying("a"), says("Thank you so much! 🙏"), feels(.6)),
		post(5, "d", by("jane"), to("reply"), replying("a"), says("My order number is 123-456")),
		post(6, "again", owned, to("d"), replying("a")),
		post(7, "stranger", by("zoe"), to("reply"), replying("a"), says("Same here")),
	)
	want := []string{
		"opened open 1 first by 1h0m1s",
		"opened open 1 first by 1h0m2s",
		"answered answered 1",
		"thanked answered 2",
		"reopened open 3 next by 1h0m5s",
		"answered answered 3",
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(told) != 3 {
		t.Errorf("%d alerts: %+v", len(told), told)
	}
}

// A resolved case comes back when its customer speaks in its thread, but a new
// matter is a new case, and so is one after two days.
func TestCustomerComesBack(t *testing.T) {
	later := func(d time.Duration) option {
		return func(s *earshot.Stored) {
			s.Mention.Heard, s.Mention.Posted = s.Mention.Heard.Add(d), s.Mention.Posted.Add(d)
		}
	}
	events, _, _ := lives(
		t,
		post(1, "a", angry, by("jane")),
		post(2, "b", angry, by("jane"), later(47*time.Hour)),
		post(3, "c", angry, by("jane"), later(96*time.Hour)),
		post(4, "d", angry, by("jane"), later(96*time.Hour), replying("a")),
	)
	want := []string{
		"opened open 1 first by 1h0m1s",
		"grown open 2 first by 1h0m1s",
		"opened open 1 first by 97h0m3s",
		"grown open 3 first by 1h0m1s",
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// What says thank you and nothing else, in many languages.
func TestThanks(t *testing.T) {
	for text, thanks := range map[string]bool{
		"Vielen Dank für die schnelle Hilfe": true, "Cool, appreciate it": true, "No worries, all sorted now": true, "🙏❤️": true, "Muchas gracias a todo el equipo": true, "Thx, that worked": true,
		"Thanks!": true,
		"@acmecare ok great, thanks a lot, that was quick": true,
		"Vielen Dank, super":            true,
		"Merci beaucoup 😊":              true,
		"ขอบคุณมากครับ":                 true,
		"gracias 👍":                     true,
		"شكرا":                          true,
		"👍":                             true,
		"Perfect, got it, cheers":       true,
		"Thanks Sarah, you're a star":   true,
		"thaaanks!!":                    true,
		"Danke, hat geklappt":           true,
		"Muchas gracias por la ayuda":   true,
		"Merci, c'est parfait":          true,
		"ありがとうございます":                    true,
		"спасибо большое":               true,
		"Tack så mycket":                true,
		"dank je wel":                   true,
		"You’re the best, thanks again": true,
		"great, will do":                true,
		"ta":                            true,
		"ได้รับของแล้วค่ะ ขอบคุณมากๆ": true,
		"Obrigada pela ajuda":                true,
		"bahut dhanyavaad":                   true,
		"감사합니다":                              true,
		"Thanks, but it still does not work": false,
		"thanks, when will it arrive?":       false,
		"Danke, aber es geht nicht":          false,
		"My order number is 12":              false,
		"":                                   false,
		"Thanks for nothing":                 false,
		"ขอบคุณ แต่ยังไม่ได้ของ":                                                                                   false,
		"merci mais ça ne marche pas":                                                                              false,
		"Thanks I sent you the photos and the receipt and the number of the order as you asked me to do last week": false,
		"thanks, my solicitor will enjoy this":                                                                     false,
		"oh thanks a lot, the screen is black now 🙄":                                                               false,
		"Thanks for ruining my weekend":                                                                            false,
		"Great, another month of waiting. Thanks.":                                                                 false,
		"Toll, wieder eine Woche warten. Danke!":                                                                   false,
		"спасибо, но ничего не изменилось":                                                                         false,
		"thanks i guess": false,
		"Thank you, the second one caught fire as well": false,
		"Thanks, it is SM-4711":                         false,
		"ขอบคุณที่ทำให้เสียเวลา":                        false,
		"thanks, I have told my bank to take it back":   false,
		"Danke, Betrug Deluxe":                          false,
		"ありがとう、でもまだ直っていません":                             false,
		"gracias por nada":                              false,
		"Thanks, sent by DM":                            false,
		"no thanks":                                     false,
	} {
		events, _, _ := lives(
			t,
			post(1, "a", angry, by("jane")), post(2, "reply", owned, to("a"), replying("a")),
			post(3, "c", by("jane"), to("reply"), replying("a"), says(text)),
		)
		want := "reopened open 2 next by 1h0m3s"
		if thanks {
			want = "thanked answered 2"
		}
		if got := events[len(events)-1]; got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// A story that spreads writes one event for what a batch brings, and an engine that
// dies between the case and what it knows of the mentions counts none twice.
func TestQuietGrowthIsCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := life{&alertstest.Log{}, &alertstest.Mentions{}, config}
		l.mentions.Add(post(1, "a", spreads))
		l.run(t, nil)
		for n := range 50 {
			l.mentions.Add(post(uint64(n+2), fmt.Sprint("b", n), spreads, reposting("a")))
		}
		dieBetween(t, l)
		l.run(t, nil)
		events := l.log.All()
		last := events[len(events)-1].Case
		if last.Count != 51 || last.Untold != 0 || len(events) > 4 {
			t.Errorf("%d mentions in the case after %d events, %d untold", last.Count, len(events), last.Untold)
		}
		for _, a := range l.log.Alerts() {
			t.Log(a.Why, a.Count)
		}
	})
}

// Who writes again after a case was resolved without a word to them is owed a first
// answer from then on.
func TestResolvedWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAgency(t)
		a.hear("a", angry, by("jane"))
		id := a.caseOf("cs", "a")
		resolved, err := casework.Act(a.last("cs", id), casework.Action{Verb: casework.Resolve, By: "ann", Team: "cs"}, noon, casework.Limits{})
		a.store([]earshot.CaseEvent{resolved}, err)
		a.hear("b", angry, by("jane"), replying("a"), func(s *earshot.Stored) {
			s.Mention.Heard, s.Mention.Posted = noon.Add(5*time.Hour), noon.Add(5*time.Hour)
		})
		c := a.last("cs", id).Case
		if c.State != earshot.Open || !c.RespondBy.Equal(noon.Add(6*time.Hour)) {
			t.Errorf("it is %s, to be answered by %v", c.State, c.RespondBy)
		}
	})
}

// Who shares a post with a matter of their own is a customer of their own; who
// only shares it joins.
func TestSharedWithWords(t *testing.T) {
	const lamp = "@acmecare my lamp of yours arrived broken, what an awful week"
	for text, own := range map[string]bool{
		lamp:                             false,
		"RT @jane: " + lamp[:40]:         false,
		"RT @jane: " + lamp + " so true": false,
		"Mine burned my daughter's hand, please help RT @jane: " + lamp: true,
		"RT @jane: " + lamp + " -- and I want my money back":            true,
		"ของฉันไหม้มือลูกสาว ช่วยด้วยค่ะ " + lamp:                       true,
		"": false,
	} {
		_, _, last := lives(t, post(1, "a", angry, by("jane"), says(lamp)), post(2, "b", angry, by("ivo"), reposting("a"), says(text)))
		if got := len(last) == 2; got != own {
			t.Errorf("%q: %d cases", text, len(last))
		}
	}
	// Of a post that was not heard, what stands before RT is theirs.
	for text, own := range map[string]bool{"RT @jane: " + lamp: false, "Mine burned my daughter's hand RT @jane: " + lamp: true} {
		_, _, last := lives(t, post(1, "b", angry, by("ivo"), reposting("a"), says(text)))
		for _, c := range last {
			if got := c.Customer != ""; got != own {
				t.Errorf("%q: a customer's %v", text, got)
			}
		}
	}
}
