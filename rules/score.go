package rules

import (
	"earshot"
	"earshot/rules/language"
	"earshot/rules/sentiment"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

// TextScore is what the models alone say of a text, without brands and rules.
type TextScore struct {
	Sentiment  earshot.Score            `json:"sentiment"`  // [-1,1]
	Label      string                   `json:"label"`      // neg, neu or pos
	Confidence earshot.Score            `json:"confidence"` // [0,1]: how sure the label is
	Heads      map[string]earshot.Score `json:"heads"`      // [0,1] each: complaint, request …
	Language   string                   `json:"language"`   // as claimed, else guessed; empty if unknown
	Reasons    []earshot.Reason         `json:"reasons"`    // those of urgency sum to what the heads add to it
}

// Score measures a text; lang is its language as somebody claims, or "".
func Score(s, lang string) TextScore {
	var tokens text.Tokens
	tokens.Add(text.Body, s)
	if lang = language.Base(lang); lang == "" {
		lang = language.Guess(&tokens)
	}
	in := sentiment.Input{Tokens: &tokens, Fields: [2]string{text.Body: s}, Lang: lang}
	reasons, feeling := sentiment.Measure([]earshot.Reason{}, in)
	reasons, pressure := urgency.Measure(reasons, urgency.Input(in))
	score := TextScore{
		Sentiment: feeling.Score, Label: feeling.Label(), Confidence: feeling.Confidence,
		Heads: map[string]earshot.Score{}, Language: lang, Reasons: reasons,
	}
	for _, h := range urgency.Heads() {
		score.Heads[h.String()] = pressure.Heads[h]
	}
	return score
}
