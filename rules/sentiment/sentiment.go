// Package sentiment measures how the author of a post feels, from -1 to 1. A
// linear model in the program, trained on posts in ten languages, weighs words,
// characters and signs; word lists in 20 languages, which know negation, degree
// and contrast, are one of its inputs and all that counts in the other languages.
// Every part of the score is a reason. Whom the feeling is for, it does not ask:
// see Toward.
package sentiment

import (
	"math"

	"earshot"
	"earshot/rules/features"
	"earshot/rules/text"
)

// Rules of the reasons given here.
const (
	RuleWords   = "sentiment"         // the trained model, about a word or sign
	RuleLexicon = "sentiment:lexicon" // a phrase of the word lists
	RuleDenied  = "sentiment:denied"  // what negation and bad word seem to say, taken back: I don't hate it
	RuleBase    = "sentiment:base"    // what the model holds of any post
	RuleRest    = "sentiment:rest"    // the sum of what is too small to list
)

// mostReasons is how many words explain a score; the rest is one reason.
const mostReasons = 32

// Input is what is measured.
type Input struct {
	Tokens *text.Tokens
	Post   *features.Post
	Fields [2]string // the texts that both were cut from, by text.Field
	Lang   string    // two or three letters, "" if unknown
}

// Result is the score and how sure it is.
type Result struct {
	Score      earshot.Score // chance of pos less chance of neg
	Confidence earshot.Score // chance that the label is right, in [0,1]
	Label      string        // neg, neu or pos
	Named      float64       // what the word lists alone find, below 0 bad; of no certain size
}

// Part is what a word, sign or phrase adds to the score.
type Part struct {
	Rule     string
	Field    text.Field
	From, To int // both 0 when it is not about words
	Weight   earshot.Score
}

// Meter measures one post after the other without allocating. Not for concurrent
// use.
type Meter struct {
	Result
	Parts []Part // they sum to the score exactly; valid until the next Measure

	lexical reader
	spans   []int32
	sizes   []float64 // of the parts: what each argues for positive and against negative
	sorted  []float64
}

// Measure reads a post.
func (m *Meter) Measure(in Input) Result {
	model := loadWeights()
	m.Parts = m.Parts[:0]
	m.lexical.start(in)
	m.lexical.read()
	odds := model.odds(m, &in)
	m.Result = model.result(odds, in.Lang)
	for _, f := range m.lexical.found {
		m.Named += f.value
	}
	if len(m.Parts) == 0 {
		m.Score, m.Label = 0, labels[neutral] // nothing was said
		return m.Result
	}
	m.explain(odds)
	return m.Result
}

// odds is what argues for negative and positive against neutral, logarithmic.
type odds struct{ neg, pos float64 }

func (w *weights) odds(m *Meter, in *Input) odds {
	m.spans = append(m.spans[:0], make([]int32, len(in.Post.Spans))...)
	neg, pos := w.sum(m.spans, in)
	damp := damping(in.Post)
	unit := w.model.Unit * damp
	for i, v := range m.spans {
		if v != 0 {
			s := in.Post.Spans[i]
			m.part(RuleWords, field(s.Body), int(s.From), int(s.To), float64(v)*unit)
		}
	}
	z := odds{neg: float64(float64(neg) * unit), pos: float64(float64(pos) * unit)}
	for _, f := range m.lexical.found {
		a, b := w.lexical(in.Lang, f.value)
		a, b = a*damp, b*damp
		z.neg += a
		z.pos += b
		m.part(RuleLexicon, f.field, f.from, f.to, b-a)
		if f.denied >= 0 {
			z.neg -= m.takeBack(in.Post, &f, unit)
		}
	}
	base := w.base(in.Lang)
	z.neg += base.neg
	z.pos += base.pos
	return z
}

func field(body bool) text.Field {
	if body {
		return text.Body
	}
	return text.Title
}

// takeBack notes that the words from the negation of something bad to its end argue
// for nothing bad, and returns how much they did: each of them is learnt from posts
// in which it stands for itself.
func (m *Meter) takeBack(p *features.Post, f *finding, unit float64) float64 {
	var sum int32
	for i, v := range m.spans {
		s := &p.Spans[i]
		if field(s.Body) == f.field && int(s.To) > f.denied && int(s.From) < f.to { // don't is two tokens
			sum += v
		}
	}
	if sum >= 0 {
		return 0
	}
	size := float64(-sum) * unit
	m.part(RuleDenied, f.field, f.denied, f.to, size)
	return size
}

// part notes what a span argues for positive and against negative.
func (m *Meter) part(rule string, f text.Field, from, to int, margin float64) {
	m.Parts = append(m.Parts, Part{Rule: rule, Field: f, From: from, To: to})
	m.sizes = append(m.sizes[:len(m.Parts)-1], margin)
}

// explain divides the score among the parts as they share in the margin between
// positive and negative: score = (1 - chance of neutral) tanh(margin / 2), which
// has the sign of the margin and at most half its size, so that each part counts
// the same fraction of what it argues.
func (m *Meter) explain(z odds) {
	margin := z.pos - z.neg
	share := 0.0
	if margin != 0 {
		share = m.Score.Float() / margin
	}
	least := m.leastShown(mostReasons)
	kept, sum, rest := m.Parts[:0], earshot.Score(0), earshot.Score(0)
	for i, p := range m.Parts {
		p.Weight = earshot.ScoreOf(m.sizes[i] * share)
		switch {
		case p.Weight == 0:
			continue
		case len(kept) == mostReasons || math.Abs(m.sizes[i]) < least:
			rest += p.Weight
		default:
			kept = append(kept, p)
		}
		sum += p.Weight
	}
	m.Parts = kept
	if rest != 0 {
		m.Parts = append(m.Parts, Part{Rule: RuleRest, Weight: rest})
	}
	if base := m.Score - sum; base != 0 {
		m.Parts = append(m.Parts, Part{Rule: RuleBase, Weight: base})
	}
}

// Reasons appends the parts as reasons to dst.
func Reasons(dst []earshot.Reason, parts []Part) []earshot.Reason {
	spans := make([]earshot.Span, len(parts))
	for i, p := range parts {
		r := earshot.Reason{Of: earshot.OfSentiment, Rule: p.Rule, Weight: p.Weight}
		if p.To > 0 {
			spans[i] = earshot.Span{p.From, p.To}
			r.Field, r.Span = p.Field.Name(), &spans[i]
		}
		dst = append(dst, r)
	}
	return dst
}
