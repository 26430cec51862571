package sentiment_test

import (
	"os"
	"strings"
	"testing"

	"earshot"
	"earshot/rules/match"
	"earshot/rules/sentiment"
	"earshot/rules/text"
)

// places are where a word stands in a text.
func places(s, word string) (found []match.Words) {
	lower := strings.ToLower(s)
	for at := 0; ; {
		i := strings.Index(lower[at:], word)
		if i < 0 {
			return found
		}
		at += i + len(word)
		found = append(found, match.Words{Field: text.Body, Span: earshot.Span{at - len(word), at}})
	}
}

// toward is what a text feels for own, beside others.
func (r *reader) toward(s, lang string, own, others []match.Words) sentiment.Result {
	r.measure(s, lang)
	return r.meter.Toward(sentiment.Input{Tokens: &r.tokens, Post: &r.post, Fields: [2]string{"", s}, Lang: lang}, own, others)
}

// A post that names two brands feels for each what it says of each.
func TestToward(t *testing.T) {
	file, err := os.ReadFile("../testdata/toward.txt")
	if err != nil {
		t.Fatal(err)
	}
	var r reader
	for line := range strings.Lines(string(file)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		s := line[strings.Index(line, " "+f[2]+" ")+4:]
		acme, borealis := places(s, "acme"), places(s, "borealis")
		if got := r.toward(s, f[2], acme, borealis); got.Label != f[0] && f[0] != "*" {
			t.Errorf("%q: acme is %s (%s), want %s: %+v", s, got.Label, got.Score, f[0], r.meter.Parts)
		}
		if len(borealis) == 0 {
			continue
		}
		if got := r.toward(s, f[2], borealis, acme); got.Label != f[1] && f[1] != "*" {
			t.Errorf("%q: borealis is %s (%s), want %s: %+v", s, got.Label, got.Score, f[1], r.meter.Parts)
		}
	}
}

// Whatever the text and the places, the reasons sum to what is felt for the brand and
// point into the text, and the text's own feeling is not changed by having asked.
func FuzzToward(f *testing.F) {
	for _, s := range []string{
		"acme > borealis", "switched from acme to borealis", "unlike acme, borealis? but, but", "acme but borealis than, \xff better than",
		"if i wish acme as borealis as", "acme, awful and borealis, lovely", "nothing beats acme\nmakes acme look bad",
	} {
		f.Add(s, uint8(3))
	}
	var r reader
	f.Fuzz(func(t *testing.T, s string, cut uint8) {
		own, others := places(s, "acme"), places(s, "borealis")
		if n := int(cut); n < len(s) {
			others = append(others, match.Words{Field: text.Body, Span: earshot.Span{n, len(s)}})
		}
		whole := r.measure(s, "en")
		got := r.toward(s, "en", own, others)
		sum := earshot.Score(0)
		for _, reason := range sentiment.Reasons(nil, r.meter.Parts) {
			sum += reason.Weight
			if sp := reason.Span; sp != nil && (sp[0] < 0 || sp[0] >= sp[1] || sp[1] > len(s)) {
				t.Fatalf("reason outside %q: %v", s, *sp)
			}
		}
		if sum != got.Score {
			t.Fatalf("reasons of %q sum to %s, score %s", s, sum, got.Score)
		}
		if again := r.toward(s, "en", nil, others); again != whole {
			t.Fatalf("%q: %+v becomes %+v", s, whole, again)
		}
	})
}

// Posts that try to be expensive are weighed in bounded time, and nothing is
// allocated once a post was.
func TestTowardHostile(t *testing.T) {
	var r reader
	for _, unit := range []string{"acme, ", "acme. ", "acme better than borealis ", "a, ", "acme but borealis and ", "from acme to ", "acme>"} {
		s := strings.Repeat(unit, 1<<16/len(unit))
		own, others := places(s, "acme"), places(s, "borealis")
		got := r.toward(s, "en", own, others)
		if again := r.toward(s, "en", own, others); again != got || len(r.meter.Parts) > 40 {
			t.Errorf("%q: %+v, then %+v, %d parts", unit, got, again, len(r.meter.Parts))
		}
	}
}

func BenchmarkToward(b *testing.B) {
	const post = "Switched from Acme to Borealis. Acme was awful and rude, but Borealis is so much better and cheaper than they were!"
	var r reader
	own, others := places(post, "acme"), places(post, "borealis")
	in := sentiment.Input{Tokens: &r.tokens, Post: &r.post, Fields: [2]string{"", post}, Lang: "en"}
	r.measure(post, "en")
	b.ReportAllocs()
	for b.Loop() {
		r.meter.Toward(in, own, others)
	}
}
