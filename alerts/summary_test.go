package alerts_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"earshot"
	"earshot/alerts"
)

func TestSummary(t *testing.T) {
	alert := func(kind earshot.Kind, topic string, count int, m *earshot.Mention) *earshot.Alert {
		return &earshot.Alert{Urgency: earshot.High, Brand: "acme", Kind: kind, Topic: topic, Count: count, Mention: m, Why: earshot.BecauseNew}
	}
	luka := earshot.Author{Handle: "@luka", Name: "Luka"}
	lost := &earshot.Mention{Network: "mastodon", Author: luka, Text: "Lost my\n\n astronaut\t:("}
	article := &earshot.Mention{Network: "rss", Title: "Toy caught fire", Text: "A toy …", URL: "https://www.news.example/fire", Author: earshot.Author{Name: "Jane Doe"}}
	withdrawn := alert(earshot.KindCrisis, "safety", 0, nil)
	withdrawn.Why = earshot.BecauseWithdrawn
	cases := []struct {
		name  string
		alert *earshot.Alert
		want  string
	}{
		{"customer", alert(earshot.KindCustomer, "", 1, lost), "high · acme · “Lost my astronaut :(” — @luka on mastodon"},
		{"customer of a topic", alert(earshot.KindCustomer, "missing", 3, lost), "high · acme · missing · “Lost my astronaut :(” — @luka on mastodon, 3 posts"},
		{"crisis", alert(earshot.KindCrisis, "safety", 14, article), "high · acme · crisis: safety · “Toy caught fire” — Jane Doe on news.example, 14 posts"},
		{"kind and topic of one name", alert(earshot.KindCrisis, "crisis", 1, article), "high · acme · crisis · “Toy caught fire” — Jane Doe on news.example"},
		{"delight", alert(earshot.KindDelight, "", 1, lost), "high · acme · delight · “Lost my astronaut :(” — @luka on mastodon"},
		{"nobody", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Text: "Hm"}), "high · acme · “Hm”"},
		{"no author", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Text: "Hm", Network: "mail"}), "high · acme · “Hm” — mail"},
		{"no words", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Network: "x", Author: luka}), "high · acme · a post without words — @luka on x"},
		{"edited since", alert(earshot.KindCustomer, "", 3, &earshot.Mention{ID: "mastodon:1"}), "high · acme · a post that was edited or deleted since, 3 posts"},
		{"feed without headlines", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Network: "rss", Text: "Broken", URL: "https://forum.example/t/1", Author: luka}), "high · acme · “Broken” — @luka on forum.example"},
		{"feed without an address", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Network: "rss", Text: "Broken"}), "high · acme · “Broken” — rss"},
		{"picture", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Media: []earshot.Media{{}, {Alt: "A broken toy"}}}), "high · acme · “A broken toy”"},
		{"withdrawn", withdrawn, "high · acme · crisis: safety · withdrawn, nothing is left of it"},
		{"one left", alert(earshot.KindCustomer, "", 1, nil), "high · acme · a post was deleted or edited away, 1 post left"},
		{"more left", alert(earshot.KindCustomer, "", 2, nil), "high · acme · a post was deleted or edited away, 2 posts left"},
		{
			"disguise", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Text: "a\u202egnp.exe\u202c\u2066b\u2069\u200b c\ufeff\x1b[31m\x00\u2028d\u00ad", Author: earshot.Author{Handle: "@ad\u200dmin\r\n"}}),
			"high · acme · “agnp.exeb c[31m d” — @admin",
		},
		{"Arabic", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Text: "لعبة مكسورة", Network: "x"}), "high · acme · “لعبة مكسورة” — x"},
		{"Thai", alert(earshot.KindCustomer, "", 1, &earshot.Mention{Text: "ของเล่นพัง", Network: "x"}), "high · acme · “ของเล่นพัง” — x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := alerts.Summary(c.alert); got != c.want {
				t.Errorf("Summary = %q\nwant      %q", got, c.want)
			}
		})
	}
}

// Long words are cut between words if one ends near, and never within a letter.
func TestSummaryCuts(t *testing.T) {
	for _, text := range []string{strings.Repeat("word ", 100), strings.Repeat("人", 500), strings.Repeat("e\u0301", 500), strings.Repeat("👋🏽", 500), strings.Repeat("กำ", 500)} {
		m := &earshot.Mention{Text: text, Network: "x", Author: earshot.Author{Handle: "@" + strings.Repeat("l", 100)}}
		got := alerts.Summary(&earshot.Alert{Urgency: earshot.High, Brand: "acme", Kind: earshot.KindCustomer, Count: 2, Mention: m})
		said, _, _ := strings.Cut(got, "…")
		said = strings.TrimPrefix(said, "high · acme · “")
		rest := strings.TrimPrefix(text, said)
		if r, _ := utf8.DecodeRuneInString(rest); !strings.HasPrefix(text, said) || len(said) < 60 || unicode.IsMark(r) || r == '🏽' {
			t.Errorf("%q was cut to %q", text[:30], said)
		}
		if strings.HasPrefix(text, "word") && !strings.HasSuffix(said, "word") {
			t.Errorf("words were cut to %q", said)
		}
	}
}

// Whatever people write, a summary is one line of at most 200 runes with nothing
// invisible in it.
func FuzzSummary(f *testing.F) {
	f.Add("Toy", "caught\nfire \u202e", "@luka", "mastodon", "https://news.example/", "safety", 3)
	f.Add("", strings.Repeat("á̷", 300), strings.Repeat("x", 300), strings.Repeat("y", 300), "https://"+strings.Repeat("z", 300), strings.Repeat("t", 300), 1<<40)
	f.Fuzz(func(t *testing.T, title, text, handle, network, url, topic string, count int) {
		m := &earshot.Mention{Title: title, Text: text, Network: network, URL: url, Author: earshot.Author{Handle: handle}}
		for _, mention := range []*earshot.Mention{m, nil} {
			got := alerts.Summary(&earshot.Alert{Urgency: earshot.Critical, Brand: "acme", Kind: earshot.KindLookalike, Topic: topic, Count: count, Mention: mention})
			if n := utf8.RuneCountInString(got); n > 200 || !utf8.ValidString(got) {
				t.Errorf("summary of %d runes: %q", n, got)
			}
			for _, r := range got {
				if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
					t.Errorf("summary with %U: %q", r, got)
				}
			}
		}
	})
}
