package casework_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"earshot"
	"earshot/alerts/casework"
)

// post has the log hold a mention, and returns its key.
func (d *desk) post(id, handle, text string, change func(m *earshot.Mention)) string {
	m := earshot.Mention{ID: id, Network: "x", Text: text, URL: "https://x.example/" + id, Author: earshot.Author{Handle: handle, Followers: 1200}}
	if change != nil {
		change(&m)
	}
	d.log.mentions[m.Key()] = earshot.Stored{Brand: "acme", Mention: m, Verdict: &earshot.Verdict{Brand: "acme"}}
	return m.Key()
}

// A sheet has the story as it stands now; of its posts it names those alone that
// everybody may read, and can.
func TestSheetHasTheStory(t *testing.T) {
	d := newDesk()
	first, wide := d.post("x:1", "@ann", "It   burns\n"+strings.Repeat("x", 300), nil), d.post("x:2", "", "RT", func(m *earshot.Mention) { m.Title, m.Author.Name = "Fire", "News" })
	private := d.post("x:3", "@eve", "my secret", func(m *earshot.Mention) { m.Visibility = earshot.Private })
	source := func(keys ...string) (all []earshot.Source) {
		for _, key := range keys {
			all = append(all, earshot.Source{Mention: key, Network: "x"})
		}
		return all
	}
	d.log.stories = map[string]earshot.Story{"s": {
		ID: "s", Brand: "acme", Count: 40, Authors: 30, Reach: 5000, First: source(first)[0], Top: source(wide, first, private, earshot.Key("x:gone")),
	}}
	d.daemon(func(c *earshot.Case) { c.Story, c.Kind = "s", earshot.KindStory }, "cs", "c")
	s, err := d.Get(t.Context(), "cs", "anna", "c")
	if err != nil {
		t.Fatal(err)
	}
	if s.Story == nil || s.Story.Count != 40 || s.Story.First.Mention != "x:1" || len(s.Story.Top) != 1 || s.Story.Top[0].Mention != "x:2" {
		t.Errorf("story %+v", s.Story)
	}
	if len(s.Posts) != 2 || !s.Posts[0].First || s.Posts[1].First {
		t.Fatalf("posts %+v", s.Posts)
	}
	if p := s.Posts[0]; p.Author != "@ann" || !strings.HasPrefix(p.Words, "It burns xx") || len([]rune(p.Words)) != 200 || p.URL == "" || p.Reach != 1200 {
		t.Errorf("first %+v", p)
	}
	if p := s.Posts[1]; p.Author != "News" || p.Words != "Fire" {
		t.Errorf("top %+v", p)
	}
}

// What was told of a crisis last is its evidence, whatever was stored since; nothing in
// it names what was taken back. A story of which nothing is known any more is as it was
// told.
func TestSheetHasTheEvidence(t *testing.T) {
	d := newDesk()
	d.post("x:1", "@ann", "It burns", nil)
	event := d.daemon(func(c *earshot.Case) { c.Kind, c.Members, c.Count = earshot.KindCrisis, nil, 300 }, "pr", "c")
	event.Alert = &earshot.Alert{
		Case: "c", Urgency: earshot.Critical,
		Evidence: &earshot.Evidence{Seen: 300, First: earshot.Source{Mention: "x:gone", URL: "https://x.example/gone"}, Top: []earshot.Source{{Mention: "x:1"}}},
		Story:    &earshot.Story{ID: "s", Count: 7},
	}
	if _, err := (&silent{d.log}).Record([]earshot.CaseEvent{event}); err != nil {
		t.Fatal(err)
	}
	d.daemon(unchanged, "pr", "c")
	s, err := d.Get(t.Context(), "pr", "dora", "c")
	if err != nil {
		t.Fatal(err)
	}
	if s.Evidence == nil || s.Evidence.Seen != 300 || s.Evidence.First.URL != "" || len(s.Evidence.Top) != 1 || s.Story == nil || s.Story.Count != 7 {
		t.Errorf("evidence %+v, story %+v", s.Evidence, s.Story)
	}
	if len(s.Posts) != 1 || s.Posts[0].First || s.Posts[0].Words != "It burns" {
		t.Errorf("posts %+v", s.Posts)
	}
}

// A list says of each case who opened it with what words, or who is the most urgent in
// it when that is gone; and does not know the others.
func TestListHasTheWords(t *testing.T) {
	d := newDesk()
	open := func(id string, opening string, members ...string) {
		d.daemon(func(c *earshot.Case) {
			c.Opening, c.Members = opening, nil
			for i, key := range members {
				c.Members = append(c.Members, earshot.Member{Mention: key, Urgency: earshot.Score(i) * earshot.Unit})
			}
		}, "cs", id)
	}
	ann, bob := d.post("x:1", "@ann", "It burns", nil), d.post("x:2", "@bob", "So does mine", nil)
	open("a", "x:1", ann, bob)
	open("b", "x:gone", ann, bob)
	open("c", "x:3", earshot.Key("x:3"))
	open("e", "heartbeat")
	answer, err := d.Serve(t.Context(), "cs", "anna", casework.List, nil)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{}
	for _, item := range answer.(casework.Page).Cases {
		said[item.ID] = item.Author + " " + item.Words
	}
	if want := map[string]string{"a": "@ann It burns", "b": "@bob So does mine", "c": " ", "e": " "}; !maps.Equal(said, want) {
		t.Errorf("%v, want %v", said, want)
	}
}

// Whoever undoes something is told what it was, also of an undo.
func TestUndoSaysWhat(t *testing.T) {
	d := newDesk()
	d.daemon(unchanged, "cs", "c")
	d.do(t, "anna", casework.Action{Verb: casework.Claim, Case: "c"})
	var undone []string
	for range 2 {
		done := d.do(t, "anna", casework.Action{Verb: casework.Undo, Case: "c"})
		undone = append(undone, done.Undone.Event+" "+done.Undone.By)
	}
	if want := []string{"claimed anna", "undone anna"}; !slices.Equal(undone, want) {
		t.Errorf("%v, want %v", undone, want)
	}
	if done := d.do(t, "anna", casework.Action{Verb: casework.Release, Case: "c"}); done.Undone != nil {
		t.Errorf("%+v", done.Undone)
	}
}
