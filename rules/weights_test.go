package rules_test

import (
	"math"
	"strings"
	"testing"

	"earshot"
	"earshot/rules"
)

// A brand's own points take the place of those of all brands; what it leaves out
// and other brands keep theirs, and reasons sum to the urgency whatever they are.
func TestWeightsOfABrand(t *testing.T) {
	all := rules.DefaultWeights()
	all.Complaint = 30
	config := rules.Config{Points: &all, Brands: []rules.Brand{
		{Name: "plain", Query: "acme"},
		{Name: "own", Query: "acme", Urgency: rules.BrandUrgency{Weights: rules.Points{"complaint": 3, "danger": 0, "legal": -20}}},
	}}
	book := newBook(t, config)
	text := "My acme lamp caught fire, nobody answers, I call my lawyer now"
	verdicts := book.Judge(&earshot.Mention{ID: "x:1", Text: text})
	if len(verdicts) != 2 {
		t.Fatalf("%d verdicts", len(verdicts))
	}
	sums := make([]map[string]earshot.Score, 2)
	for i := range verdicts {
		checkSums(t, &scene{Text: text}, &verdicts[i])
		sums[i] = map[string]earshot.Score{}
		for _, r := range verdicts[i].Reasons {
			if r.Of == earshot.OfUrgency {
				name, _, _ := strings.Cut(r.Rule, ":")
				sums[i][name] += r.Weight
			}
		}
	}
	plain, own := sums[0], sums[1]
	if ratio := plain["complaint"].Float() / own["complaint"].Float(); math.Abs(ratio-10) > 0.001 {
		t.Errorf("complaints weigh %s and %s", plain["complaint"], own["complaint"])
	}
	if plain["danger"] <= 0 || own["danger"] != 0 || plain["legal"] <= 0 || own["legal"] != -plain["legal"] {
		t.Errorf("all brands %v, its own %v", plain, own)
	}
	if !verdicts[0].Danger || verdicts[1].Danger {
		t.Errorf("in danger %v by the words, %v by a brand that gives them no points", verdicts[0].Danger, verdicts[1].Danger)
	}
	if plain["negative sentiment"] != own["negative sentiment"] || own["negative sentiment"] == 0 {
		t.Errorf("what is left out differs: %v, %v", plain, own)
	}
}

// Points that nobody can mean are told of where they are.
func TestWrongWeights(t *testing.T) {
	all := rules.DefaultWeights()
	all.Reach = 1e6
	_, problems := rules.New(rules.Config{Points: &all, Brands: []rules.Brand{
		{Name: "acme", Query: "acme", Urgency: rules.BrandUrgency{Weights: rules.Points{"complaints": 5, "danger": math.NaN(), "legal": -101}}},
	}})
	var got []string
	for _, p := range problems {
		got = append(got, p.Error())
	}
	want := "urgency.weights.reach: no reason can be worth so many points (the whole scale has 100: from -100 to 100)\n" +
		"brands[0].urgency.weights.danger: no reason can be worth so many points (the whole scale has 100: from -100 to 100)\n" +
		"brands[0].urgency.weights.legal: no reason can be worth so many points (the whole scale has 100: from -100 to 100)\n" +
		`brands[0].urgency.weights.complaints: there is no weight "complaints" (did you mean complaint?)`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}

// A danger is not praised, however contented the words around it are.
func TestDangerIsSober(t *testing.T) {
	book := newBook(t, rules.Config{Brands: []rules.Brand{{Name: "acme", Query: "acme"}}})
	for _, text := range []string{
		"What a lovely happy day, and then my wonderful acme lamp caught fire, love it", "Thank you so much acme, best team ever, you helped when the oven caught fire",
	} {
		v := book.Judge(&earshot.Mention{ID: "x:1", Text: text})
		if len(v) != 1 || !v[0].Danger {
			t.Fatalf("%q: %+v", text, v)
		}
		checkSums(t, &scene{Text: text}, &v[0])
		if v[0].Sentiment > earshot.Unit/2 {
			t.Errorf("%q: %s", text, v[0].Sentiment)
		}
	}
}
