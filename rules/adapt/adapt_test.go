package adapt_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/rules/adapt"
	"earshot/rules/text"
)

var made = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// lesson is a correction of a mention that the book gives 0.5.
func lesson(n int, s string, field adapt.Field, value float64) adapt.Lesson {
	l := adapt.Lesson{Base: earshot.Unit / 2, Line: earshot.Unit / 2}
	if field == adapt.Sentiment {
		l.Base = 0
	}
	l.Correction = adapt.Correction{
		Mention: earshot.Mention{ID: fmt.Sprintf("x:%d", n), Network: "x", Text: s, Author: earshot.Author{Handle: fmt.Sprintf("@u%d", n)}},
		Brand:   "bolt", Field: field, Value: value, By: "ann", At: made,
	}
	return l
}

// lessons are n corrections: posts of rides are the brand's, those of nuts not.
func lessons(n int) (all []adapt.Lesson) {
	filler := strings.Fields("today again never maybe twice outside slowly quickly often there here once")
	for i := range n {
		a, b := filler[i/2%len(filler)], filler[(i/2*7+3)%len(filler)]
		if i%2 == 0 {
			all = append(all, lesson(i, fmt.Sprintf("bolt %s driver %s", a, b), adapt.Relevance, 1))
		} else {
			all = append(all, lesson(i, fmt.Sprintf("bolt %s washer %s", a, b), adapt.Relevance, 0))
		}
	}
	return all
}

func adjust(l *adapt.Layer, field adapt.Field, s string, before, least earshot.Score) (string, earshot.Score) {
	var tokens text.Tokens
	tokens.Add(text.Body, s)
	parts, after := l.Adjust(nil, field, &tokens, before, least, earshot.Unit)
	sum := before
	var why []string
	for _, p := range parts {
		sum += p.Weight
		why = append(why, p.Rule+" "+p.Weight.String()+" "+s[p.From:p.To])
	}
	if sum != after {
		why = append(why, "SUM IS WRONG")
	}
	return strings.Join(why, ", "), after
}

// Words that tell are learnt, tightly; words that do not tell are not.
func TestLearn(t *testing.T) {
	layer, refused, err := adapt.Learn("bolt", made, lessons(40))
	if err != nil || len(refused) > 0 {
		t.Fatal(err, refused)
	}
	learnt := layer.Fields[adapt.Relevance]
	if learnt.Words["driver"] <= 0 || learnt.Words["washer"] >= 0 {
		t.Errorf("words are %v", learnt.Words)
	}
	for word, weight := range learnt.Words {
		if weight > earshot.Unit/4 || weight < -earshot.Unit/4 {
			t.Errorf("%s is worth %s", word, weight)
		}
		if word != "driver" && word != "washer" && (weight > 60_000 || weight < -60_000) {
			t.Errorf("%s says nothing and is worth %s", word, weight)
		}
	}
	if learnt.Corrections != 40 || learnt.Before.Right != earshot.Unit/2 || learnt.After.Right < 900_000 {
		t.Errorf("%d corrections, before %+v, after %+v", learnt.Corrections, learnt.Before, learnt.After)
	}
}

