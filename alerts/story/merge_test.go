package story_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot"
	"earshot/alerts/story"
)

func replying(id string) func(*earshot.Mention) {
	return func(m *earshot.Mention) { m.ReplyTo = "m:" + id }
}

func linking(url string) func(*earshot.Mention) {
	return func(m *earshot.Mention) { m.Links = []string{url} }
}

// Stories that a later mention connects become one: the older one keeps its name,
// and the younger one's leads to it, also after a restart.
func TestMerge(t *testing.T) {
	x := story.New(story.Options{})
	older := x.Place(said(1, "a", "ann", fire)).Story
	x.Place(said(2, "b", "bob", fire))
	younger := x.Place(said(3, "c", "cat", other)).Story
	x.Place(said(4, "d", "dan", other))
	alone := x.Place(said(5, "e", "eve", "What on earth", linking("https://news.example/fire"))).Story
	place := x.Place(said(6, "f", "fay", fire, replying("c"), linking("https://news.example/fire")))
	if place.Story != older || place.Count != 6 || len(place.Merged) != 2 ||
		!slices.Contains(place.Merged, younger) || !slices.Contains(place.Merged, alone) {
		t.Fatalf("the mention that connects them: %+v", place)
	}
	if s := x.Story(younger); s == nil || s.ID != older || s.Count != 6 {
		t.Errorf("the younger one is now %+v", s)
	}
	records := store{}
	records.save(t, x)
	again := records.restore(t, story.Options{})
	if s := again.Story(younger); s == nil || s.ID != older || s.Count != 6 {
		t.Errorf("after a restart the younger one is %+v", s)
	}
	if place := again.Place(said(7, "g", "gus", other)); place.Story != older || place.Count != 7 {
		t.Errorf("a copy of the younger one: %+v", place)
	}
}

// A mention that refers to one that is heard later, or never.
func TestOutOfOrder(t *testing.T) {
	x := story.New(story.Options{})
	reply := x.Place(said(1, "b", "bob", "Is everybody well?", replying("a")))
	second := x.Place(said(2, "c", "cat", "Poor you", replying("a")))
	root := x.Place(said(3, "a", "ann", fire, func(m *earshot.Mention) { m.Posted = noon.Add(-time.Hour) }))
	if second.Story != reply.Story || root.Story != reply.Story || root.Count != 3 {
		t.Errorf("answers: %+v, %+v, the root: %+v", reply, second, root)
	}
	if s := x.Story(root.Story); s.First.Mention != earshot.Key("m:a") || !s.Began.Equal(noon.Add(-time.Hour)) {
		t.Errorf("it began with %+v", s)
	}
}

func TestRemove(t *testing.T) {
	x := story.New(story.Options{})
	posts := []story.Post{said(1, "a", "ann", fire), said(2, "b", "bob", fire), said(3, "c", "bob", fire)}
	id := ""
	for _, p := range posts {
		id = x.Place(p).Story
	}
	if s := x.Story(id); s.Count != 3 || s.Authors != 2 || s.Copies != 2 {
		t.Fatalf("before: %+v", s)
	}
	x.Remove("acme", posts[0].Key)
	x.Remove("acme", posts[0].Key)
	x.Remove("acme", "nobody")
	s := x.Story(id)
	if s.Count != 2 || s.Authors != 1 || s.First.Mention != earshot.Key("m:b") || len(s.Top) != 2 {
		t.Errorf("after one was taken back: %+v", s)
	}
	x.Remove("acme", posts[2].Key)
	x.Remove("acme", posts[1].Key)
	if s := x.Story(id); s != nil {
		t.Errorf("after all were: %+v", s)
	}
	records := x.Changed()
	if len(records) != 1 || !records[0].Gone || records[0].Story.ID != id {
		t.Errorf("to be stored: %+v", records)
	}
	if p := x.Place(said(4, "d", "dan", fire)); p.How != story.First {
		t.Errorf("a copy of what was taken back: %+v", p)
	}
}

