package urgency

import (
	"embed"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"sync"

	"earshot"
	"earshot/rules/linear"
)

// weights has a file for each trained head. One that is deleted leaves its head
// to the word lists.
//
//go:embed weights/*.weights
var weights embed.FS

// mostParts is how many words explain what a model adds to a head.
const mostParts = 4

// Vouched is the most that phrases alone make of a head that has a trained model:
// likely. What the model is surer of stands above.
const Vouched = earshot.Unit * 6 / 10

// models are the trained heads.
type models map[Head]*linear.Model

var loadModels = sync.OnceValue(func() models {
	m, err := readModels(weights)
	if err != nil {
		panic(err)
	}
	return m
})

// readModels reads the heads for which there is a file.
func readModels(from fs.FS) (models, error) {
	files, err := fs.Glob(from, "weights/*.weights")
	if err != nil {
		return nil, err
	}
	all := models{}
	for _, name := range files {
		file, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		m, err := linear.Read(string(file))
		if err != nil {
			return nil, err
		}
		h := slices.Index(names[:], m.Head)
		if h < 0 || len(m.Dense) > Numbers || m.Outputs() != 1 {
			return nil, fmt.Errorf("urgency: %s does not fit this program", name)
		}
		all[Head(h)] = m
	}
	return all, nil
}

// learnt replaces heads by what their models see. They have read English.
func (m *Meter) learnt(in *Input) {
	if in.Lang != "en" && in.Lang != "" || len(in.Post.Spans) == 0 {
		return
	}
	if m.models == nil {
		m.models = loadModels()
	}
	numbers := numbersOf(in, &m.words)
	for _, h := range Heads() {
		if model := m.models[h]; model != nil {
			m.ask(h, model, in, &numbers)
		}
	}
}

// ask asks the model of one head and explains what it adds.
func (m *Meter) ask(h Head, model *linear.Model, in *Input, numbers *[Numbers]float64) {
	m.spans = append(m.spans[:0], make([]int32, len(in.Post.Spans))...)
	damp := damping(len(m.spans))
	unit := model.Unit * damp
	odds := float64(float64(model.Sum1(in.Post, m.spans)) * unit)
	for i, worth := range model.Dense {
		odds += float64(float64(numbers[i]*worth[0]) * damp)
	}
	odds += model.Bias[0]
	value := earshot.ScoreOf(1 / (1 + math.Exp(-odds)))
	m.Heads[h] = max(value, min(m.Heads[h], Vouched))
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
		s := &in.Post.Spans[at]
		m.Parts = append(m.Parts, Part{Head: h, Learnt: true, Field: field(s), From: int(s.From), To: int(s.To), Value: value})
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
