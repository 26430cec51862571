package rules

import (
	"fmt"
	"slices"
	"strconv"

	"earshot"
)

// reasonModel begins the names of the reasons that models outside earshot give.
const reasonModel = "model:"

// model is a compiled Model.
type model struct {
	name               string
	when               condition
	sentiment, urgency earshot.Score // the most that it adds
}

func (c *compiler) model(i int, config *Model) {
	path := fmt.Sprintf("models[%d]", i)
	taken := slices.ContainsFunc(c.config.Models[:i], func(m Model) bool { return m.Name == config.Name })
	c.name(path+".name", "model", config.Name, taken)
	if !(config.Sentiment >= 0 && config.Sentiment <= 2) {
		c.fail(path+".sentiment", "the sentiment cannot be moved so far", "give a number from 0 to 2")
	}
	if !(config.Urgency >= 0 && config.Urgency <= pointsMost) {
		c.fail(path+".urgency", "urgency must be from 0 to 100", "the whole scale has 100 points")
	}
	m := &model{name: config.Name, sentiment: earshot.ScoreOf(config.Sentiment), urgency: earshot.ScoreOf(config.Urgency)}
	if config.When == "" {
		c.fail(path, "nothing says which mentions the model is asked of", `write when: sentiment < -0.3, or when: "true" for every mention`)
	} else {
		var problems earshot.Problems
		m.when, problems = c.compileWhen(config.When, c.topicsOf(config.Brands))
		for _, p := range problems {
			p.Path = path + ".when"
			c.problems = append(c.problems, p)
		}
	}
	if len(config.Brands) == 0 {
		c.fail(path, "the model has no brands", "name those whose mentions may be shown to it: brands: [acme]")
	}
	for j, name := range config.Brands {
		at := fmt.Sprintf("%s.brands[%d]", path, j)
		n := slices.IndexFunc(c.brands, func(b brand) bool { return b.name == name })
		switch {
		case n < 0:
			c.fail(at, "there is no brand "+strconv.Quote(name), c.suggest(name, c.brandNames()))
		case c.brands[n].model != nil:
			c.fail(at, fmt.Sprintf("brand %s has a model already: %s", name, c.brands[n].model.name), "a brand is shown to one model")
		default:
			c.brands[n].model = m
		}
	}
}

// Asks names the model that is to be asked what it thinks of a mention for a
// brand, "" for none. What one thinks already makes no difference.
func (b *Book) Asks(m *earshot.Mention, of string) string {
	at := slices.IndexFunc(b.brands, func(in brand) bool { return in.name == of })
	if at < 0 || b.brands[at].model == nil || m.Change == earshot.Deleted {
		return ""
	}
	model, bare := b.brands[at].model, *m
	bare.Opinions = nil
	w := b.worker()
	defer b.workers.Put(w)
	defer w.post.Forget()
	if !slices.Contains(w.join(b, &bare, b.index.Search(&w.post, &bare)), int32(at)) { //nolint:gosec // the index counts brands so
		return ""
	}
	w.measure(&bare)
	defer w.forget()
	verdict, ok := w.judge(b, &bare, at)
	if !ok || verdict.OwnedAuthor {
		return ""
	}
	v := draft{verdict}
	s := subject{mention: &bare, verdict: &v, heads: &w.heads, lang: w.lang, addressed: w.addresses(&bare, &b.brands[at])}
	w.values.set(model.when.uses, &s)
	holds, err := model.when.holds(&w.vm, &w.values)
	if err != nil {
		b.errors.Add(1)
	}
	if err != nil || !holds {
		return ""
	}
	return model.name
}

// HasModels reports whether a model is asked of anything.
func (b *Book) HasModels() bool {
	return slices.ContainsFunc(b.brands, func(in brand) bool { return in.model != nil })
}

// opinion is what the brand's own model thinks of the mention, nil for nothing.
// What another model thinks, or one that is not asked any more, does not count.
func (b *brand) opinion(m *earshot.Mention) *earshot.Opinion {
	if b.model == nil || len(m.Opinions) == 0 {
		return nil
	}
	o := m.OpinionOn(b.name)
	if o == nil || o.By != b.model.name {
		return nil
	}
	return o
}

// heed moves the sentiment towards what the model thinks, no further than it may.
func (v *draft) heed(o *earshot.Opinion, by *model) {
	thinks := min(max(o.Sentiment, -earshot.Unit), earshot.Unit)
	weight := min(max(thinks-v.Sentiment, -by.sentiment), by.sentiment)
	if weight == 0 {
		return
	}
	v.Sentiment += weight
	v.Reasons = append(v.Reasons, earshot.Reason{Of: earshot.OfSentiment, Rule: reasonModel + by.name, Weight: weight})
}

// hurry adds the urgency that the model sees.
func (v *draft) hurry(o *earshot.Opinion, by *model) {
	v.press(reasonModel+by.name, earshot.ScoreOf(min(max(o.Urgency, 0), earshot.Unit).Float()*by.urgency.Float()))
}

// thought is what conditions see of an opinion: nothing is 0 and empty.
func (s *subject) thought() earshot.Opinion {
	if s.opinion == nil {
		return earshot.Opinion{}
	}
	return *s.opinion
}
