package rules_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"earshot"
	"earshot/rules"
)

var update = flag.Bool("update", false, "write the verdicts found into testdata")

// scene is one post of a test file.
type scene struct {
	Title      string             `yaml:"title,omitempty"`
	Text       string             `yaml:"text"`
	URL        string             `yaml:"url,omitempty"`
	Lang       string             `yaml:"lang,omitempty"`
	Author     string             `yaml:"author,omitempty"`
	Visibility earshot.Visibility `yaml:"visibility,omitempty"`
	Want       string             `yaml:"want"`
}

func (s *scene) mention() *earshot.Mention {
	return &earshot.Mention{
		ID: "test:1", Title: s.Title, Text: s.Text, URL: s.URL, Lang: s.Lang,
		Author: earshot.Author{Handle: s.Author}, Visibility: s.Visibility,
	}
}

// book compiles the YAML of a configuration's brands and rules.
func book(t testing.TB, source string) (*rules.Book, earshot.Problems) {
	t.Helper()
	var file struct {
		Brands []struct {
			Name   string        `yaml:"name"`
			Query  string        `yaml:"query"`
			Owned  rules.Owned   `yaml:"owned"`
			Topics yaml.MapSlice `yaml:"topics"`
		} `yaml:"brands"`
		Rules []rules.Rule `yaml:"rules"`
	}
	if err := yaml.Unmarshal([]byte(source), &file); err != nil {
		t.Fatal(err)
	}
	config := rules.Config{Rules: file.Rules, Teams: []string{"cs", "pr"}}
	for _, b := range file.Brands {
		brand := rules.Brand{Name: b.Name, Query: b.Query, Owned: b.Owned}
		for _, item := range b.Topics {
			topic := rules.Topic{Name: item.Key.(string)}
			switch v := item.Value.(type) {
			case string:
				topic.Query = v
			case map[string]any:
				topic.Query, topic.Danger = v["query"].(string), v["danger"] == true
			}
			brand.Topics = append(brand.Topics, topic)
		}
		config.Brands = append(config.Brands, brand)
	}
	return rules.New(config)
}

// mustBook is book for configurations without problems.
func mustBook(t testing.TB, source string) *rules.Book {
	t.Helper()
	b, problems := book(t, source)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return b
}

