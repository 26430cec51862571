package urgency

import (
	"embed"
	"fmt"
	"math"
	"slices"
	"sync"

	"earshot"
	"earshot/rules/linear"
	"earshot/rules/text"
)

// weights has a file for each trained head. One that is deleted leaves its head
// to the word lists.
//
//go:embed weights/*.weights
var weights embed.FS

// mostParts is how many words explain what a model adds to a head.
const mostParts = 4

// Numbers is how many numbers the word lists give the models.
const Numbers = 6

var loadModels = sync.OnceValue(func() map[Head]*linear.Model {
	models := map[Head]*linear.Model{}
	files, err := weights.ReadDir("weights")
	if err != nil {
		panic(err)
	}
	for _, f := range files {
		file, err := weights.ReadFile("weights/" + f.Name())
		if err != nil {
			panic(err)
		}
		m := linear.MustRead(string(file))
		h := slices.Index(names[:], m.Head)
		if h < 0 || len(m.Dense) != Numbers {
			panic(fmt.Sprintf("urgency: %s does not fit this program", f.Name()))
		}
		models[Head(h)] = m
	}
	return models
})

// NumbersOf is what the word lists say of a post, for the models.
func (m *Meter) NumbersOf(in Input) [Numbers]float64 {
	m.words.walk(&in)
	return m.words.numbers()
}

func (r *reader) numbers() [Numbers]float64 {
	n := [Numbers]float64{
		r.Heads[Complaint].Float(), r.Heads[Request].Float(), r.Heads[Danger].Float(),
		r.Heads[Leaving].Float() + r.Heads[Legal].Float(),
	}
	if r.Question {
		n[4] = 1
	}
	if r.Personal {
		n[5] = 1
	}
	return n
}

// learnt raises heads to what their models see. They have read English.
func (m *Meter) learnt(in *Input) {
	if in.Lang != "en" && in.Lang != "" || len(in.Post.Spans) == 0 {
		return
	}
	models := loadModels()
	numbers := m.words.numbers()
	for _, h := range Heads() {
		if model := models[h]; model != nil {
			m.raise(h, model, in, &numbers)
		}
	}
}

// raise raises one head and explains by how much.
func (m *Meter) raise(h Head, model *linear.Model, in *Input, numbers *[Numbers]float64) {
	m.spans = append(m.spans[:0], make([]int32, len(in.Post.Spans))...)
	unit := model.Unit * damping(len(m.spans))
	odds := float64(float64(model.Sum1(in.Post, m.spans)) * unit)
	for i, v := range numbers {
		odds += float64(v * model.Dense[i][0])
	}
	odds += model.Bias[0]
	value := earshot.ScoreOf(1 / (1 + math.Exp(-odds)))
	m.Heads[h] = max(value, m.Heads[h])
	if more := 2*value - earshot.Unit - m.Counted[h]; more > 0 {
		m.Counted[h] += more
		m.explain(h, in, more, more.Float()/odds*unit)
	}
}

// explain divides what a model adds to a head among the words that argue most,
// each by its share in the odds. The rest is one part.
func (m *Meter) explain(h Head, in *Input, more earshot.Score, share float64) {
	rest := more
	for range mostParts {
		most, at := int32(0), -1
		for i, v := range m.spans {
			if size := max(v, -v); size > most {
				most, at = size, i
			}
		}
		if at < 0 {
			break
		}
		value := earshot.ScoreOf(float64(m.spans[at]) * share)
		m.spans[at] = 0
		if value == 0 {
			continue
		}
		s := in.Post.Spans[at]
		field := text.Title
		if s.Body {
			field = text.Body
		}
		m.Parts = append(m.Parts, Part{Head: h, Learnt: true, Field: field, From: int(s.From), To: int(s.To), Value: value})
		rest -= value
	}
	if rest != 0 {
		m.Parts = append(m.Parts, Part{Head: h, Learnt: true, Value: rest})
	}
}

// damping makes a long text count as its average does: the models have read none,
// and sums over many words would be surer than any post.
func damping(words int) float64 {
	const post = 30
	if words > post {
		return float64(post) / float64(words)
	}
	return 1
}
