package features_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"earshot/rules/features"
)

// spans lists the texts of the spans.
func spans(s string) []string {
	var p features.Post
	p.Read("", s)
	var all []string
	for _, span := range p.Spans {
		all = append(all, s[span.From:span.To])
	}
	return all
}

func TestSpans(t *testing.T) {
	for s, want := range map[string]string{
		"I don’t like it!!":              "I|don’t|like|it|!!",
		"@Acme_Care my #LegoStarWars :(": "@Acme_Care|my|LegoStarWars|:(",
		"see https://x.example/a?b now":  "see|https://x.example/a?b|now",
		"sooo gooood 😡😡😡":                "sooo|gooood|😡|😡|😡",
		"":                               "",
		"¿Dónde está?":                   "Dónde|está|?",
		"ประภาคาร":                       "ประภาค|าร",
		"mail me@acme.example":           "mail|me|acme|example",
	} {
		if got := strings.Join(spans(s), "|"); got != want {
			t.Errorf("%q is cut into %q, want %q", s, got, want)
		}
	}
}

// hashes are those of one group.
func hashes(s string, g features.Group) map[uint32]bool {
	var p features.Post
	p.Read("", s)
	all := map[uint32]bool{}
	for _, f := range p.Groups[g] {
		all[f.Hash] = true
	}
	return all
}

// Case, drawn-out letters and the form of an apostrophe do not matter.
func TestSameWords(t *testing.T) {
	for a, b := range map[string]string{"GOOD": "good", "goooooood": "good", "don’t": "don't", "12": "34", "Ärger": "ärger"} {
		for h := range hashes(a, features.Words) {
			if !hashes(b, features.Words)[h] {
				t.Errorf("%q and %q are other words", a, b)
			}
		}
	}
	if !hashes("good", features.Words)[features.HashWord("good")] {
		t.Error("HashWord does not hash as Read does")
	}
}

// A negation reaches three words and no further sentence.
func TestDenied(t *testing.T) {
	good := features.HashDenied(features.HashWord("good"))
	for s, want := range map[string]bool{
		"not good": true, "not at all good": true, "good": false, "no. good": false, "not one of those good ones": false, "nicht so good": true,
	} {
		if got := hashes(s, features.Denied)[good]; got != want {
			t.Errorf("%q denies good: %v", s, got)
		}
	}
}

// Where words have no spaces between them a run of characters counts once a post,
// title and body together, and a post holds no more of them than places for them.
func TestRunsOnce(t *testing.T) {
	runs := func(title, body string) int {
		var p features.Post
		for range 2 { // what was read before is forgotten
			p.Read(title, body)
		}
		return len(p.Groups[features.Runs3])
	}
	for s, want := range map[string]int{"มาก": 1, "มาก มาก มาก": 1, "much much": 2 * runs("", "much")} {
		if got := runs("", s); got != want {
			t.Errorf("%q has %d runs of three characters, want %d", s, got, want)
		}
	}
	if got := runs("มาก", "มาก"); got != 1 {
		t.Errorf("said in title and body: %d runs", got)
	}
	var long strings.Builder
	for r := rune(0x4E00); r < 0x4E00+2600; r++ {
		long.WriteRune(r)
	}
	if got := runs("", long.String()); got == 0 || got > 2048 {
		t.Errorf("2600 different characters have %d runs", got)
	}
}

// Whatever the bytes, spans lie in the text and features in spans, and both are
// bounded.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"", "\xff\xfe", "e\u0301\u0301", "😡👨‍👩‍👧", "#", "@", "!!??", "ไป", "a'b'c'", ":-)", strings.Repeat("\u0301", 100), "<3 :"} {
		f.Add(s, s)
	}
	var p features.Post
	f.Fuzz(func(t *testing.T, title, body string) {
		p.Read(title, body)
		for _, s := range p.Spans {
			field := title
			if s.Body {
				field = body
			}
			if s.From < 0 || s.From >= s.To || int(s.To) > len(field) {
				t.Fatalf("span %v in %q", s, field)
			}
			if utf8.ValidString(field) && !utf8.RuneStart(field[s.From]) {
				t.Fatalf("span %v cuts a character of %q", s, field)
			}
		}
		total := 0
		for _, g := range p.Groups {
			for _, f := range g {
				if f.Span < 0 || int(f.Span) >= len(p.Spans) {
					t.Fatalf("feature of span %d of %d", f.Span, len(p.Spans))
				}
			}
			total += len(g)
		}
		if total > 20*features.Most {
			t.Fatalf("%d features", total)
		}
	})
}

// Posts that try to be expensive are read in bounded time and memory.
func TestHostile(t *testing.T) {
	var p features.Post
	for _, unit := range []string{"a", "a ", "\u0301", "😡", "!", "ก", "\xff", "#a", "@a", "'", ":)", "http://", "漢", "."} {
		p.Read("", strings.Repeat(unit, 1<<20/len(unit)))
		if len(p.Spans) > features.Most {
			t.Errorf("%q: %d spans", unit, len(p.Spans))
		}
	}
}

func BenchmarkRead(b *testing.B) {
	const post = "Third time I've ordered and the castle arrived with missing pieces again. The box was crushed and " +
		"nobody answers the phone! What do I tell my daughter? Really disappointed, you used to be so much better 😡"
	var p features.Post
	b.ReportAllocs()
	for b.Loop() {
		p.Read("", post)
	}
}
