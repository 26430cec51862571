package rules_test

import (
	"strings"
	"testing"

	"earshot"
	"earshot/rules"
	"earshot/rules/adapt"
)

// layered is a book whose brand has learnt a few words.
func layered(t testing.TB, threshold float64) *rules.Book {
	t.Helper()
	words := func(w map[string]earshot.Score) *adapt.Learnt { return &adapt.Learnt{Words: w} }
	layer := &adapt.Layer{Brand: "bolt", Fields: map[adapt.Field]*adapt.Learnt{
		adapt.Relevance: words(map[string]earshot.Score{"washer": -250_000, "trip": 200_000}),
		adapt.Sentiment: words(map[string]earshot.Score{"washer": -250_000, "trip": 100_000}),
		adapt.Complaint: words(map[string]earshot.Score{"trip": 250_000, "again": -250_000}),
		adapt.Request:   words(map[string]earshot.Score{"trip": 50_000}),
	}}
	book, problems := rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "bolt", Query: "bolt", Context: rules.Context{For: []string{"fare"}}, Threshold: threshold}, {Name: "acme", Query: "acme OR bolt"}},
		Layers: map[string]*adapt.Layer{"bolt": layer},
		Rules:  []rules.Rule{{Name: "complains", When: "complaint > 0.2", Labels: []string{"complains"}}},
	})
	if problems.Fatal() {
		t.Fatal(problems)
	}
	return book
}

// What was learnt counts for its brand alone, in every score, for reasons that say
// so and add up.
func TestAdaptedVerdicts(t *testing.T) {
	book := layered(t, 0.1)
	for text, want := range map[string]string{
		"a bolt trip":               "relevance adapt:trip 0.2, sentiment adapt:trip 0.1, urgency adapt:trip 5, urgency adapt:trip 0.75",
		"a bolt washer":             "relevance adapt:washer -0.25, sentiment adapt:washer -0.25",
		"bolt again":                "urgency adapt:again -5, urgency limit 5",
		"nothing learnt about bolt": "",
	} {
		verdicts := book.Judge(&earshot.Mention{ID: "x:1", Text: text, Lang: "tlh"})
		if len(verdicts) != 2 {
			t.Fatalf("%s: %d verdicts", text, len(verdicts))
		}
		var why []string
		for i := range verdicts {
			checkSums(t, &scene{Text: text}, &verdicts[i])
			for _, r := range verdicts[i].Reasons {
				adapted := strings.HasPrefix(r.Rule, "adapt:") || strings.HasPrefix(text, "bolt again") && r.Rule == earshot.Limit && r.Weight == 5*earshot.Unit
				if adapted && verdicts[i].Brand != "bolt" {
					t.Errorf("%s: %s learnt %s", text, verdicts[i].Brand, r.Rule)
				} else if adapted {
					why = append(why, string(r.Of)+" "+r.Rule+" "+r.Weight.String())
				}
			}
		}
		if got := strings.Join(why, ", "); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if complains := len(verdicts[0].Labels) > 0; complains != (text == "a bolt trip") {
			t.Errorf("%s: rules see labels %v", text, verdicts[0].Labels)
		}
	}
}

// Measure tells the scores of what is below the threshold, too.
func TestMeasure(t *testing.T) {
	book := layered(t, 0.5)
	m := &earshot.Mention{ID: "x:1", Text: "a bolt washer"}
	if v := verdictFor(book.Judge(m), "bolt"); v != nil {
		t.Errorf("it is kept: %+v", v)
	}
	below := book.Below(m)
	if len(below) != 1 || below[0].Brand != "bolt" || below[0].Relevance != earshot.Unit/4 || len(below[0].Reasons) != 2 {
		t.Errorf("below the threshold: %+v", below)
	}
	scores, ok := book.Measure(m, "bolt")
	relevance, line := scores.Of(adapt.Relevance)
	if !ok || relevance != earshot.Unit/4 || line != earshot.Unit/2 {
		t.Errorf("%v, %+v", ok, scores)
	}
	for _, field := range adapt.Fields() {
		if _, line := scores.Of(field); field != adapt.Sentiment && line != earshot.Unit/2 {
			t.Errorf("%s has its line at %s", field, line)
		}
	}
	for brand, text := range map[string]string{"bolt": "nothing", "none": "bolt"} {
		if _, ok := book.Measure(&earshot.Mention{ID: "x:2", Text: text}, brand); ok {
			t.Errorf("%q is measured for %s", text, brand)
		}
	}
}
