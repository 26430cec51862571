package rules

import (
	"earshot"
	"earshot/rules/features"
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
	var post features.Post
	post.Read("", s)
	if lang = language.Base(lang); lang == "" {
		lang = language.Guess(&post, "", s)
	}
	fields := [2]string{text.Body: s}
	var feelings sentiment.Meter
	feeling := feelings.Measure(sentiment.Input{Tokens: &tokens, Post: &post, Fields: fields, Lang: lang})
	reasons := sentiment.Reasons([]earshot.Reason{}, feelings.Parts)
	var pressures urgency.Meter
	pressure := pressures.Measure(urgency.Input{
		Tokens: &tokens, Post: &post, Fields: fields, Lang: lang, Feeling: feeling.Score.Float(), Named: feeling.Named,
	})
	weights := DefaultWeights()
	points := weights.heads()
	v := draft{earshot.Verdict{Reasons: reasons}}
	v.pressHeads(pressures.Parts, &points)
	score := TextScore{
		Sentiment: feeling.Score, Label: feeling.Label, Confidence: feeling.Confidence,
		Heads: map[string]earshot.Score{}, Language: lang, Reasons: v.Reasons,
	}
	for _, h := range urgency.Heads() {
		score.Heads[h.String()] = pressure.Heads[h]
	}
	return score
}
