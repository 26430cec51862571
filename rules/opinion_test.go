package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot"
	"earshot/rules"
)

func modelled() rules.Config {
	return rules.Config{
		Brands: []rules.Brand{
			{Name: "acme", Query: "acme", Owned: rules.Owned{Handles: []string{"@acmecare"}}},
			{Name: "zeta", Query: "zeta"},
		},
		Rules: []rules.Rule{
			{Name: "fraud", When: `"fraud" in model_labels && model_urgency > 0.5 && model_sentiment < 0`, Labels: []string{"fraud"}, Send: []string{"cs"}},
		},
		Models: []rules.Model{{Name: "sage", Brands: []string{"acme"}, When: `mention.text contains "?"`, Sentiment: 0.5, Urgency: 20}},
	}
}

func newBook(t *testing.T, c rules.Config) *rules.Book {
	t.Helper()
	b, problems := rules.New(c)
	if problems.Fatal() {
		t.Fatal(problems)
	}
	return b
}

func thinks(m earshot.Mention, o earshot.Opinion) *earshot.Mention {
	o.Of = m.Said()
	m.Opinions = []earshot.Opinion{o}
	return &m
}

// What a model thinks moves a verdict within its bounds, for its brand and those
// words alone, and says so.
func TestOpinions(t *testing.T) {
	t.Parallel()
	b := newBook(t, modelled())
	m := earshot.Mention{ID: "x:1", Text: "so acme and zeta call this a letter?"}
	plain := b.Judge(&m)
	opinion := earshot.Opinion{Brand: "acme", By: "sage", Sentiment: -earshot.Unit, Urgency: earshot.Unit, Labels: []string{"fraud"}}
	got := b.Judge(thinks(m, opinion))
	if got[0].Sentiment != plain[0].Sentiment-earshot.Unit/2 || got[0].Urgency < plain[0].Urgency+20*earshot.Unit {
		t.Errorf("sentiment %v to %v, urgency %v to %v", plain[0].Sentiment, got[0].Sentiment, plain[0].Urgency, got[0].Urgency)
	}
	if diff := cmp.Diff([]string{"fraud"}, got[0].Labels); diff != "" || len(got[0].Routes) != 1 {
		t.Errorf("%s %v", diff, got[0].Routes)
	}
	if diff := cmp.Diff(plain[1], got[1]); diff != "" {
		t.Errorf("another brand: %s", diff)
	}
	other := opinion
	other.By = "oracle"
	if diff := cmp.Diff(plain, b.Judge(thinks(m, other))); diff != "" {
		t.Errorf("another model counts: %s", diff)
	}
	stale := *thinks(m, opinion)
	stale.Opinions[0].Of = "before"
	if diff := cmp.Diff(plain, b.Judge(&stale)); diff != "" {
		t.Errorf("what was thought of other words counts: %s", diff)
	}
	off := modelled()
	off.Models = nil
	without := newBook(t, off)
	if diff := cmp.Diff(without.Judge(&m), without.Judge(thinks(m, opinion))); diff != "" {
		t.Errorf("without the section it counts: %s", diff)
	}
}

// The reasons add up whatever stands in the opinion.
func TestOpinionReasons(t *testing.T) {
	t.Parallel()
	b := newBook(t, modelled())
	rapid.Check(t, func(t *rapid.T) {
		m := earshot.Mention{ID: "x:1", Text: "acme " + rapid.SampledFrom([]string{"is great 😍", "is awful, refund me", "?", "caught fire"}).Draw(t, "text")}
		v := b.Judge(thinks(m, earshot.Opinion{
			Brand: "acme", By: "sage",
			Sentiment: earshot.Score(rapid.Int64().Draw(t, "sentiment")), Urgency: earshot.Score(rapid.Int64().Draw(t, "urgency")),
		}))[0]
		sums := map[earshot.Quality]earshot.Score{}
		for _, r := range v.Reasons {
			sums[r.Of] += r.Weight
		}
		if sums[earshot.OfSentiment] != v.Sentiment || sums[earshot.OfUrgency] != v.Urgency {
			t.Fatalf("%v is not %v, or %v not %v", sums[earshot.OfSentiment], v.Sentiment, sums[earshot.OfUrgency], v.Urgency)
		}
		if v.Sentiment > earshot.Unit || v.Sentiment < -earshot.Unit || v.Urgency < 0 || v.Urgency > 100*earshot.Unit {
			t.Fatalf("out of range: %v %v", v.Sentiment, v.Urgency)
		}
	})
}

// A model is asked of what qualifies, for its brands, and never of what the brand
// wrote itself.
func TestAsks(t *testing.T) {
	t.Parallel()
	b := newBook(t, modelled())
	for _, c := range []struct {
		m     earshot.Mention
		brand string
		want  string
	}{
		{earshot.Mention{Text: "acme?"}, "acme", "sage"},
		{*thinks(earshot.Mention{Text: "acme?"}, earshot.Opinion{Brand: "acme", By: "sage"}), "acme", "sage"},
		{earshot.Mention{Text: "acme!"}, "acme", ""},
		{earshot.Mention{Text: "acme and zeta?"}, "zeta", ""},
		{earshot.Mention{Text: "acme?"}, "gone", ""},
		{earshot.Mention{Text: "nobody?"}, "acme", ""},
		{earshot.Mention{Text: "acme?", Change: earshot.Deleted}, "acme", ""},
		{earshot.Mention{Text: "acme?", Author: earshot.Author{Handle: "@acmecare"}}, "acme", ""},
	} {
		if got := b.Asks(&c.m, c.brand); got != c.want {
			t.Errorf("of %q for %s: %q, want %q", c.m.Text, c.brand, got, c.want)
		}
	}
}

func TestModelProblems(t *testing.T) {
	t.Parallel()
	good := modelled().Models[0]
	for what, change := range map[string]func(*rules.Model){
		"no name":         func(m *rules.Model) { m.Name = "" },
		"no condition":    func(m *rules.Model) { m.When = "" },
		"bad condition":   func(m *rules.Model) { m.When = "sentimant < 0" },
		"no brands":       func(m *rules.Model) { m.Brands = nil },
		"unknown brand":   func(m *rules.Model) { m.Brands = []string{"acne"} },
		"brand twice":     func(m *rules.Model) { m.Brands = []string{"acme", "acme"} },
		"endless points":  func(m *rules.Model) { m.Urgency = 101 },
		"negative points": func(m *rules.Model) { m.Sentiment = -1 },
	} {
		c := modelled()
		c.Models[0] = good
		change(&c.Models[0])
		if _, problems := rules.New(c); !problems.Fatal() {
			t.Errorf("%s: holds", what)
		}
	}
}