// The verdicts are those that testdata says.
func TestVerdicts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b := mustBook(t, string(archive.Files[0].Data))
		for i := range archive.Files[1:] {
			file := &archive.Files[1+i]
			t.Run(file.Name, func(t *testing.T) {
				var s scene
				if err := yaml.Unmarshal(file.Data, &s); err != nil {
					t.Fatal(err)
				}
				verdicts := b.Judge(s.mention())
				for i := range verdicts {
					checkSums(t, &s, &verdicts[i])
				}
				got := describe(verdicts)
				if *update {
					head, _, _ := strings.Cut(string(file.Data), "want:")
					file.Data = []byte(head + "want: " + quoteDash(got) + "\n")
				} else if diff := cmp.Diff(s.Want, got); diff != "" {
					t.Errorf("%q (-want +got):\n%s", s.Text, diff)
				}
			})
		}
		if *update {
			if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// describe says in words what matters of verdicts.
func describe(verdicts []earshot.Verdict) string {
	var lines []string
	for _, v := range verdicts {
		feeling := "neu"
		if v.Sentiment > earshot.Unit/5 {
			feeling = "pos"
		} else if v.Sentiment < -earshot.Unit/5 {
			feeling = "neg"
		}
		var routes, why []string
		for _, r := range v.Routes {
			routes = append(routes, strings.TrimSpace(r.Team+" "+string(r.Kind)+" "+r.Topic))
		}
		for _, r := range v.Reasons {
			again := len(why) > 0 && why[len(why)-1] == r.Rule && strings.HasSuffix(r.Rule, ":model")
			if r.Of == earshot.OfUrgency && !again {
				why = append(why, r.Rule)
			}
		}
		if len(routes) == 0 {
			routes = []string{"nobody"}
		}
		if v.OwnedAuthor {
			routes = append(routes, "it is the brand")
		}
		lines = append(lines, v.Brand+" "+feeling+" "+string(earshot.DefaultBands().Of(v.Urgency))+"; topics "+orDash(v.Topics)+
			"; "+strings.Join(routes, ", ")+"; "+orDash(why))
	}
	return orDash(lines)
}

// quoteDash keeps YAML from taking a dash for a list.
func quoteDash(s string) string {
	if s == "-" {
		return `"-"`
	}
	return s
}

func orDash(s []string) string {
	if len(s) == 0 {
		return "-"
	}
	return strings.Join(s, ", ")
}

// checkSums checks that a verdict's reasons reproduce its scores and point into
// the text, and that nothing in it is null.
func checkSums(t failer, s *scene, v *earshot.Verdict) {
	sums := map[earshot.Quality]earshot.Score{}
	for _, r := range v.Reasons {
		sums[r.Of] += r.Weight
		field := map[string]string{"title": s.Title, "text": s.Text}[r.Field]
		if (r.Span == nil) != (r.Field == "") || r.Span != nil && (r.Span[0] < 0 || r.Span[0] >= r.Span[1] || r.Span[1] > len(field)) {
			t.Fatalf("reason points outside the %d bytes of %q: %+v %v", len(field), r.Field, r, r.Span)
		}
		if r.Weight == 0 || r.Rule == "" {
			t.Fatalf("empty reason: %+v", r)
		}
	}
	want := map[earshot.Quality]earshot.Score{}
	for of, score := range map[earshot.Quality]earshot.Score{
		earshot.OfRelevance: v.Relevance, earshot.OfSentiment: v.Sentiment, earshot.OfUrgency: v.Urgency,
		earshot.OfDelight: v.Delight,
	} {
		if sums[of] != 0 || score != 0 {
			want[of] = score
		}
		if sums[of] == 0 {
			delete(sums, of)
		}
	}
	if diff := cmp.Diff(want, sums); diff != "" {
		t.Fatalf("reasons do not sum to the scores (-score +sum):\n%s", diff)
	}
	if v.Urgency < 0 || v.Urgency > 100*earshot.Unit || v.Sentiment > earshot.Unit || v.Sentiment < -earshot.Unit || v.Delight < 0 || v.Delight > earshot.Unit {
		t.Fatalf("urgency %s, sentiment %s, delight %s", v.Urgency, v.Sentiment, v.Delight)
	}
	if v.Topics == nil || v.Routes == nil || v.Reasons == nil {
		t.Fatalf("null in the verdict: %+v", v)
	}
}

type failer interface {
	Fatalf(format string, args ...any)
}

// The same mention and the same book give the same verdict, at once or one after
// the other, and a worker remembers nothing of the mention before.
func TestPure(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/toymaker.txtar")
	if err != nil {
		t.Fatal(err)
	}
	b := mustBook(t, string(archive.Files[0].Data))
	var mentions []*earshot.Mention
	for _, file := range archive.Files[1:] {
		var s scene
		if err := yaml.Unmarshal(file.Data, &s); err != nil {
			t.Fatal(err)
		}
		mentions = append(mentions, s.mention())
	}
	var want [][]earshot.Verdict
	for _, m := range mentions {
		want = append(want, mustBook(t, string(archive.Files[0].Data)).Judge(m))
	}
	done := make(chan string, 4)
	for range cap(done) {
		go func() {
			for i := range 200 {
				n := (i * 7) % len(mentions)
				if diff := cmp.Diff(want[n], b.Judge(mentions[n])); diff != "" {
					done <- diff
					return
				}
			}
			done <- ""
		}()
	}
	for range cap(done) {
		if diff := <-done; diff != "" {
			t.Error(diff)
		}
	}
}

// Verdicts come in book order, whatever the order of the words.
func TestBookOrder(t *testing.T) {
	b := mustBook(t, "brands:\n- {name: zeta, query: zeta}\n- {name: acme, query: acme}\n- {name: beta, query: 'beta OR zeta'}")
	var got []string
	for _, v := range b.Judge(&earshot.Mention{Text: "acme beta zeta"}) {
		got = append(got, v.Brand)
	}
	if !slices.Equal(got, []string{"zeta", "acme", "beta"}) {
		t.Error(got)
	}
}

// What an author deleted concerns nobody any more.
func TestDeleted(t *testing.T) {
	b := mustBook(t, "brands: [{name: acme, query: acme}]")
	if v := b.Judge(&earshot.Mention{Text: "acme", Change: earshot.Deleted}); v != nil {
		t.Error(v)
	}
}

// Whatever the text, verdicts explain themselves.
func FuzzJudge(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/toymaker.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files[1:] {
		var s scene
		if err := yaml.Unmarshal(file.Data, &s); err != nil {
			f.Fatal(err)
		}
		f.Add(s.Title, s.Text)
	}
	b := mustBook(f, string(archive.Files[0].Data))
	f.Fuzz(func(t *testing.T, title, body string) {
		s := scene{Title: "Acme " + title, Text: body}
		verdicts := b.Judge(s.mention())
		for i := range verdicts {
			checkSums(t, &s, &verdicts[i])
		}
	})
}
