package sentiment

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"maps"
	"math"
	"slices"
	"sync"

	"earshot"
	"earshot/rules/features"
	"earshot/rules/linear"
)

//go:embed sentiment.weights
var file string

// The classes of the model.
const (
	neutral = iota
	negative
	positive
)

var labels = [...]string{neutral: "neu", negative: "neg", positive: "pos"}

// Names of what the model has learnt beside its weights.
const (
	Temperature = "temperature:" // and a language: by which its odds are divided to be chances
	Band        = "band"         // scores nearer to 0 are neu
	Tilt        = "tilt"         // in English, what the odds of neu must exceed to be the label
)

// Numbers is how many numbers the word lists give the model: how much they find
// good and bad, of English and of other languages, of which it knows less else.
const Numbers = 4

// weights is the model and what is computed from it once.
type weights struct {
	model *linear.Model
	bases map[string]odds
	salts map[string]uint32
	cools map[string]float64 // 1 / temperature
	cool  float64            // the same of languages that it has not read: the median
	tilt  float64            // factor of neutral's chance where it is compared, in English
}

var loadWeights = sync.OnceValue(func() *weights {
	w := &weights{model: linear.MustRead(file), bases: map[string]odds{}, salts: map[string]uint32{}, cools: map[string]float64{}}
	for _, lang := range append(trained, "") {
		z := odds{neg: w.model.Bias[0], pos: w.model.Bias[1]}
		if lang != "" {
			a, b := w.model.Row2(HashLanguage(lang))
			z.neg += float64(float64(a) * w.model.Unit)
			z.pos += float64(float64(b) * w.model.Unit)
		}
		w.bases[lang], w.salts[lang] = z, Salt(lang)
		if t := w.model.Extra[Temperature+lang]; t > 0 {
			w.cools[lang] = 1 / t
		}
	}
	w.tilt = math.Exp(-w.model.Extra[Tilt])
	w.cool = 1
	if all := slices.Sorted(maps.Values(w.cools)); len(all) > 0 {
		w.cool = all[len(all)/2]
	}
	return w
})

// Digest tells this model from others: models that learn from what it says are
// trained again when it has changed.
func Digest() string {
	sum := sha256.Sum256([]byte(file))
	return hex.EncodeToString(sum[:8])
}

// trained are the languages that the model has read posts in.
var trained = []string{"en", "ar", "de", "es", "fr", "hi", "it", "pt", "th"}

// Trained reports whether the model knows words of a language.
func Trained(lang string) bool { return lang == "" || slices.Contains(trained, lang) }

// HashLanguage is the feature that stands for the language of a post.
func HashLanguage(lang string) uint32 { return features.HashWord("lang:" + lang) }

// Salt tells the words of a language, which has weights of its own for them, from
// those of the others: die is bad in English and an article in German. All else is
// shared. An unknown language is read as English.
func Salt(lang string) uint32 {
	if lang == "" {
		lang = "en"
	}
	return features.HashWord("salt:" + lang)
}

// Own reports whether languages have weights of their own for a group.
func Own(g features.Group) bool { return g == features.Words || g == features.Denied }

// Reads reports whether a group tells something in a language. Runs of characters are
// of no use in English, where words are many and learnt from many posts: they know
// topics and firms better than feelings. Single characters and runs of four tell
// something where words have no spaces between them.
func Reads(lang string, g features.Group) bool {
	switch g {
	case features.Runs1, features.Runs4:
		return lang == "th"
	case features.Runs2, features.Runs3:
		return lang != "en" && lang != ""
	}
	return true
}

// sum adds up what the model makes of a post, in units, two a span. Of a language
// that it does not know it reads the signs alone.
func (w *weights) sum(spans []int32, in *Input) {
	salt, known := w.salts[in.Lang]
	for _, g := range w.model.Groups {
		if !known && g != features.Signs && g != features.Style || !Reads(in.Lang, g) {
			continue
		}
		own := uint32(0)
		if Own(g) {
			own = salt
		}
		w.model.Sum2(in.Post, g, own, spans)
	}
}

func (w *weights) base(lang string) odds {
	if z, ok := w.bases[lang]; ok {
		return z
	}
	return w.bases[""]
}

// number is the place of a finding of the word lists among the numbers.
func number(lang string, value float64) int {
	n := 0
	if lang != "en" && lang != "" {
		n += 2
	}
	if value < 0 {
		n++
	}
	return n
}

// lexical is what the model makes of a phrase of the word lists.
func (w *weights) lexical(lang string, value float64) (neg, pos float64) {
	row := w.model.Dense[number(lang, value)]
	value = math.Abs(value)
	return float64(row[0] * value), float64(row[1] * value)
}

// damping makes a long text count as its average does: the model has read none,
// and sums over many words would be surer than any post.
func damping(p *features.Post) float64 {
	const post = 30
	if n := len(p.Spans); n > post {
		return post / float64(n)
	}
	return 1
}

// result turns odds into a score, a label and its confidence.
func (w *weights) result(z odds, lang string) Result {
	if lang == "" {
		lang = "en"
	}
	cool, ok := w.cools[lang]
	if !ok {
		cool = w.cool
	}
	chances := [...]float64{neutral: 1, negative: math.Exp(min(z.neg*cool, 40)), positive: math.Exp(min(z.pos*cool, 40))}
	sum := chances[neutral] + chances[negative] + chances[positive]
	for k := range chances {
		chances[k] /= sum
	}
	least := chances[neutral]
	if lang == "en" {
		least *= w.tilt
	}
	best := neutral
	for _, k := range [...]int{negative, positive} {
		if chances[k] > least {
			best, least = k, chances[k]
		}
	}
	score := chances[positive] - chances[negative]
	if math.Abs(score) < w.model.Extra[Band] {
		best = neutral
	}
	return Result{
		Score: earshot.ScoreOf(score), Confidence: earshot.ScoreOf(chances[best]), Label: labels[best],
	}
}

// leastShown is the size that the n largest parts reach.
func (m *Meter) leastShown(n int) float64 {
	if len(m.sizes) <= n {
		return 0
	}
	m.sorted = append(m.sorted[:0], m.sizes...)
	for i, v := range m.sorted {
		m.sorted[i] = math.Abs(v)
	}
	slices.Sort(m.sorted)
	return m.sorted[len(m.sorted)-n]
}

// NumbersOf is what the word lists say of a post, for training: how much they
// find good and bad.
func NumbersOf(in Input) [Numbers]float32 {
	var r reader
	r.start(in)
	r.read()
	var n [Numbers]float32
	for _, f := range r.found {
		n[number(in.Lang, f.value)] += float32(math.Abs(f.value))
	}
	return n
}
