package rules

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/vm"

	"earshot"
	"earshot/rules/delight"
	"earshot/rules/features"
	"earshot/rules/language"
	"earshot/rules/match"
	"earshot/rules/relevance"
	"earshot/rules/sentiment"
	"earshot/rules/text"
	"earshot/rules/urgency"
)

// pointsMost is where the urgency ends.
const pointsMost = 100

// worker is the scratch space of one Judge.
type worker struct {
	post      match.Post
	vm        vm.VM
	values    values
	lang      string
	fields    [2]string
	features  features.Post
	feelings  sentiment.Meter
	feeling   sentiment.Result
	pressures urgency.Meter
	pressure  urgency.Result
	delights  delight.Meter
	words     []match.Words
	own       []match.Words // where the brand judged last is named
	others    []match.Words // where others are
	named     []int32       // brands that the mention names
	joined    []int32       // brands whose conversation the mention belongs to
	applied   []string      // rules that applied, for the brand judged last
	brands    int           // how many the mention may concern
	parts     []relevance.Part
	heads     urgency.Scores // as the brand judged last has them
}

func newWorker() *worker {
	w := &worker{values: newValues()}
	w.post.Language = func(m *earshot.Mention) string { return languageOf(&w.features, m) }
	return w
}

// languageOf is the language that the network claims, else the one that is
// recognised, which is read into post.
func languageOf(post *features.Post, m *earshot.Mention) string {
	if lang := language.Base(m.Lang); lang != "" {
		return lang
	}
	post.Read(m.Title, m.Text)
	return language.Guess(post, m.Title, m.Text)
}

// forget drops what belongs to a mention.
func (w *worker) forget() {
	w.fields = [2]string{}
	w.values.forget()
}

// measure reads what is the same for all brands.
func (w *worker) measure(m *earshot.Mention) {
	w.values.forget()
	w.fields = [2]string{m.Title, m.Text}
	w.features.Read(m.Title, m.Text)
	if w.lang = language.Base(m.Lang); w.lang == "" {
		w.lang = language.Guess(&w.features, m.Title, m.Text)
	}
	w.feeling = w.feelings.Measure(w.input())
	w.pressure = w.pressures.Measure(urgency.Input{
		Tokens: &w.post.Tokens, Post: &w.features, Fields: w.fields, Lang: w.lang, Feeling: w.feeling.Score.Float(), Named: w.feeling.Named,
	})
	w.delights.Read(&w.post.Tokens, w.lang)
}

// endangers is the danger of a post's words from which on nobody keeps it back.
const endangers = earshot.Unit / 2

// judge makes the verdict for one brand. It is not ok, and of relevance alone, if the
// mention is too little about the brand.
func (w *worker) judge(b *Book, m *earshot.Mention, n int) (verdict earshot.Verdict, ok bool) {
	brand := &b.brands[n]
	w.read(b, n)
	v := draft{earshot.Verdict{
		Brand: brand.name, Relevance: earshot.Unit, Sentiment: w.feeling.Score,
		Topics: []string{}, Routes: []earshot.Route{},
		Reasons: make([]earshot.Reason, 0, len(w.feelings.Parts)+len(w.pressures.Parts)+min(len(w.words), relevance.MostWords)+8),
	}}
	if !w.relate(b, m, &v, n) {
		v.Sentiment = 0
		return v.Verdict, false
	}
	v.Sentiment = w.toward(b, n)
	v.Reasons = sentiment.Reasons(v.Reasons, w.feelings.Parts)
	w.adaptFeeling(&v, brand)
	opinion := brand.opinion(m)
	if opinion != nil {
		v.heed(opinion, brand.model)
	}
	v.pressHeads(w.pressures.Parts, &brand.points)
	w.adaptHeads(&v, brand, &brand.points)
	if opinion != nil {
		v.hurry(opinion, brand.model)
	} else {
		v.sober(w.heads[urgency.Danger])
	}
	v.pressShare(reasonNegative, brand.weights.Negative, max(-v.Sentiment.Float(), 0))
	addressed := w.addresses(m, brand)
	v.pressShare(reasonQuestion, brand.weights.Question, share(addressed && w.pressure.Question))
	v.pressContext(m, &brand.weights)
	for _, t := range brand.topics {
		if !b.index.Matches(&w.post, t.query) {
			continue
		}
		v.Topics = append(v.Topics, t.name)
		if t.danger {
			v.Danger = true
			v.pressShare(reasonTopic+t.name, brand.weights.Topic, 1)
		}
	}
	v.Danger = v.Danger || brand.points[urgency.Danger] > 0 && w.heads[urgency.Danger] >= endangers
	v.OwnedAuthor = brand.owned.wrote(m)
	w.delight(&v, m, addressed)
	w.apply(b, &v, &subject{mention: m, heads: &w.heads, lang: w.lang, addressed: addressed, opinion: opinion})
	if clamped := min(max(v.Urgency, 0), pointsMost*earshot.Unit); clamped != v.Urgency {
		v.press(earshot.Limit, clamped-v.Urgency)
	}
	return v.Verdict, true
}

