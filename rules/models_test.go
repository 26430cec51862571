package rules_test

import (
	"strings"
	"testing"

	"earshot"
	"earshot/rules"
	"earshot/rules/features"
	"earshot/rules/language"
	"earshot/rules/sentiment"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

// models is what measures texts in the book, without queries and rules.
type models struct {
	post     features.Post
	feelings sentiment.Meter
	pressure urgency.Meter
}

func (m *models) measure(tokens *text.Tokens, s string) string {
	m.post.Read("", s)
	fields := [2]string{text.Body: s}
	lang := language.Guess(&m.post, "", s)
	m.feelings.Measure(sentiment.Input{Tokens: tokens, Post: &m.post, Fields: fields, Lang: lang})
	m.pressure.Measure(urgency.Input{Tokens: tokens, Post: &m.post, Fields: fields, Lang: lang})
	return lang
}

const complaint = "@acme third time I've ordered and the castle arrived with missing pieces. Nobody answers the phone! What do I tell my daughter? 😡"

// Sentiment, all heads and the language of a post, its words already cut.
func BenchmarkModels(b *testing.B) {
	var m models
	var tokens text.Tokens
	tokens.Add(text.Body, complaint)
	m.measure(&tokens, complaint)
	b.ReportAllocs()
	for b.Loop() {
		m.measure(&tokens, complaint)
	}
}

// Measuring allocates nothing once it has measured.
func TestModelsAllocateNothing(t *testing.T) {
	var m models
	var tokens text.Tokens
	tokens.Add(text.Body, complaint)
	m.measure(&tokens, complaint)
	if n := testing.AllocsPerRun(20, func() { m.measure(&tokens, complaint) }); n > 0 && !poolsLeak {
		t.Errorf("%v allocations", n)
	}
}

// The models have weights for what they claim: without words of a language they
// would say the same of good and bad.
func TestWeightsAreThere(t *testing.T) {
	for lang, pair := range map[string][2]string{
		"en": {"awful, it broke", "lovely, it works"}, "de": {"furchtbar schlecht", "wunderbar schön"},
		"th": {"แย่มาก", "ดีมาก"}, "pt": {"péssimo atendimento", "atendimento maravilhoso"},
	} {
		if bad, good := rules.Score(pair[0], lang), rules.Score(pair[1], lang); bad.Sentiment >= good.Sentiment-earshot.Unit/4 {
			t.Errorf("%s: %s and %s", lang, bad.Sentiment, good.Sentiment)
		}
	}
	s := rules.Score("you are a stupid idiot, shut up", "en")
	if s.Heads["offensive"] < earshot.Unit/2 {
		t.Errorf("offensive is %s", s.Heads["offensive"])
	}
}

// The scores of any text decompose exactly, and hostile ones are bounded.
func TestScoresOfHostileTexts(t *testing.T) {
	for _, unit := range []string{"a", "good ", "bad!", "\u0301", "😡", "\xff", "ก", "not ", "漢", "hate ", "?!", "", ":("} {
		s := strings.Repeat(unit, (1<<20)/max(len(unit), 1))
		score := rules.Score(s, "")
		sum := earshot.Score(0)
		for _, r := range score.Reasons {
			if r.Of == earshot.OfSentiment {
				sum += r.Weight
			}
		}
		if sum != score.Sentiment || len(score.Reasons) > 150 {
			t.Errorf("%q: %d reasons sum to %s, not %s", unit, len(score.Reasons), sum, score.Sentiment)
		}
	}
}
