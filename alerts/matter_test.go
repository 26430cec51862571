package alerts_test

import (
	"testing"

	"earshot"
	"earshot/alerts"
)

func TestMatter(t *testing.T) {
	domains := []string{"acme.example"}
	const page = "news.example/fire"
	link := func(urls ...string) earshot.Mention { return earshot.Mention{ID: "m:1", Links: urls} }
	cases := []struct {
		name    string
		mention earshot.Mention
		want    string
	}{
		{"nothing else", earshot.Mention{ID: "m:1", URL: "https://social.example/@luka/1"}, "m:1"},
		{"root", earshot.Mention{ID: "m:1", Conversation: "m:0", RepostOf: "m:2", Links: []string{"https://news.example/fire"}}, "m:0"},
		{"repost", earshot.Mention{ID: "m:1", RepostOf: "m:2", ReplyTo: "m:3"}, "m:2"},
		{"reply", earshot.Mention{ID: "m:1", ReplyTo: "m:3"}, "m:3"},
		{"headline", earshot.Mention{ID: "m:1", Title: "Fire", URL: "https://news.example/fire", Links: []string{"https://other.example/a"}}, page},
		{"headline without page", earshot.Mention{ID: "m:1", Title: "Fire", URL: "https://news.example/"}, "m:1"},
		{"review", earshot.Mention{ID: "m:1", Title: "Bad", URL: "https://store.example/toy", Rating: 1}, "m:1"},
		{"link", link("https://news.example/fire"), page},
		{"scheme, case, www, slash, fragment", link("HTTP://WWW.News.Example/fire/#top"), page},
		{"ports", link("https://news.example:443/fire"), page},
		{"another port", link("https://news.example:8443/fire"), "news.example:8443/fire"},
		{"tracking", link("https://news.example/fire?utm_source=x&FBCLID=y&at_medium=z"), page},
		{"order of parameters", link("https://news.example/?b=2&a=1&gclid=3"), "news.example?a=1&b=2"},
		{"what may matter stays", link("https://news.example/fire?ref=main"), page + "?ref=main"},
		{"mobile", link("https://m.news.example/fire"), page},
		{"AMP host, path and parameter", link("https://amp.news.example/fire/amp/?amp=1"), page},
		{"AMP ending", link("https://news.example/fire.amp"), page},
		{"Google's AMP cache", link("https://www.google.com/amp/s/www.news.example/fire"), page},
		{"AMP project's cache", link("https://news-example.cdn.ampproject.org/c/s/news.example/fire"), page},
		{"short film link", link("https://youtu.be/abc?si=1"), "youtube.com/watch?v=abc"},
		{"escapes", link("https://news.example/f%69re"), page},
		{"own site", link("https://shop.acme.example/x", "https://ACME.example/y", "https://news.example/fire"), page},
		{"not the own site", link("https://notacme.example/x"), "notacme.example/x"},
		{"homepage", link("https://news.example", "https://news.example/"), "m:1"},
		{"picture", link("https://img.example/a.JPG"), "m:1"},
		{"own picture", earshot.Mention{ID: "m:1", Links: []string{"https://img.example/a"}, Media: []earshot.Media{{URL: "https://img.example/a"}}}, "m:1"},
		{"hashtag", link("https://social.example/tags/acme", "https://x.com/hashtag/acme"), "m:1"},
		{"person", link("https://social.example/@luka", "https://x.com/luka"), "m:1"},
		{"another post", link("https://social.example/@luka/123"), "social.example/@luka/123"},
		{"itself", earshot.Mention{ID: "m:1", URL: "https://social.example/@luka/1", Links: []string{"https://social.example/@luka/1"}}, "m:1"},
		{"no web address", link("mailto:a@b.example", "::", "/fire", "javascript:alert(1)"), "m:1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := alerts.Matter(&c.mention, domains); got != c.want {
				t.Errorf("Matter = %q, want %q", got, c.want)
			}
		})
	}
}

// Whatever an address looks like, grouping neither fails nor loops, and a matter
// is never empty.
func FuzzMatter(f *testing.F) {
	f.Add("https://www.google.com/amp/s/news.example/fire?utm_source=x#y")
	f.Add("https://a.cdn.ampproject.org/c/s/%zz")
	f.Add("http://[::1]:80/%2f/?;=&")
	f.Fuzz(func(t *testing.T, raw string) {
		for _, m := range []earshot.Mention{{ID: "m:1", Title: "t", URL: raw}, {ID: "m:1", Links: []string{raw}}} {
			if alerts.Matter(&m, nil) == "" {
				t.Errorf("the matter of %q is empty", raw)
			}
		}
	})
}
