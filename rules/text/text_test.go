package text_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"earshot/rules/text"
)

// keys writes tokens as key@position, with + before those joined to the last.
func keys(s string) string {
	var t text.Tokens
	t.Reset()
	t.Add(text.Body, s)
	var out []string
	for i, tok := range t.List {
		joined := ""
		if tok.Joined {
			joined = "+"
		}
		out = append(out, fmt.Sprintf("%s%s:%d", joined, t.Key(i), tok.Pos))
	}
	return strings.Join(out, " ")
}

// Words are the same whenever people would call them the same.
func TestTokens(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"case and punctuation", "My ACME, broke!", "my:0 acme:1 broke:2"},
		{"accents", "Café crème Ångström", "cafe:0 creme:1 angstrom:2"},
		{"decomposed accents", "Cafe\u0301!", "cafe:0"},
		{"letters without decomposition", "Straße Łódź Øre cœur", "strasse:0 lodz:1 ore:2 coeur:3"},
		{"full width and mathematical", "ＡＣＭＥ 𝗔𝗰𝗺𝗲", "acme:0 acme:1"},
		{"trade marks", "LEGO™ Acme®rocks ©2024", "lego:0 acme:1 rocks:2 2024:3"},
		{"possessive takes no place", "Acme's recall ACME’S toys", "acme:0 s:0 recall:1 acme:2 s:2 toys:3"},
		{"other apostrophes separate", "l'acme don't", "l:0 acme:1 don:2 t:3"},
		{"zero width", "ac\u200bme a\u00adcme", "acme:0 acme:1"},
		{"hashtag", "the #Acme_Sale!", "the:0 #acme_sale:1 acme:1 sale:2"},
		{"handle", "hi @AcmeCare.", "hi:0 @acmecare:1 acmecare:1"},
		{"handle with server", "@acme@social.example ok", "@acme:0 @acme@social.example:0 acme:0 ok:1"},
		{"mail address is no handle", "info@acme.example", "info:0 acme:1 example:2"},
		{"sharp is no hashtag", "C# code", "c:0 code:1"},
		{"underscores separate", "_acme_ rocks", "acme:0 rocks:1"},
		{"address", "see https://www.Acme.example/recall-now?id=77#x, ok", "see:0 www:1 acme:2 example:3 recall:4 now:5 ok:6"},
		{"japanese", "アクメの玩具", "ア:0 +ク:1 +メ:2 +の:3 +玩:4 +具:5"},
		{"half-width kana", "ｶﾞ", "カ\u3099:0"},
		{"composed kana is the same", "ガ", "カ\u3099:0"},
		{"latin inside chinese", "我的acme坏了", "我:0 +的:1 +acme:2 +坏:3 +了:4"},
		{"korean", "레고는", "레:0 +고:1 +는:2"},
		{"korean decomposed", "\u1105\u1166\u1100\u1169", "레:0 +고:1"},
		{"thai marks stay with their letter", "ไฟไหม้", "ไ:0 +ฟ:1 +ไ:2 +ห:3 +ม้:4"},
		{"hindi marks stay", "खिलौना टूटा", "खिलौना:0 टूटा:1"},
		{"arabic marks go", "مُحَمَّد أحمد", "محمد:0 احمد:1"},
		{"hebrew points go", "שָׁלוֹם", "שלום:0"},
		{"short i is a letter", "Какой ёж, и\u0306", "какой:0 еж:1 й:2"},
		{"greek", "ΣΊΣΥΦΟΣ Σίσυφος", "σισυφοσ:0 σισυφοσ:1"},
		{"turkish", "İyi KIZ kız", "iyi:0 kiz:1 kiz:2"},
		{"emoji take no place", "bad 😡👍🏽 toy ❤️", "bad:0 😡:0 👍:0 toy:1 ❤:1"},
		{"emoji sequences", "👩‍👧 🇩🇪🇫🇷", "👩👧:0 🇩🇪:0 🇫🇷:0"},
		{"superscript is a footnote", "Acme¹", "acme:0"},
		{"nothing", " … ", ""},
		{"invalid bytes separate", "ac\xffme", "ac:0 me:1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, keys(tt.in)); diff != "" {
				t.Errorf("keys of %q (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

// Spans refer to the text as it was written, whatever folding does.
func TestSpans(t *testing.T) {
	const s = "Ｃａｆé\u0301 LEGO™ 😡"
	var tokens text.Tokens
	tokens.Add(text.Body, s)
	var got []string
	for _, tok := range tokens.List {
		got = append(got, s[tok.From:tok.To])
	}
	if diff := cmp.Diff([]string{"Ｃａｆé\u0301", "LEGO", "😡"}, got); diff != "" {
		t.Error(diff)
	}
}

// Words of two fields never stand next to each other.
func TestFieldsAreApart(t *testing.T) {
	var tokens text.Tokens
	tokens.Add(text.Title, "caught")
	tokens.Add(text.Body, "fire")
	if d := tokens.List[1].Pos - tokens.List[0].Pos; d <= text.MaxDistance {
		t.Errorf("words of two fields are %d apart", d)
	}
}

func TestHost(t *testing.T) {
	for in, want := range map[string]string{
		"https://User@WWW.Acme.example:8080/x?y": "www.acme.example",
		"www.acme.example/x":                     "www.acme.example",
		"acme.example":                           "",
		"http://":                                "",
		"https://acme.example.":                  "acme.example",
	} {
		if got := text.Host(in); got != want {
			t.Errorf("Host(%q) = %q, want %q", in, got, want)
		}
	}
}

// Any bytes give tokens in order, within the text, on whole characters.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{"My #Acme's @acme@x.y https://a.b/c?d", "アガ\u3099 레고 \u1105\u1166", "👩‍👧🇩🇪", "\xff\xf0", "e\u0301\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var tokens text.Tokens
		tokens.Add(text.Body, s)
		from, pos := int32(0), int32(0)
		for i, tok := range tokens.List {
			if tok.From < from || tok.To <= tok.From || int(tok.To) > len(s) || tok.Pos < pos {
				t.Fatalf("token %d of %q is out of order: %+v", i, s, tok)
			}
			if !utf8.RuneStart(s[tok.From]) || len(tokens.Key(i)) == 0 {
				t.Fatalf("token %d of %q is cut badly: %+v", i, s, tok)
			}
			from, pos = tok.From, tok.Pos
		}
	})
}

func BenchmarkTokens(b *testing.B) {
	const post = "Third time I've ordered from @acmecare and the #Acme castle arrived with missing pieces again. " +
		"The box was crushed, two bags were open and nobody answers the phone! What do I tell my daughter? " +
		"Photos here: https://photos.example/a/123 – really disappointed, you used to be so much better 😡"
	var tokens text.Tokens
	b.SetBytes(int64(len(post)))
	b.ReportAllocs()
	for b.Loop() {
		tokens.Reset()
		tokens.Add(text.Body, post)
	}
}