// What is not remembered any more is taken back as well: nothing shows it.
func TestRemoveLate(t *testing.T) {
	x := story.New(story.Options{Prints: 2})
	posts := []story.Post{said(1, "a", "ann", fire), said(2, "b", "bob", fire)}
	id := ""
	for _, p := range posts {
		id = x.Place(p).Story
	}
	for i := range 5 {
		x.Place(said(uint64(3+i), fmt.Sprint(i), "eve", "ok"))
	}
	x.Remove("acme", posts[0].Key)
	x.Remove("acme", posts[0].Key)
	s := x.Story(id)
	if s.Count != 1 || s.First.Mention != earshot.Key("m:b") || len(s.Top) != 1 {
		t.Errorf("what is left: %+v", s)
	}
}

// An edit counts once, and its words are those of now.
func TestEdit(t *testing.T) {
	x := story.New(story.Options{})
	a := x.Place(said(1, "a", "ann", other))
	x.Place(said(2, "b", "bob", fire))
	if p := x.Place(said(3, "a", "ann", fire)); p.Count != 2 || p.How != story.Copy {
		t.Errorf("edited into a copy: %+v", p)
	}
	if p := x.Place(said(4, "a", "ann", other)); p.Count != 2 {
		t.Errorf("edited away: %+v", p)
	}
	if p := x.Place(said(5, "c", "cat", other)); p.Count != 3 || p.Of != earshot.Key("m:a") {
		t.Errorf("a copy of the last words: %+v", p)
	}
	if a.Story != earshot.Key("acme\x00story\x00"+earshot.Key("m:a")) {
		t.Errorf("the story is %s", a.Story)
	}
}

func TestShort(t *testing.T) {
	x := story.New(story.Options{})
	for i, text := range []string{"love it", "my order hasn't arrived", "", "😀😀😀"} {
		a := x.Place(said(uint64(10*i+1), "a"+text, "ann", text))
		b := x.Place(said(uint64(10*i+2), "b"+text, "bob", text))
		if !a.Short || !b.Short || a.Story == b.Story {
			t.Errorf("%q: %+v, %+v", text, a, b)
		}
	}
	mine := x.Place(said(100, "c", "cat", "thanks!"))
	x.Place(said(101, "d", "dan", "thanks!"))
	for i, text := range []string{"RT @cat: thanks!", "RT @CAT thanks! https://t.example/a"} {
		if p := x.Place(said(uint64(102+i), fmt.Sprint("rt", i), "eve", text)); p.How != story.Repost || p.Story != mine.Story {
			t.Errorf("%s: %+v", text, p)
		}
	}
	if p := x.Place(said(110, "e", "fay", "RT @nobody: love it")); p.How != story.First {
		t.Errorf("a repost of nothing that was heard: %+v", p)
	}
	if p := x.Place(said(111, "f", "fay", "RT @some_one: my order hasn't arrived")); p.How != story.Repost {
		t.Errorf("a repost: %+v", p)
	}
}

// What names the brand makes nothing alike, unless it is most of what is said.
func TestBrandWords(t *testing.T) {
	const name = "Acme Galactic Railway Starter Set 75192"
	judged := func(n uint64, text string) story.Post {
		span := earshot.Span{strings.Index(text, name), strings.Index(text, name) + len(name)}
		s := earshot.Stored{Sequence: n, Brand: "acme", Mention: earshot.Mention{ID: fmt.Sprint("m:", n), Text: text, Heard: noon}}
		s.Verdict = &earshot.Verdict{Reasons: []earshot.Reason{{Of: earshot.OfRelevance, Field: "text", Span: &span, Weight: earshot.Unit}}}
		return story.Of(&s, nil)
	}
	x := story.New(story.Options{})
	a := x.Place(judged(1, name+" makes my daughter so very happy today"))
	b := x.Place(judged(2, name+" came without any rails, what a disgrace"))
	if a.Story == b.Story {
		t.Errorf("one story by the name of the brand: %+v", b)
	}
	if p := x.Place(judged(3, "so "+name+" makes my daughter so very happy today")); p.Story != a.Story {
		t.Errorf("a copy: %+v", p)
	}
}

