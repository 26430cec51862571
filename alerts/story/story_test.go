package story_test

import (
	"testing"
	"time"

	"earshot"
	"earshot/alerts/story"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// said makes the post of a mention that somebody wrote.
func said(sequence uint64, id, author, text string, change ...func(*earshot.Mention)) story.Post {
	m := earshot.Mention{
		ID: "m:" + id, Network: "m", Text: text, Author: earshot.Author{Handle: "@" + author, Followers: 100},
		URL: "https://social.example/@" + author + "/" + id, Heard: noon.Add(time.Duration(sequence) * time.Second),
	}
	m.Posted = m.Heard.Add(-time.Minute)
	for _, f := range change {
		f(&m)
	}
	return story.Of(&earshot.Stored{Sequence: sequence, Brand: "acme", Mention: m, Verdict: &earshot.Verdict{Brand: "acme"}}, []string{"acme.example"})
}

const (
	fire  = "The new lamp caught fire in our kitchen last night and nobody at the shop will pick up the phone"
	other = "Went to the big store on Saturday and the queue for returns went twice around the building, unbelievable"
)

func TestHow(t *testing.T) {
	x := story.New(story.Options{})
	first := x.Place(said(1, "a", "ann", fire))
	if first.How != story.First || first.Count != 1 || len(first.Story) != 26 {
		t.Fatalf("the first mention: %+v", first)
	}
	for i, tt := range []struct {
		name string
		post story.Post
		how  story.How
	}{
		{"copy", said(2, "b", "bob", fire+"!!"), story.Copy},
		{"repost by words", said(3, "c", "cat", "RT @ann: "+fire+" https://t.example/xyz"), story.Repost},
		{"repost", said(4, "d", "dan", "", func(m *earshot.Mention) { m.RepostOf = "m:a" }), story.Repost},
		{"quote", said(5, "e", "eve", "Told you so", func(m *earshot.Mention) { m.QuoteOf = "m:a" }), story.Quote},
		{"reply", said(6, "f", "fay", "Is everybody well?", func(m *earshot.Mention) { m.ReplyTo = "m:b" }), story.Thread},
		{"link", said(7, "g", "gus", "Look", func(m *earshot.Mention) { m.ReplyTo, m.Links = "m:f", []string{"https://news.example/fire"} }), story.Thread},
		{"page", said(8, "h", "hal", "Oh", func(m *earshot.Mention) { m.Links = []string{"https://news.example/fire?utm_source=x"} }), story.Link},
	} {
		place := x.Place(tt.post)
		if place.How != tt.how || place.Story != first.Story || place.Count != i+2 {
			t.Errorf("%s: %+v", tt.name, place)
		}
	}
	if place := x.Place(said(9, "z", "zoe", other)); place.How != story.First || place.Story == first.Story {
		t.Errorf("something else: %+v", place)
	}
	s := x.Story(first.Story)
	if s == nil || s.Count != 8 || s.Authors != 8 || s.Reach != 800 || s.Reposts != 2 || s.Copies != 1 || s.First.Mention != earshot.Key("m:a") || len(s.Top) != 5 {
		t.Errorf("the story: %+v", s)
	}
}
