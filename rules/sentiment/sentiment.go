// Package sentiment measures how the author of a post feels, from -1 to 1. A
// linear model in the program, trained on posts in ten languages, weighs words,
// characters and signs; word lists in 20 languages, which know negation, degree
// and contrast, are one of its inputs and all that counts in the other languages.
// Every part of the score is a reason. Whom the feeling is for, the caller says by
// naming places: see Toward.
package sentiment

import (
	"math"

	"earshot"
	"earshot/rules/features"
	"earshot/rules/text"
)

// Rules of the reasons given here.
const (
	RuleWords    = "sentiment"          // the trained model, about a word or sign
	RuleLexicon  = "sentiment:lexicon"  // a phrase of the word lists
	RuleDenied   = "sentiment:denied"   // what negation and bad word seem to say, taken back: I don't hate it
	RuleDegree   = "sentiment:degree"   // what a very seems to say against the word that it makes stronger, taken back
	RuleCompared = "sentiment:compared" // the brand is better or worse than another: see Toward
	RuleBase     = "sentiment:base"     // what the model holds of any post
	RuleRest     = "sentiment:rest"     // the sum of what is too small to list
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
	Parts []Part // they sum to the score exactly; valid until the next Measure or Toward

	lexical   reader
	heeding   heeding
	arguments []argument // of the text as a whole
	whole     Result
	wholeOdds odds
	spans     []int32   // of the model, two a span: for negative and for positive
	sizes     []float64 // of the parts: what each argues for positive and against negative
	sorted    []float64
}

// argument is what a word, sign or phrase argues, against neutral.
type argument struct {
	rule     string
	field    text.Field
	from, to int
	neg, pos float64
}

// Measure reads a post.
func (m *Meter) Measure(in Input) Result {
	model := loadWeights()
	m.lexical.start(in)
	m.lexical.read()
	m.argue(model, &in)
	z := model.base(in.Lang)
	for i := range m.arguments {
		z.neg += m.arguments[i].neg
		z.pos += m.arguments[i].pos
	}
	m.Result = model.result(z, in.Lang)
	for _, f := range m.lexical.found {
		m.Named += f.value
	}
	if len(m.arguments) == 0 {
		m.Score, m.Label = 0, labels[neutral] // nothing was said
	}
	m.whole, m.wholeOdds = m.Result, z
	m.explain(m.arguments, nil, m.Result, z)
	return m.Result
}

// odds is what argues for negative and positive against neutral, logarithmic.
type odds struct{ neg, pos float64 }

// argue gathers what the words, signs and phrases of a post argue.
func (m *Meter) argue(w *weights, in *Input) {
	m.arguments = m.arguments[:0]
	m.spans = append(m.spans[:0], make([]int32, 2*len(in.Post.Spans))...)
	w.sum(m.spans, in)
	damp := damping(in.Post)
	unit := w.model.Unit * damp
	for i := range in.Post.Spans {
		neg, pos := m.spans[2*i], m.spans[2*i+1]
		if neg != 0 || pos != 0 {
			s := &in.Post.Spans[i]
			m.arguments = append(m.arguments, argument{
				RuleWords, field(s.Body), int(s.From), int(s.To), float64(neg) * unit, float64(pos) * unit,
			})
		}
	}
	for i := range m.lexical.found {
		f := &m.lexical.found[i]
		neg, pos := w.lexical(in.Lang, f.value)
		m.arguments = append(m.arguments, argument{RuleLexicon, f.field, f.from, f.to, neg * damp, pos * damp})
		switch {
		case f.denied >= 0:
			m.takeBack(in.Post, RuleDenied, f, f.denied, f.to, -1, unit)
		case f.degree >= 0:
			m.takeBack(in.Post, RuleDegree, f, f.degree, f.from, math.Copysign(1, -f.value), unit)
		}
	}
}

func field(body bool) text.Field {
	if body {
		return text.Body
	}
	return text.Title
}

// takeBack notes that the words from from to to argue nothing in one direction, -1
// for bad: the negation of something bad, and a very before something good. Each of
// them is learnt from posts in which it stands for itself.
func (m *Meter) takeBack(p *features.Post, rule string, f *finding, from, to int, direction, unit float64) {
	var neg, pos int32
	for i := range p.Spans {
		s := &p.Spans[i]
		if field(s.Body) == f.field && int(s.To) > from && int(s.From) < to { // don't is two tokens
			neg, pos = neg+m.spans[2*i], pos+m.spans[2*i+1]
		}
	}
	switch size := float64(pos-neg) * unit; {
	case size*direction <= 0:
	case size < 0:
		m.arguments = append(m.arguments, argument{rule, f.field, from, to, size, 0})
	default:
		m.arguments = append(m.arguments, argument{rule, f.field, from, to, 0, -size})
	}
}

// explain divides a score among arguments, each of which counts as much as is heeded
// of it, all in full if heed is nil, as they share in the margin between positive and
// negative: score = (1 - chance of neutral) tanh(margin / 2), which has the sign of
// the margin and at most half its size, so that each part counts the same fraction of
// what it argues.
func (m *Meter) explain(args []argument, heed []float64, r Result, z odds) {
	m.Parts, m.sizes = m.Parts[:0], m.sizes[:0]
	if len(args) == 0 {
		return
	}
	for i := range args {
		a := &args[i]
		size := a.pos - a.neg
		if heed != nil {
			size *= heed[i]
		}
		m.sizes = append(m.sizes, size)
	}
	margin := z.pos - z.neg
	share := 0.0
	if margin != 0 {
		share = r.Score.Float() / margin
	}
	least := m.leastShown(mostReasons)
	sum, rest := earshot.Score(0), earshot.Score(0)
	for i := range args {
		a := &args[i]
		weight := earshot.ScoreOf(m.sizes[i] * share)
		switch {
		case weight == 0:
			continue
		case len(m.Parts) == mostReasons || math.Abs(m.sizes[i]) < least:
			rest += weight
		default:
			m.Parts = append(m.Parts, Part{Rule: a.rule, Field: a.field, From: a.from, To: a.to, Weight: weight})
		}
		sum += weight
	}
	if rest != 0 {
		m.Parts = append(m.Parts, Part{Rule: RuleRest, Weight: rest})
	}
	if base := r.Score - sum; base != 0 {
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
