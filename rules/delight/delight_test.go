package delight_test

import (
	"strings"
	"testing"

	"earshot"
	"earshot/rules/delight"
	"earshot/rules/relevance"
	"earshot/rules/text"
)

// weigh returns the parts of a text by rule.
func weigh(m *delight.Meter, s, lang string, e delight.Evidence) map[string]earshot.Score {
	var tokens text.Tokens
	tokens.Add(text.Body, s)
	m.Read(&tokens, lang)
	if e.Mention == nil {
		e.Mention = &earshot.Mention{}
	}
	parts := map[string]earshot.Score{}
	for _, p := range m.Weigh(nil, &e) {
		parts[p.Rule] += p.Weight
	}
	return parts
}

const ordinary = "@acme third time I've ordered and the castle arrived with missing pieces. Nobody answers the phone! What do I tell my daughter? 😡"

// What nobody is glad or touched about has no parts at all, whatever else is said.
func TestNothingFelt(t *testing.T) {
	if parts := weigh(&delight.Meter{}, ordinary, "en", delight.Evidence{Sentiment: -900_000, Addressed: true}); len(parts) > 0 {
		t.Errorf("%v", parts)
	}
}

// Each sign counts what docs/rules.md says.
func TestSigns(t *testing.T) {
	glad := delight.Evidence{Sentiment: 700_000}
	by := func(a earshot.Author) delight.Evidence {
		return delight.Evidence{Sentiment: 700_000, Mention: &earshot.Mention{Author: a}}
	}
	with := func(m earshot.Mention) delight.Evidence { return delight.Evidence{Sentiment: 700_000, Mention: &m} }
	for _, c := range []struct {
		text, lang, rule string
		evidence         delight.Evidence
		want             earshot.Score
	}{
		{"nice", "en", delight.RuleJoy, glad, 250_000},
		{"nice", "en", delight.RuleJoy, delight.Evidence{Sentiment: 425_000}, 125_000},
		{"it made my day", "en", delight.RuleTouching, delight.Evidence{}, 150_000},
		{"it made my day, we cried happy tears and cannot thank you enough, so grateful", "en", delight.RuleTouching, delight.Evidence{}, 400_000},
		{"my name is Ida", "en", delight.RuleChild, glad, 150_000}, // joy has taken the rest
		{"ich heiße Ida", "de", delight.RuleChild, delight.Evidence{}, 200_000},
		{"ich heiße Ida", "en", delight.RuleChild, delight.Evidence{}, 0},
		{"I wrote and they answered", "en", delight.RuleSelf, glad, 100_000},
		{"I wrote a letter", "en", delight.RuleSelf, glad, 0}, // and nothing else happened
		{"she wrote a letter", "en", delight.RuleTold, glad, 0},
		{"I wrote and they answered", "en", delight.RuleTold, glad, 120_000},
		{"I wrote and wrote and wrote", "en", delight.RuleTold, glad, 60_000},
		{"I wrote, they answered, sent, gave, brought", "en", delight.RuleTold, glad, 180_000},
		{"I wrote, they answered" + strings.Repeat(" and", 32), "en", delight.RuleLength, glad, 60_000},
		{"I wrote" + strings.Repeat(" and", 99), "en", delight.RuleLength, glad, 0},
		{"a gift for my son", "en", delight.RuleDear, glad, 60_000},
		{"a gift for my son", "en", delight.RuleGift, glad, 40_000},
		{"nice", "en", delight.RuleBrand, delight.Evidence{Sentiment: 700_000, Addressed: true, Named: true}, 100_000},
		{"nice", "en", delight.RuleNamed, delight.Evidence{Sentiment: 700_000, Named: true}, 50_000},
		{"shop now, use code X, link in bio", "en", delight.RuleSells, glad, -800_000},
		{"nice #ad", "en", delight.RuleSells, glad, -400_000},
		{"a spokesperson announced today", "en", delight.RulePress, glad, -400_000},
		{"nice", "en", delight.RuleMachine, by(earshot.Author{Handle: "AcmeNews"}), -300_000},
		{"nice", "en", delight.RuleMachine, by(earshot.Author{Handle: "acme_bot7"}), -300_000},
		{"nice", "en", delight.RuleMachine, by(earshot.Author{Name: "The Toy Shop"}), -300_000},
		{"nice", "en", delight.RuleMachine, by(earshot.Author{Handle: "abbot", Name: "Newsom Shopfield"}), 0},
		{"nice #a1 #b1 #c1 #d1 #e1", "en", delight.RuleTags, glad, -200_000},
		{"nice", "en", delight.RuleLinks, with(earshot.Mention{Links: []string{"a", "b", "c"}}), -200_000},
		{"nice", "en", delight.RuleRepost, with(earshot.Mention{RepostOf: "x:1"}), -1_000_000},
		{"nice", "en", delight.RuleOwned, delight.Evidence{Sentiment: 700_000, Owned: true}, -1_000_000},
		{"nice", "en", delight.RuleCrowd, with(earshot.Mention{Engagement: earshot.Engagement{Replies: 3}}), 0},
		{"nice", "en", delight.RuleCrowd, with(earshot.Mention{Engagement: earshot.Engagement{Replies: 100}}), -300_000},
		{"nice", "en", delight.RuleAnger, delight.Evidence{Sentiment: 700_000, Complaint: 600_000}, -350_000},
		{"my name is Ida, i am six", "en", delight.RuleAnger, delight.Evidence{Complaint: 1_000_000}, -140_000},
		{"nice", "en", delight.RuleDanger, delight.Evidence{Sentiment: 700_000, Danger: 500_000}, -150_000},
		{"thanks for nothing", "en", delight.RuleSour, glad, -200_000},
		{"nice", "en", delight.RuleRating, with(earshot.Mention{Rating: 2}), -300_000},
	} {
		if got := weigh(&delight.Meter{}, c.text, c.lang, c.evidence)[c.rule]; got != c.want {
			t.Errorf("%q: %s is %s, want %s", c.text, c.rule, got, c.want)
		}
	}
}

