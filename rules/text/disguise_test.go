package text_test

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"earshot/rules/text"
)

// disguisesOf lists what a text may disguise, with the bytes that do.
func disguisesOf(s string) map[string]string {
	found := map[string]string{}
	var all text.Disguises
	all.Read(s)
	for d, ok := all.Next(); ok; d, ok = all.Next() {
		found[string(d.Key)] = s[d.From:d.To]
	}
	return found
}

// A word is found however it is disguised.
func TestDisguises(t *testing.T) {
	lego := text.AppendSkeleton(nil, "lego")
	for in, want := range map[string]string{
		"my l3go set": "l3go", "LEG0!": "LEG0", "L.E.G.O.": "L.E.G.O", "a l e g o set": "l e g o", "l-e-g-o": "l-e-g-o", "\u04cfego": "\u04cfego",
		"l\u0435g\u043e": "l\u0435g\u043e", "ʟᴇɢᴏ": "ʟᴇɢᴏ", "Iego": "Iego", "le.go": "le.go", "(l€go)": "l€go", "#l3g0": "l3g0", "@l3go's": "l3go",
		"🇱🇪🇬🇴": "🇱🇪🇬🇴", "l\u200be\u200bg\u200bo": "l\u200be\u200bg\u200bo", "ⓛⓔⓖⓞ": "ⓛⓔⓖⓞ", "１3G0": "１3G0", "l · e · g · o": "l · e · g · o", "L_E_G_O": "L_E_G_O",
		"legal": "", "let it go": "", "leg o": "", "1390": "", "l e g": "", "l 3      g o": "", "le go": "",
	} {
		if got := disguisesOf(in)[string(lego)]; got != want {
			t.Errorf("%q hides %q, want %q", in, got, want)
		}
	}
	if a, b := string(text.AppendSkeleton(nil, "modern")), string(text.AppendSkeleton(nil, "rnodem")); a != b {
		t.Errorf("rn and m differ: %s, %s", a, b)
	}
}

// Long texts of single letters, signs or look-alikes take linear time, and every
// disguise is where it says.
func TestDisguisesBounded(t *testing.T) {
	for _, unit := range []string{"a ", "a.", "é", "$", "a\u0301", "🇦", "\u200b", "ab.", "\xff", "1 "} {
		s := strings.Repeat(unit, 1<<15/len(unit))
		var all text.Disguises
		all.Read(s)
		n := 0
		for d, ok := all.Next(); ok; d, ok = all.Next() {
			if n++; d.From < 0 || d.From >= d.To || d.To > len(s) || len(d.Key) == 0 {
				t.Fatalf("%q: %d to %d is %q", unit, d.From, d.To, d.Key)
			}
		}
		if n > 40*len(s) {
			t.Errorf("%q: %d disguises in %d bytes", unit, n, len(s))
		}
	}
}

// The words of a tag are told apart by capitals, digits and underscores.
func TestCamel(t *testing.T) {
	for in, want := range map[string][]string{
		"LegoStarWars": {"Lego", "LegoStar", "LegoStarWars", "Star", "StarWars", "Wars"},
		"BTSport":      {"BT", "BTSport", "Sport"}, "my_lego": {"my", "my_lego", "lego"}, "lego2026": {"lego", "lego2026", "2026"},
		"lego": {"lego"}, "LEGO": {"LEGO"}, "": nil, "_": nil, "ЛегоИгра": {"Лего", "ЛегоИгра", "Игра"}, "éÉé": {"é", "éÉé", "Éé"},
	} {
		var got []string
		for from, to := range text.Camel(in) {
			got = append(got, in[from:to])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

// No text matches an expression without one of its literals.
func TestRequired(t *testing.T) {
	for in, want := range map[string][]string{
		"acme": {"acme"}, "(?i)ACME": {"acme"}, "colou?r": {"colo"}, "recall|return": {"call", "turn"}, "a.*bcd+e": nil, "x(acme)+": {"acme"},
		"[a-z]+": nil, "(acme)?": nil, "acme|.*": nil, "ab": nil, "Straße": {"straße"}, "stra\u212Ae": {"strake"}, "(acme|toys){2,}": {"acme", "toys"},
	} {
		re, err := syntax.Parse(in, syntax.Perl|syntax.FoldCase)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := text.Required(re); ok != (want != nil) || !slices.Equal(got, want) {
			t.Errorf("%s needs %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		source := rapid.StringMatching(`(acme|k{1,4}s+|[a-c]{1,2}|(toy|car|[xy])[?*+]?|\.){1,6}`).Draw(t, "expression")
		parsed, err := syntax.Parse(source, syntax.Perl|syntax.FoldCase)
		if err != nil {
			t.Skip("no expression")
		}
		literals, ok := text.Required(parsed)
		s := rapid.StringMatching(`([kK\x{212A}]|[sS\x{17F}]|acme|ACME|toy|car|[a-cxy.]){0,12}`).Draw(t, "text")
		if !ok || !regexp.MustCompile("(?i:"+source+")").MatchString(s) {
			return
		}
		folded := string(text.AppendCaseFold(nil, s))
		if !slices.ContainsFunc(literals, func(l string) bool { return strings.Contains(folded, l) }) {
			t.Fatalf("%s matches %q without any of %q", source, s, literals)
		}
	})
}

// A word with holes finds what differs in these letters only.
func TestHoles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.StringMatching(`[abй乐]{3,6}`)
		hole := string(text.Hole)
		var d text.Dict
		ids := map[string]int32{}
		for _, w := range rapid.SliceOf(rapid.StringMatching(`[abй]{3,5}`)).Draw(t, "words") {
			r := []rune(w)
			r[rapid.IntRange(0, len(r)-1).Draw(t, "hole")] = text.Hole
			starts := rapid.Bool().Draw(t, "starts")
			key := string(r)
			id := d.Holed(key, starts)
			if starts {
				key += "*"
			}
			ids[key] = id
		}
		d.Freeze()
		token := letters.Draw(t, "token")
		var want []int32
		for key, id := range ids {
			expression := "^" + strings.ReplaceAll(strings.TrimSuffix(key, "*"), hole, ".")
			if !strings.HasSuffix(key, "*") {
				expression += "$"
			}
			if regexp.MustCompile(expression).MatchString(token) {
				want = append(want, id)
			}
		}
		got := d.Lookup(nil, []byte(token))
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("Lookup(%q) in %v (-want +got):\n%s", token, ids, diff)
		}
	})
}

// Any bytes give disguises on whole characters.
func FuzzDisguises(f *testing.F) {
	for _, s := range []string{"l.3.g.0", "a b c d", "🇱🇪🇬🇴 ʟᴇɢᴏ", "\xff.a.b", "e\u0301 \u200bx"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var all text.Disguises
		all.Read(s)
		for d, ok := all.Next(); ok; d, ok = all.Next() {
			if d.From >= d.To || d.To > len(s) || !utf8.RuneStart(s[d.From]) {
				t.Fatalf("%q: %d to %d is %q", s, d.From, d.To, d.Key)
			}
		}
		var tokens text.Tokens
		tokens.Add(text.Body, s)
		tokens.AddParts(len(tokens.List), &[2]string{text.Body: s})
		for _, tok := range tokens.List {
			if tok.From >= tok.To || int(tok.To) > len(s) {
				t.Fatalf("%q: token %+v", s, tok)
			}
		}
	})
}