// Likeness and pages join what is near in time, in either order; a thread does
// not end.
func TestWindow(t *testing.T) {
	at := func(p story.Post, days int) story.Post {
		p.At = p.At.AddDate(0, 0, days)
		return p
	}
	x := story.New(story.Options{})
	a := x.Place(said(1, "a", "ann", fire, linking("https://news.example/fire")))
	for i, tt := range []struct {
		days int
		same bool
	}{{1, true}, {2, true}, {9, false}, {-9, false}, {-1, true}, {9999, false}} {
		p := x.Place(at(said(uint64(2+i), fmt.Sprint(i), "bob", fire), tt.days))
		if (p.Story == a.Story) != tt.same {
			t.Errorf("after %d days: %+v", tt.days, p)
		}
	}
	if p := x.Place(at(said(20, "l", "cat", "Look", linking("https://news.example/fire")), 30)); p.Story == a.Story {
		t.Errorf("the page again, after a month: %+v", p)
	}
	if p := x.Place(at(said(21, "r", "cat", "And?", replying("a")), 31)); p.Story != a.Story {
		t.Errorf("an answer after a month: %+v", p)
	}
}

// Brands have nothing to do with each other.
func TestBrands(t *testing.T) {
	x := story.New(story.Options{})
	a, b := said(1, "a", "ann", fire), said(1, "a", "ann", fire)
	b.Brand = "zeta"
	if p, q := x.Place(a), x.Place(b); p.Story == q.Story || q.How != story.First {
		t.Errorf("%+v, %+v", p, q)
	}
	x.Remove("zeta", b.Key)
	if p := x.Place(said(2, "b", "bob", fire)); p.Count != 2 {
		t.Errorf("after it was taken back for the other brand: %+v", p)
	}
}

// Records stay small, whatever is in the story.
func TestRecordSize(t *testing.T) {
	w := newWriter(4)
	x := story.New(story.Options{})
	for i := range 2000 {
		id := strings.Repeat("\"<&>", 110) + fmt.Sprint(i)
		p := said(uint64(i+1), id, fmt.Sprint("a", i), w.text(25), func(m *earshot.Mention) {
			m.Network = strings.Repeat("n", 20) + fmt.Sprint(i)
			m.Conversation, m.ReplyTo, m.URL = "m:root", fmt.Sprint("m:", i/2), "https://social.example/"+strings.Repeat("&", i)
			m.Author.Followers = 1 << 40
			if i%2 == 0 {
				m.ID = "m:" + fmt.Sprint(i) + strings.Repeat("x", 300)
			}
		})
		x.Place(p)
	}
	for _, r := range x.Changed() {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 16_000 {
			t.Errorf("a record of %d bytes", len(b))
		}
		if strings.Contains(string(b), "a1999") {
			t.Error("it names an author")
		}
		t.Logf("%d mentions, %d bytes", r.Story.Count, len(b))
	}
}

// Whatever is offered as a record: an error or a story, never a crash.
func FuzzRestore(f *testing.F) {
	x := story.New(story.Options{})
	x.Place(said(1, "a", "ann", fire))
	x.Place(said(2, "b", "bob", fire, replying("z")))
	for _, r := range x.Changed() {
		b, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"story":{"id":"x"},"alias":"x"}`))
	f.Add([]byte(`{"story":{"id":"x","count":-1},"authors":"AAAAAAAA","members":"AAAAAAAAAAA="}`))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var r story.Record
		if json.Unmarshal(b, &r) != nil {
			return
		}
		x := story.New(story.Options{})
		if x.Restore(r) != nil {
			return
		}
		x.Place(said(3, "c", "cat", fire, replying("a")))
		x.Remove("acme", earshot.Key("m:a"))
		x.Story(r.Story.ID)
		x.Changed()
	})
}
