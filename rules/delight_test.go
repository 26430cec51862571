package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"

	"earshot"
	"earshot/rules"
)

// letters is testdata/delight.yaml.
type letters struct {
	Delights bool   `yaml:"delights"`
	About    string `yaml:"about"`
	Lang     string `yaml:"lang"`
	By       string `yaml:"by"`
	Title    string `yaml:"title"`
	Text     string `yaml:"text"`
	RepostOf string `yaml:"repost_of"`
	Replies  int64  `yaml:"replies"`
	Rating   float64
}

func (l *letters) mention() *earshot.Mention {
	return &earshot.Mention{
		ID: "x:1", Lang: l.Lang, Title: l.Title, Text: l.Text, RepostOf: l.RepostOf, Rating: l.Rating,
		Author: earshot.Author{Handle: l.By}, Engagement: earshot.Engagement{Replies: l.Replies},
	}
}

func readLetters(t testing.TB) (*rules.Book, []letters) {
	t.Helper()
	data, err := os.ReadFile("testdata/delight.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []letters
	if err := yaml.UnmarshalWithOptions(data, &all, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	book, problems := rules.New(rules.Config{
		Brands: []rules.Brand{{Name: "acme", Query: "acme OR アクメ OR أكمي", Owned: rules.Owned{Handles: []string{"@acmetoys"}}}},
		Rules: []rules.Rule{{Name: "worth sharing", When: "delight > 0.6", Routes: []rules.Route{
			{Team: "pr", Kind: "delight"}, {Team: "cs", Kind: "customer"},
		}}},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return book, all
}

// Letters worth sharing are told from complaints, sarcasm, advertisements, raffles,
// press, the words of others, and praise without a story.
func TestDelight(t *testing.T) {
	book, all := readLetters(t)
	for i := range all {
		l := &all[i]
		m := l.mention()
		verdicts := book.Judge(m)
		if len(verdicts) != 1 {
			t.Fatalf("%s: %d verdicts", l.About, len(verdicts))
		}
		v := &verdicts[0]
		checkSums(t, &scene{Title: l.Title, Text: l.Text}, v)
		var why []string
		for _, r := range v.Reasons {
			if r.Of == earshot.OfDelight {
				why = append(why, r.Rule+" "+r.Weight.String())
			}
		}
		t.Logf("%v %s %s: sentiment %s, %s", l.Delights, v.Delight, l.About, v.Sentiment, strings.Join(why, ", "))
		if (v.Delight > earshot.ScoreOf(0.6)) != l.Delights {
			t.Errorf("%s: delight %s, sentiment %s\n  %s", l.About, v.Delight, v.Sentiment, strings.Join(why, "\n  "))
		}
		if routed := len(v.Routes) == 2; routed != (l.Delights && !v.OwnedAuthor) {
			t.Errorf("%s: routes %v", l.About, v.Routes)
		}
	}
}

// Whatever is written, the reasons of the delight add up to it, it stays in [0,1],
// and each part alone of feelings and story is not enough.
func TestDelightOfAnything(t *testing.T) {
	book, all := readLetters(t)
	var words []string
	for i := range all {
		words = append(words, strings.Fields(all[i].Text)...)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 80).Draw(t, "words"), " ")
		m := &earshot.Mention{
			ID: "x:1", Text: "acme " + text, Lang: rapid.SampledFrom([]string{"", "en", "de", "th"}).Draw(t, "lang"),
			Title: rapid.SampledFrom(words).Draw(t, "title"), RepostOf: rapid.SampledFrom([]string{"", "x:2"}).Draw(t, "repost"),
			Rating: rapid.Float64Range(0, 5).Draw(t, "rating"), Engagement: earshot.Engagement{Replies: rapid.Int64().Draw(t, "replies")},
			Author: earshot.Author{Handle: rapid.SampledFrom([]string{"", "AcmeNews", "ann", "@acmetoys"}).Draw(t, "by")},
		}
		for _, v := range book.Judge(m) {
			checkSums(t, &scene{Title: m.Title, Text: m.Text}, &v)
			sums := map[string]earshot.Score{}
			for _, r := range v.Reasons {
				if r.Of == earshot.OfDelight {
					sums[r.Rule] += r.Weight
				}
			}
			felt := sums["joy"] + sums["touching"] + sums["a child's voice"]
			told := sums["told by who lived it"] + sums["a story told"] + sums["told at length"]
			if felt > earshot.ScoreOf(0.4) || told > earshot.ScoreOf(0.4) || (felt == 0 || told == 0) && v.Delight > earshot.ScoreOf(0.6) {
				t.Fatalf("felt %s, told %s, delight %s", felt, told, v.Delight)
			}
			if (m.RepostOf != "" || v.OwnedAuthor) && v.Delight > 0 {
				t.Fatalf("somebody else's words delight: %s", v.Delight)
			}
		}
	})
}