// delight weighs whether the mention is a moment worth sharing.
func (w *worker) delight(v *draft, m *earshot.Mention, addressed bool) {
	w.parts, v.Delight = relevance.Sum(w.delights.Weigh(w.parts[:0], &delight.Evidence{
		Mention: m, Sentiment: v.Sentiment, Complaint: w.heads[urgency.Complaint], Danger: w.heads[urgency.Danger],
		Addressed: addressed, Named: len(w.words) > 0, Owned: v.OwnedAuthor,
	}), 0, earshot.Unit)
	v.Reasons = relevance.Reasons(v.Reasons, earshot.OfDelight, w.parts)
}

// sober takes what sounds content away from a post about danger, up to a half:
// few are glad of a fire, though they may thank those who put it out.
func (v *draft) sober(danger earshot.Score) {
	if danger < endangers || v.Sentiment <= 0 {
		return
	}
	weight := -min(v.Sentiment, earshot.Unit/2)
	v.Sentiment += weight
	v.Reasons = append(v.Reasons, earshot.Reason{Of: earshot.OfSentiment, Rule: urgency.Danger.String(), Weight: weight})
}

// draft is a verdict in the making.
type draft struct{ earshot.Verdict }

// press adds to the urgency for a reason that is not about single words.
func (v *draft) press(rule string, weight earshot.Score) {
	if weight == 0 {
		return
	}
	v.Urgency += weight
	v.Reasons = append(v.Reasons, earshot.Reason{Of: earshot.OfUrgency, Rule: rule, Weight: weight})
}

// apply runs the rules in book order.
func (w *worker) apply(b *Book, v *draft, s *subject) {
	s.verdict = v
	w.values.set(b.uses, s)
	w.applied = w.applied[:0]
	for i := range b.rules {
		r := &b.rules[i]
		if len(r.brands) > 0 && !slices.Contains(r.brands, v.Brand) {
			continue
		}
		holds, err := r.when.holds(&w.vm, &w.values)
		if err != nil {
			b.errors.Add(1)
			continue
		}
		if !holds {
			continue
		}
		w.applied = append(w.applied, r.name)
		v.press(r.name, r.urgency)
		v.Labels = union(v.Labels, r.labels)
		if !v.OwnedAuthor {
			v.Routes = union(v.Routes, r.routes)
		}
		if r.stop {
			return
		}
		if r.urgency != 0 || len(r.labels) > 0 {
			w.values.set(b.uses&soFar, s)
		}
	}
}

// union adds what is not there yet.
func union[T comparable](all, more []T) []T {
	for _, one := range more {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// A complaint, a request or bad feelings of at least this much make a personal
// post with the brand's name a post to the brand.
var (
	complains = earshot.ScoreOf(0.25)
	requests  = earshot.ScoreOf(0.3)
	suffers   = earshot.ScoreOf(-0.4)
)

// addresses reports whether somebody speaks to the brand: in private, with its
// handle, by its name at the beginning, or as a customer with a complaint or a
// request who speaks of himself and names it.
func (w *worker) addresses(m *earshot.Mention, brand *brand) bool {
	if m.Visibility == earshot.Private || brand.owned.named(&w.post.Tokens) {
		return true
	}
	if len(w.words) == 0 {
		return false
	}
	heads := &w.pressure.Named
	if w.pressure.Personal && (heads[urgency.Complaint] >= complains || heads[urgency.Request] >= requests || w.feeling.Score <= suffers && w.feeling.Named < 0) {
		return true
	}
	return w.calls()
}

// calls reports whether the text begins with a greeting and the brand's name, or
// with its name and a comma.
func (w *worker) calls() bool {
	const between = 2 // words between greeting and name: dear people of Acme
	list := w.post.Tokens.List
	first := slices.IndexFunc(list, func(t text.Token) bool { return t.Field == text.Body })
	body := slices.IndexFunc(w.words, func(m match.Words) bool { return m.Field == text.Body })
	if first < 0 || body < 0 {
		return false
	}
	span := w.words[body].Span
	at := slices.IndexFunc(list, func(t text.Token) bool { return t.Field == text.Body && int(t.From) >= span[0] })
	if greeting := w.pressure.Greeting; greeting > 0 {
		return at >= greeting && at <= greeting+between
	}
	rest := w.fields[text.Body][span[1]:]
	r, n := utf8.DecodeRuneInString(rest)
	return at == first && strings.ContainsRune(",:!،、，：！", r) && strings.TrimSpace(rest[n:]) != ""
}
