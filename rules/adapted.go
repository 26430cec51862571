package rules

import (
	"slices"

	"earshot"
	"earshot/rules/adapt"
	"earshot/rules/relevance"
	"earshot/rules/urgency"
)

// adaptFeeling adds to the sentiment what people's corrections have taught.
func (w *worker) adaptFeeling(v *draft, brand *brand) {
	w.parts, v.Sentiment = brand.layer.Adjust(w.parts[:0], adapt.Sentiment, &w.post.Tokens, v.Sentiment, -earshot.Unit, earshot.Unit)
	v.Reasons = relevance.Reasons(v.Reasons, earshot.OfSentiment, w.parts)
}

// adaptHeads does the same with the heads that people correct, and with what those
// add to the urgency.
func (w *worker) adaptHeads(v *draft, brand *brand, points *[urgency.HeadCount]float64) {
	w.heads = w.pressure.Heads
	for _, of := range [...]struct {
		field adapt.Field
		head  urgency.Head
	}{{adapt.Complaint, urgency.Complaint}, {adapt.Request, urgency.Request}} {
		if !brand.layer.Has(of.field) {
			continue
		}
		w.parts, w.heads[of.head] = brand.layer.Adjust(w.parts[:0], of.field, &w.post.Tokens, w.heads[of.head], 0, earshot.Unit)
		for i := range w.parts {
			p := &w.parts[i]
			p.Weight = earshot.ScoreOf(p.Weight.Float() * points[of.head])
			v.Urgency += p.Weight
		}
		v.Reasons = relevance.Reasons(v.Reasons, earshot.OfUrgency, w.parts)
	}
}

// Scores are what people can correct of a mention for a brand.
type Scores struct {
	Relevance, Sentiment, Complaint, Request earshot.Score
	Threshold                                earshot.Score // of the relevance
}

// Of is the score of a field, and from where on it means yes.
func (s *Scores) Of(field adapt.Field) (score, line earshot.Score) {
	switch field {
	case adapt.Relevance:
		return s.Relevance, s.Threshold
	case adapt.Sentiment:
		return s.Sentiment, 0
	case adapt.Complaint:
		return s.Complaint, earshot.Unit / 2
	}
	return s.Request, earshot.Unit / 2
}

// Measure returns the scores of a mention for a brand, also of one that is too
// little about it. It is not ok if the brand's query does not find the mention and
// its conversation is not the brand's.
func (b *Book) Measure(m *earshot.Mention, brand string) (scores Scores, ok bool) {
	n := slices.Index(b.names(), brand)
	if n < 0 {
		return Scores{}, false
	}
	w := b.worker()
	defer b.workers.Put(w)
	defer w.post.Forget()
	if !slices.Contains(w.join(b, m, b.index.Search(&w.post, m)), int32(n)) { //nolint:gosec // the index counts brands so
		return Scores{}, false
	}
	w.measure(m)
	defer w.forget()
	v, kept := w.judge(b, m, n)
	if !kept {
		w.heads, v.Sentiment = w.pressure.Heads, w.feeling.Score
	}
	return Scores{
		Relevance: v.Relevance, Sentiment: v.Sentiment, Threshold: b.brands[n].threshold,
		Complaint: w.heads[urgency.Complaint], Request: w.heads[urgency.Request],
	}, true
}

func (b *Book) names() []string {
	names := make([]string, len(b.brands))
	for i := range names {
		names[i] = b.brands[i].name
	}
	return names
}
