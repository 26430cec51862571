package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"earshot"
	"earshot/rules"
)

// ambiguous is testdata/relevance.yaml.
type ambiguous struct {
	Brands []rules.Brand `yaml:"brands"`
	Posts  []struct {
		Brand string `yaml:"brand"`
		Is    bool   `yaml:"is"`
		Text  string `yaml:"text"`
	} `yaml:"posts"`
}

func readAmbiguous(t testing.TB) (*rules.Book, ambiguous) {
	t.Helper()
	data, err := os.ReadFile("testdata/relevance.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file ambiguous
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	book, problems := rules.New(rules.Config{Brands: file.Brands})
	if problems.Fatal() {
		t.Fatal(problems)
	}
	return book, file
}

func verdictFor(verdicts []earshot.Verdict, brand string) *earshot.Verdict {
	for i := range verdicts {
		if verdicts[i].Brand == brand {
			return &verdicts[i]
		}
	}
	return nil
}

// Posts that are about the brand have a verdict, those about the other thing none.
func TestAmbiguousNames(t *testing.T) {
	book, file := readAmbiguous(t)
	for _, p := range file.Posts {
		verdicts := book.Judge(&earshot.Mention{ID: "x:1", Text: p.Text})
		v := verdictFor(verdicts, p.Brand)
		if (v != nil) != p.Is {
			t.Errorf("%s: %q: %v, verdict %+v", p.Brand, p.Text, p.Is, v)
		}
		for i := range verdicts {
			checkSums(t, &scene{Text: p.Text}, &verdicts[i])
		}
	}
}

// relevance is the relevance of a mention for the first brand, and why.
func relevanceOf(t *testing.T, brand rules.Brand, m earshot.Mention) (earshot.Score, []string) {
	t.Helper()
	if brand.Name == "" {
		brand.Name, brand.Query = "bolt", "Bolt"
	}
	brand.Threshold = 0.000001
	book, problems := rules.New(rules.Config{Brands: []rules.Brand{brand}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m.ID = "x:1"
	verdicts := book.Judge(&m)
	if len(verdicts) == 0 {
		return 0, nil
	}
	checkSums(t, &scene{Title: m.Title, Text: m.Text}, &verdicts[0])
	var why []string
	for _, r := range verdicts[0].Reasons {
		if r.Of == earshot.OfRelevance {
			why = append(why, r.Rule+" "+r.Weight.String())
		}
	}
	return verdicts[0].Relevance, why
}

// Each sign counts what docs/rules.md says.
func TestSignsOfRelevance(t *testing.T) {
	context := rules.Context{For: []string{"driver*", "site:rides.example", "fare"}, Against: []string{"nut*", "screw*"}}
	brand := rules.Brand{
		Name: "bolt", Query: "Bolt OR BoltFood", Context: context,
		Owned: rules.Owned{Handles: []string{"@boltapp"}, Domains: []string{"bolt.eu"}},
	}
	many := strings.Repeat("#sale ", 12)
	for _, c := range []struct {
		mention earshot.Mention
		want    string
	}{
		{earshot.Mention{Text: "bolt"}, "query:bolt 0.5"},
		{earshot.Mention{Text: "bolt bolt bolt"}, "query:bolt 0.166668, query:bolt 0.166666, query:bolt 0.166666"},
		{earshot.Mention{Text: "bolt driver"}, "query:bolt 0.5, context:driver* 0.2"},
		{earshot.Mention{Text: "a bolt and nuts"}, "query:bolt 0.5, context:nut* -0.25"},
		{earshot.Mention{Text: "bolt @boltapp"}, "query:bolt 0.5, own handle 0.4"},
		{earshot.Mention{Text: "bolt", To: []string{"BoltApp"}}, "query:bolt 0.5, own handle 0.4"},
		{earshot.Mention{Text: "bolt https://help.bolt.eu/x"}, "query:bolt 0.25, query:bolt 0.25, own domain 0.4"},
		{earshot.Mention{Text: "bolt", Links: []string{"https://bolt.eu"}}, "query:bolt 0.5, own domain 0.4"},
		{earshot.Mention{Text: "bolt", Author: earshot.Author{Handle: "@boltapp"}}, "query:bolt 0.5, own author 0.5"},
		{earshot.Mention{Title: "bolt", Text: "so late"}, "query:bolt 0.5, in the title 0.1"},
		{earshot.Mention{Text: "I like Bolt a lot"}, "query:bolt 0.5, capital letter 0.1"},
		{earshot.Mention{Text: "I LIKE BOLT"}, "query:bolt 0.5"},
		{earshot.Mention{Text: "Bolt is late"}, "query:bolt 0.5"},
		{earshot.Mention{Text: "Er mag den Bolt", Lang: "de"}, "query:bolt 0.5"},
		{earshot.Mention{Text: "The bolt is late"}, "query:bolt 0.5, lower case -0.15"},
		{earshot.Mention{Text: "late again #bolt"}, "query:bolt 0.5, hashtag 0.05"},
		{earshot.Mention{Text: "late again $bolt"}, "query:bolt 0.5, cashtag 0.3"},
		{earshot.Mention{Text: "bolt and boltfood"}, "query:bolt 0.25, query:bolt 0.25, more of its terms 0.1"},
		{earshot.Mention{Text: "bolt " + many}, "query:bolt 0.5, many hashtags -0.1"},
		{earshot.Mention{Text: "bolt", About: []string{"bolt"}}, "query:bolt 0.5, conversation 0.25"},
		{earshot.Mention{Text: "me too", About: []string{"bolt"}}, "conversation 0.5"},
		{earshot.Mention{Text: "my driver too", About: []string{"bolt"}}, "conversation 0.5, context:driver* 0.2"},
		{earshot.Mention{Text: "bolt driver fare @boltapp"}, "query:bolt 0.5, context:driver* 0.2, context:fare 0.2, own handle 0.4, limit -0.3"},
	} {
		_, why := relevanceOf(t, brand, c.mention)
		if got := strings.Join(why, ", "); got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.mention, got, c.want)
		}
	}
}

// A post that names many brands of the book is less about each.
func TestManyBrands(t *testing.T) {
	book, _ := readAmbiguous(t)
	all := book.Judge(&earshot.Mention{ID: "x:1", Text: "$Apple $Ford $Bolt $Gap $Shell"})
	if len(all) != 5 || all[0].Relevance != 600_000 { // name 0.5, cashtag 0.3, many brands -0.2
		t.Errorf("%d verdicts, %+v", len(all), all)
	}
}

// A brand without context and threshold takes every mention, as certain.
func TestUnambiguousNames(t *testing.T) {
	book, problems := rules.New(rules.Config{Brands: []rules.Brand{{Name: "acme", Query: "Acme"}}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	v := book.Judge(&earshot.Mention{ID: "x:1", Text: "The acme boat"})
	if len(v) != 1 || v[0].Relevance != earshot.Unit {
		t.Errorf("%+v", v)
	}
	strict, _ := rules.New(rules.Config{Brands: []rules.Brand{{Name: "acme", Query: "Acme", Threshold: 0.6}}})
	if v := strict.Judge(&earshot.Mention{ID: "x:1", Text: "me too", About: []string{"acme"}}); v != nil {
		t.Errorf("a mere conversation is above the threshold: %+v", v)
	}
}

// Mistakes in context and threshold are found where they are.
func TestContextProblems(t *testing.T) {
	for _, c := range []struct {
		brand rules.Brand
		path  string
	}{
		{rules.Brand{Context: rules.Context{For: []string{"ok", `"open`}}}, "brands[0].context.for[1]"},
		{rules.Brand{Context: rules.Context{Against: []string{"query:none"}}}, "brands[0].context.against[0]"},
		{rules.Brand{Context: rules.Context{Against: make([]string, 1000)}}, "brands[0].context.against"},
		{rules.Brand{Threshold: 2}, "brands[0].threshold"},
	} {
		c.brand.Name, c.brand.Query = "bolt", "bolt"
		book, problems := rules.New(rules.Config{Brands: []rules.Brand{c.brand}})
		if book != nil || len(problems) == 0 || problems[0].Path != c.path {
			t.Errorf("%s: %v", c.path, problems)
		}
	}
}

// Hostile posts are weighed in bounded time, and what their signs add up to is
// their relevance.
func TestRelevanceOfHostilePosts(t *testing.T) {
	book, _ := readAmbiguous(t)
	for _, unit := range []string{"bolt ", "#bolt ", "$Bolt ", "@boltapp ", "Bolt. ", "BOLT driver nut ", "https://bolt.eu/ ", "apple gap ford ", "bo\u0301lt ", "アップル", "Bolt\xff"} {
		m := earshot.Mention{ID: "x:1", Title: strings.Repeat(unit, 500), Text: strings.Repeat(unit, (1<<19)/len(unit))}
		verdicts := book.Judge(&m)
		for i := range verdicts {
			checkSums(t, &scene{Title: m.Title, Text: m.Text}, &verdicts[i])
			if n := len(verdicts[i].Reasons); n > 300 {
				t.Errorf("%q: %d reasons", unit, n)
			}
		}
	}
}

// A post says what it says: the sums of all signs are exact whatever it is.
func FuzzRelevance(f *testing.F) {
	book, file := readAmbiguous(f)
	for _, p := range file.Posts[:8] {
		f.Add("", p.Text, "apple", "@AppleSupport", "en")
	}
	f.Fuzz(func(t *testing.T, title, text, about, to, lang string) {
		m := earshot.Mention{ID: "x:1", Title: title, Text: text, About: []string{about}, To: []string{to}, Links: []string{to}, Lang: lang}
		verdicts := book.Judge(&m)
		for i := range verdicts {
			checkSums(t, &scene{Title: title, Text: text}, &verdicts[i])
			if r := verdicts[i].Relevance; r < earshot.Unit/2 || r > earshot.Unit {
				t.Errorf("relevance %s", r)
			}
		}
	})
}

// What weighing an ambiguous name costs a post that has it.
func BenchmarkAmbiguous(b *testing.B) {
	book, _ := readAmbiguous(b)
	m := &earshot.Mention{ID: "x:1", Text: "Bolt driver cancelled on me twice, so I want my refund from @Bolt_Support now"}
	b.ReportAllocs()
	for b.Loop() {
		book.Judge(m)
	}
}