// Reading an ordinary post and finding nothing in it allocates nothing, and neither
// does a letter.
func TestNoAllocations(t *testing.T) {
	var m delight.Meter
	for _, s := range []string{ordinary, "my name is Ida, i am six, I wrote you a letter and you made my day, thank you"} {
		var tokens text.Tokens
		tokens.Add(text.Body, s)
		e := delight.Evidence{Mention: &earshot.Mention{}, Sentiment: 700_000}
		parts := make([]relevance.Part, 0, 32)
		m.Read(&tokens, "en")
		if n := testing.AllocsPerRun(20, func() {
			m.Read(&tokens, "en")
			parts = m.Weigh(parts[:0], &e)
		}); n > 0 {
			t.Errorf("%v allocations for %q", n, s)
		}
	}
}

// Whatever is written, feelings and story keep within their bounds, parts are never
// empty and point into the text.
func FuzzWeigh(f *testing.F) {
	f.Add("my name is Ida, i am six. Yesterday I wrote a letter", "en", int64(500_000), int64(4))
	f.Add("昨日、息子に手紙が届きました", "ja", int64(0), int64(0))
	f.Add("#ad #ad #ad #ad #ad\xff shop now", "", int64(1_000_000), int64(-1))
	var m delight.Meter
	f.Fuzz(func(t *testing.T, s, lang string, sentiment, replies int64) {
		var tokens text.Tokens
		tokens.Add(text.Body, s)
		m.Read(&tokens, lang)
		parts := m.Weigh(nil, &delight.Evidence{
			Mention: &earshot.Mention{Engagement: earshot.Engagement{Replies: replies}}, Sentiment: earshot.Score(sentiment), Complaint: earshot.Score(sentiment),
		})
		sum := earshot.Score(0)
		for _, p := range parts {
			if p.Weight == 0 || p.From > p.To || p.To > len(s) || p.From < 0 {
				t.Fatalf("%v of %d bytes", p, len(s))
			}
			if p.Weight > 0 {
				sum += p.Weight
			}
		}
		if sum > earshot.Unit || len(parts) > 64 {
			t.Fatalf("%s from %d parts", sum, len(parts))
		}
	})
}

// What an ordinary post costs.
func BenchmarkOrdinary(b *testing.B) {
	var m delight.Meter
	var tokens text.Tokens
	tokens.Add(text.Body, ordinary)
	e := delight.Evidence{Mention: &earshot.Mention{}, Sentiment: -900_000}
	var parts []relevance.Part
	m.Read(&tokens, "en") // and the lists
	b.ReportAllocs()
	for b.Loop() {
		m.Read(&tokens, "en")
		parts = m.Weigh(parts[:0], &e)
	}
}