// The order of corrections makes no difference, nor does learning again.
func TestLearnIsDeterministic(t *testing.T) {
	all := lessons(40)
	one, _, err := adapt.Learn("bolt", made, all)
	if err != nil {
		t.Fatal(err)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	two, _, err := adapt.Learn("bolt", made, all)
	if diff := cmp.Diff(one, two); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// What cannot be learnt from is refused with a reason.
func TestLearnRefuses(t *testing.T) {
	alike := lessons(60)
	for i := range alike {
		alike[i].Value = 1
	}
	disputed := lessons(40)
	for i := range 20 {
		other := disputed[i]
		other.By, other.Value = "bob", 1-other.Value
		disputed = append(disputed, other)
	}
	random := lessons(60)
	for i := range random {
		random[i].Value, random[i].Base = float64(i/2%2), earshot.ScoreOf(0.2+0.6*float64(i/2%2))
	}
	other := lessons(40)
	for i := range other {
		other[i].Brand = "acme"
	}
	for want, all := range map[string][]adapt.Lesson{
		"too few":                 lessons(19),
		"nearly all alike":        alike,
		"contradict each other":   disputed,
		"no better":               random,
		"no corrections for bolt": other,
	} {
		layer, _, err := adapt.Learn("bolt", made, all)
		if layer != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", want, layer, err)
		}
	}
}

// A person's last word counts, and one person's many posts are one voice.
func TestLearnSupport(t *testing.T) {
	all := lessons(40)
	for i := range 40 {
		first := all[i]
		first.At, first.Value = made.Add(-time.Hour), 1-first.Value
		all = append(all, first)
	}
	layer, _, err := adapt.Learn("bolt", made, all)
	if err != nil || layer.Fields[adapt.Relevance].Words["driver"] <= 0 {
		t.Fatal(err, layer)
	}
	for i := range all {
		all[i].Mention.Author.Handle = "@troll"
	}
	if layer, _, err = adapt.Learn("bolt", made, all); err == nil {
		t.Errorf("one author's words were learnt: %v", layer.Fields[adapt.Relevance].Words)
	}
}

// A layer keeps no text, no handles, no numbers and no words of one or two people.
func TestLearnKeepsNoText(t *testing.T) {
	all := lessons(40)
	for i := range all {
		all[i].Mention.Text += " 4111111111111111 @jane jane@example.com https://x.example/secret rare" + strings.Repeat("x", i)
	}
	layer, _, err := adapt.Learn("bolt", made, all)
	if err != nil {
		t.Fatal(err)
	}
	data, err := layer.Write()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"4111", "jane", "secret", "rare", "x:1"} {
		if strings.Contains(string(data), `"`+secret) || strings.Contains(string(data), secret+" ") {
			t.Errorf("the file has %q:\n%s", secret, data)
		}
	}
	again, err := adapt.Read(data, "bolt")
	if diff := cmp.Diff(layer, again); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

// What a layer adds is exact, bounded, and once for each word.
func TestAdjust(t *testing.T) {
	layer := &adapt.Layer{Fields: map[adapt.Field]*adapt.Learnt{adapt.Relevance: {Words: map[string]earshot.Score{
		"driver": 200_000, "taxi": 250_000, "ride": 250_000, "pie": -250_000, "人気": 100_000, "#late": 50_000, "😡": -50_000,
	}}}}
	for _, c := range []struct {
		text, why string
		before    earshot.Score
		after     earshot.Score
	}{
		{"nothing here", "", 500_000, 500_000},
		{"Driver, driver!", "adapt:driver 0.2 Driver", 500_000, 700_000},
		{"driver taxi ride", "adapt:driver 0.2 driver, adapt:taxi 0.25 taxi, adapt:ride 0.25 ride, limit -0.2 ", 400_000, 900_000},
		{"driver", "adapt:driver 0.2 driver, limit -0.1 ", 900_000, 1_000_000},
		{"PIE", "adapt:pie -0.25 PIE, limit 0.15 ", 100_000, 0},
		{"とても人気です", "adapt:人気 0.1 人気", 0, 100_000},
		{"#late 😡 @driver", "adapt:#late 0.05 #late, adapt:😡 -0.05 😡", 500_000, 500_000},
	} {
		why, after := adjust(layer, adapt.Relevance, c.text, c.before, 0)
		if why != c.why || after != c.after {
			t.Errorf("%s: %s (%s), want %s (%s)", c.text, after, why, c.after, c.why)
		}
	}
	if why, after := adjust(nil, adapt.Sentiment, "driver", -5, -earshot.Unit); why != "" || after != -5 {
		t.Errorf("no layer says %s", why)
	}
}

// Sentiment is learnt as a distance.
func TestLearnSentiment(t *testing.T) {
	var all []adapt.Lesson
	for i, l := range lessons(60) {
		value := -0.6
		if i%2 == 0 {
			value = 0
		}
		all = append(all, lesson(i, l.Mention.Text, adapt.Sentiment, value))
	}
	layer, _, err := adapt.Learn("bolt", made, all)
	if err != nil {
		t.Fatal(err)
	}
	if why, after := adjust(layer, adapt.Sentiment, "a washer", 0, -earshot.Unit); after > -150_000 {
		t.Errorf("%s for %s", after, why)
	}
}

// Files that no adapt wrote are refused.
func TestRead(t *testing.T) {
	for _, data := range []string{
		"", "{}", "null", `{"format":1}`, `{"format":1,"brand":"acme"}`, `{"format":2,"brand":"bolt"}`,
		`{"format":1,"brand":"bolt","fields":{"mood":{}}}`, `{"format":1,"brand":"bolt","fields":{"relevance":null}}`,
		`{"format":1,"brand":"bolt","fields":{"relevance":{"words":{"pie":-0.26}}}}`,
		`{"format":1,"brand":"bolt","fields":{"relevance":{"words":{"":0.1}}}}`, strings.Repeat(" ", adapt.MaxFile+1),
	} {
		if l, err := adapt.Read([]byte(data), "bolt"); err == nil {
			t.Errorf("%.60q is read as %+v", data, l)
		}
	}
	if l, err := adapt.Read([]byte(`{"format":1,"brand":"bolt","fields":{"relevance":{"words":{"pie":-0.2}}}}`), "bolt"); err != nil || !l.Has(adapt.Relevance) {
		t.Error(err)
	}
}

const correction = `{"mention":{"id":"x:1","text":"a bolt and a nut"},"brand":"bolt","field":"relevance","value":false,"by":"ann","at":"2026-11-22T03:00:00Z"}`

// Corrections are read strictly.
func TestParse(t *testing.T) {
	c, err := adapt.Parse([]byte(correction))
	if err != nil || !c.Whole || c.Value != 0 || c.Mention.ID != "x:1" {
		t.Errorf("%+v, %v", c, err)
	}
	id, err := adapt.Parse([]byte(strings.Replace(correction, `{"id":"x:1","text":"a bolt and a nut"}`, `"x:1"`, 1)))
	if err != nil || id.Whole || id.Mention.ID != "x:1" {
		t.Errorf("%+v, %v", id, err)
	}
	for _, change := range [][3]string{
		{`"value":false`, `"value":2`, "from 0 to 1"},
		{`"value":false`, `"value":"neg"`, "from 0 to 1"},
		{`"value":false`, `"value":null`, "from 0 to 1"},
		{`"value":false,`, ``, "from 0 to 1"},
		{`"field":"relevance"`, `"field":"mood"`, "there is no field"},
		{`"brand":"bolt"`, `"brand":""`, "brand is missing"},
		{`"by":"ann"`, `"by":" "`, "who corrected"},
		{`"at":"2026-11-22T03:00:00Z"`, `"at":"yesterday"`, "no moment"},
		{`,"at":"2026-11-22T03:00:00Z"`, ``, "when"},
		{`{"id":"x:1","text":"a bolt and a nut"}`, `{}`, "neither text nor title"},
		{`{"id":"x:1","text":"a bolt and a nut"}`, `""`, "mention is missing"},
		{`{"id":"x:1","text":"a bolt and a nut"}`, `7`, "mention is missing"},
		{`"by":"ann"`, `"buy":"ann"`, "unknown field"},
	} {
		if _, err := adapt.Parse([]byte(strings.Replace(correction, change[0], change[1], 1))); err == nil || !strings.Contains(err.Error(), change[2]) {
			t.Errorf("%s: %v", change[1], err)
		}
	}
	none, err := adapt.Parse([]byte(strings.Replace(correction, `"id":"x:1",`, ``, 1)))
	if err != nil || none.Mention.ID == "" {
		t.Errorf("%+v, %v", none, err)
	}
	for _, data := range []string{"", "[]", "null", correction + correction, "\xff", correction[:50]} {
		if _, err := adapt.Parse([]byte(data)); err == nil {
			t.Errorf("%q is a correction", data)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(correction))
	f.Add([]byte(`{"mention":"x:1","brand":"b","field":"sentiment","value":"neg","by":"a","at":"2026-11-22T03:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := adapt.Parse(data)
		if err == nil && (c.Value < -1 || c.Value > 1 || c.By == "" || c.Brand == "" || c.Mention.ID == "") {
			t.Errorf("%+v", c)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"format":1,"brand":"bolt","fields":{"relevance":{"words":{"pie":-0.2}}}}`), "a pie")
	f.Fuzz(func(t *testing.T, data []byte, s string) {
		l, err := adapt.Read(data, "bolt")
		if err != nil {
			return
		}
		for _, field := range adapt.Fields() {
			if why, after := adjust(l, field, s, 0, -earshot.Unit); strings.Contains(why, "SUM IS WRONG") || after < -earshot.Unit || after > earshot.Unit {
				t.Errorf("%s: %s", why, after)
			}
		}
	})
}
