package rules_test

import (
	"os"
	"strings"
	"testing"

	"earshot"
	"earshot/rules"
)

// A post that names two brands of the book feels for each what it says of each, and
// the reasons sum to it.
func TestFeelingTowardBrands(t *testing.T) {
	file, err := os.ReadFile("testdata/toward.txt")
	if err != nil {
		t.Fatal(err)
	}
	b, problems := rules.New(rules.Config{Brands: []rules.Brand{
		{Name: "acme", Query: "acme"}, {Name: "borealis", Query: "borealis"},
	}})
	if b == nil {
		t.Fatal(problems)
	}
	signs := map[string]earshot.Score{"neg": -1, "neu": 0, "pos": 1}
	for line := range strings.Lines(string(file)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		for _, v := range b.Judge(&earshot.Mention{Text: strings.Join(f[3:], " "), Lang: f[2]}) {
			want := map[string]string{"acme": f[0], "borealis": f[1]}[v.Brand]
			if sign := signs[want]; want != "*" && want != "neu" && v.Sentiment*sign <= 0 {
				t.Errorf("%q: %s is %s, want %s", strings.Join(f[3:], " "), v.Brand, v.Sentiment, want)
			}
			sum := earshot.Score(0)
			for _, r := range v.Reasons {
				if r.Of == earshot.OfSentiment {
					sum += r.Weight
				}
			}
			if sum != v.Sentiment {
				t.Errorf("%q: the reasons of %s sum to %s, not %s", strings.Join(f[3:], " "), v.Brand, sum, v.Sentiment)
			}
		}
	}
}

// Words that two brands share name neither of them.
func TestFeelingOfOneWord(t *testing.T) {
	b, _ := rules.New(rules.Config{Brands: []rules.Brand{{Name: "acme", Query: "acme"}, {Name: "castles", Query: "acme castle"}}})
	verdicts := b.Judge(&earshot.Mention{Text: "I love my acme castle"})
	if len(verdicts) != 2 || verdicts[0].Sentiment <= 0 || verdicts[1].Sentiment != verdicts[0].Sentiment {
		t.Errorf("verdicts are %+v", verdicts)
	}
}
