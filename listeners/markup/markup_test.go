package markup_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/listeners/markup"
)

// HTML reads as a person would read it.
func TestRender(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"plain":                "plain",
		"  two\n words ":       "two\nwords",
		"<p>one</p><p>two</p>": "one\n\ntwo",
		"a<br>b<br/>c":         "a\nb\nc",
		"<ul><li>a<li>b</ul>c": "a\nb\n\nc",
		"<b>bo</b>ld":          "bold",
		"<td>1</td><td>2</td>": "1 2",
		"&lt;b&gt; &amp;amp; &eacute; &#128512; &nbsp; x":              "<b> &amp; é 😀 x",
		"a<script>if (a<b) alert('</p>')</script>b<style>p{}</style>c": "abc",
		"a<script src='x'/>b":                         "ab",
		"<iframe>no</iframe>yes":                      "yes",
		"<!-- no -->yes<!doctype html>":               "yes",
		"Vector<int> and std::map<Key, T>":            "Vector<int> and std::map<Key, T>",
		"1 < 2 && 3 > 2":                              "1 < 2 && 3 > 2",
		"ends in a <tag":                              "ends in a <tag",
		"<pre>a\n  b\n\nc</pre>d":                     "a\nb\n\nc\n\nd",
		`ok <img class="emoji" alt="👍" src="x.png">`:  "ok 👍",
		"<o:p>Word</o:p> <my-tag>custom</my-tag>":     "Word custom",
		"<title>kept</title><textarea>too</textarea>": "kept\ntoo",
		"</p></div>closed":                            "closed",
		strings.Repeat("<div>", 50_000) + "deep":      "deep",
		"<p>\u00a0</p>":                               "",
	} {
		if got := markup.Render(source, nil).Text; got != want {
			t.Errorf("%.60q reads %q, want %q", source, got, want)
		}
	}
}

// Links and pictures come absolute, once, and only what a browser would open.
func TestLinksAndPictures(t *testing.T) {
	t.Parallel()
	base, err := url.Parse("https://x.example/a/b")
	if err != nil {
		t.Fatal(err)
	}
	r := markup.Render(`<a href="c">1</a><a href=/d>2</a><a href="https://y.example/?a=1&amp;b=2">3</a><a href="c">4</a>
		<a href="javascript:alert(1)">5</a><a href="mailto:x@x.example">6</a><a>7</a><a href="http://[">8</a>
		<img src="p.png" alt=" a  picture "><img src="data:image/png;base64,xx"><img src="p.png"><img src="//cdn.example/q.png">
		<img src="https://count.example/1.gif" height=1><video src="v.mp4"></video>`, base)
	links := []string{"https://x.example/a/c", "https://x.example/d", "https://y.example/?a=1&b=2"}
	if !slices.Equal(r.Links, links) {
		t.Errorf("links %q, want %q", r.Links, links)
	}
	media := []earshot.Media{
		{URL: "https://x.example/a/p.png", Alt: "a picture"}, {URL: "https://cdn.example/q.png"}, {URL: "https://x.example/a/v.mp4"},
	}
	if diff := cmp.Diff(media, r.Media); diff != "" {
		t.Error(diff)
	}
	many := markup.Render(strings.Repeat(`<a href="https://x.example/`+strings.Repeat("y", 3000)+`">x</a>`, 3), nil)
	if len(many.Links) != 0 {
		t.Error("an endless address was kept")
	}
}
