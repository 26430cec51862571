package rules_test

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/rules"
	"earshot/rules/adapt"
	"earshot/rules/learn"
	"earshot/rules/metrics"
)

// lesson is a labelled text: what people say its score should have been.
type lesson struct {
	text, lang string
	value      float64
}

// halves teaches a brand by one half of the lessons and measures on the other how
// often the score is on the right side, before and after, and by how much that
// differs, with the range that holds it in 19 of 20 samples.
func halves(t *testing.T, brand rules.Brand, field adapt.Field, side func(value, line float64) int, lessons []lesson) (before, after, gain metrics.Interval) {
	t.Helper()
	config := rules.Config{Brands: []rules.Brand{brand}}
	book := newBook(t, config)
	var taught []adapt.Lesson
	var asked []earshot.Mention
	var want []int
	for i, l := range lessons {
		m := earshot.Mention{ID: fmt.Sprintf("x:%d", i), Text: l.text, Lang: l.lang, About: []string{brand.Name}}
		if brand.Context.For != nil {
			m.About = nil
		}
		scores, ok := book.Measure(&m, brand.Name)
		if !ok {
			continue
		}
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(l.text)) // copies of a text are in one half
		if hash.Sum32()%2 == 0 {
			asked, want = append(asked, m), append(want, side(l.value, 0.5))
			continue
		}
		base, line := scores.Of(field)
		taught = append(taught, adapt.Lesson{
			Correction: adapt.Correction{Mention: m, Whole: true, Brand: brand.Name, Field: field, Value: l.value, By: "ann", At: time.Unix(int64(i), 0)},
			Base:       base, Line: line,
		})
	}
	layer, _, err := adapt.Learn(brand.Name, time.Unix(0, 0), taught)
	if err != nil { // it says itself that it does not help, and changes nothing
		t.Log(errors.Join(fmt.Errorf("of %d lessons", len(taught)), err))
	}
	config.Layers = map[string]*adapt.Layer{brand.Name: layer}
	wise := newBook(t, config)
	cases := make([]metrics.Case, len(asked)) // Got before; Confidence 1 if right after
	for i := range asked {
		old, _ := book.Measure(&asked[i], brand.Name)
		fresh, _ := wise.Measure(&asked[i], brand.Name)
		was, line := old.Of(field)
		is, _ := fresh.Of(field)
		cases[i] = metrics.Case{Want: want[i], Got: side(was.Float(), line.Float())}
		if side(is.Float(), line.Float()) == want[i] {
			cases[i].Confidence = 1
		}
	}
	right := func(of []metrics.Case) float64 {
		sum := 0.0
		for _, c := range of {
			sum += c.Confidence
		}
		return sum / float64(len(of))
	}
	const samples = 1000
	before, after = metrics.Bootstrap(cases, samples, metrics.Accuracy), metrics.Bootstrap(cases, samples, right)
	gain = metrics.Bootstrap(cases, samples, func(of []metrics.Case) float64 { return right(of) - metrics.Accuracy(of) })
	t.Logf("%d taught, %d asked: %.3f before, %.3f (%.3f to %.3f) after, %+.3f (%+.3f to %+.3f)",
		len(taught), len(asked), before.Value, after.Value, after.Low, after.High, gain.Value, gain.Low, gain.High)
	return before, after, gain
}

// yes and no, and the sides of feelings that people mean.
func yesNo(value, line float64) int {
	if value >= line {
		return 1
	}
	return 0
}

func feels(value, _ float64) int {
	switch {
	case value >= 0.2:
		return 1
	case value <= -0.2:
		return -1
	}
	return 0
}

// labelledNames are texts of a file in which a name is the brand's or not.
func labelledNames(t *testing.T, name string) (lessons []lesson) {
	t.Helper()
	rows, err := learn.Read("relevance/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		l := lesson{text: r.Text}
		if r.Label == "yes" {
			l.value = 1
		}
		lessons = append(lessons, l)
	}
	return lessons
}

// Half of the corrections never harm the other half: where they do not clearly help,
// nothing is learnt. All of those on one name teach what the name alone cannot tell.
func TestAdaptOnHalves(t *testing.T) {
	unknown := rules.Context{For: []string{"zyzzyva"}} // nothing else is known of the brand
	one := rules.Brand{Name: "subway", Query: "Subway", Context: unknown}
	small := labelledNames(t, "one-name.tsv")
	for i := range small {
		small[i].text = strings.ToLower(small[i].text) // else capitals tell most of it
	}
	many := rules.Brand{Name: "house", Query: "Apple OR Target OR Shell OR Orange OR Visa OR Gap OR Delta OR Dove OR Subway OR Virgin", Context: unknown}
	for _, c := range []struct {
		brand   rules.Brand
		lessons []lesson
	}{{one, small}, {many, labelledNames(t, "ambiguous.tsv")}} {
		if _, _, gain := halves(t, c.brand, adapt.Relevance, yesNo, c.lessons); gain.Value < 0 {
			t.Errorf("%s: it harms: %+.3f", c.brand.Name, gain.Value)
		}
	}
	var all []adapt.Lesson
	for i, l := range small {
		m := earshot.Mention{ID: fmt.Sprintf("x:%d", i), Text: l.text}
		all = append(all, adapt.Lesson{
			Correction: adapt.Correction{Mention: m, Whole: true, Brand: "subway", Field: adapt.Relevance, Value: l.value, By: "ann", At: time.Unix(0, 0)},
			Base:       earshot.Unit / 2, Line: earshot.Unit / 2,
		})
	}
	layer, _, err := adapt.Learn("subway", time.Unix(0, 0), all)
	if err != nil {
		t.Fatal(err)
	}
	learnt := layer.Fields[adapt.Relevance]
	t.Logf("of all %d, on fifths left out: %s before, %s (%s to %s) after", len(all), learnt.Before.Right, learnt.After.Right, learnt.After.Low, learnt.After.High)
	if learnt.After.Low <= learnt.Before.Right {
		t.Errorf("it is no better: %+v", learnt)
	}
}

// The same on files of labelled posts that are not part of earshot: what
// docs/quality.md says of earshot adapt.
func TestAdaptOnHalvesOfData(t *testing.T) {
	data := os.Getenv("EARSHOT_DATA")
	if data == "" {
		t.Skip("the labelled posts are not part of earshot: name their folder in EARSHOT_DATA")
	}
	values := map[string]float64{"neg": -0.6, "neu": 0, "pos": 0.6}
	for _, file := range []string{"tweeteval", "wisesight_thai", "umsab_spanish"} {
		t.Run(file, func(t *testing.T) {
			rows, err := learn.Read(filepath.Join(data, "sentiment/val", file+".tsv"))
			if err != nil {
				t.Fatal(err)
			}
			var lessons []lesson
			for _, r := range rows {
				if value, ok := values[r.Label]; ok {
					lessons = append(lessons, lesson{text: r.Text, value: value})
				}
			}
			halves(t, rules.Brand{Name: "acme", Query: "acme"}, adapt.Sentiment, feels, lessons)
		})
	}
}
