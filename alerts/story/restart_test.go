package story_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"earshot"
	"earshot/alerts/story"
)

// step is one thing that happens: a mention that is new or edited, or one that
// was taken back.
type step struct {
	post story.Post
	gone bool
}

// phrases is what people write in these tests; edits of one are one story.
var phrases = []string{
	fire, other,
	"Bought the red train for my nephew and the box was missing both bags of wheels, now he is in tears again",
	"Huge thanks to the woman at the repair desk who stayed an hour longer so that our school had its robot back",
}

// life draws a log of few mentions that refer to each other, copy, change and vanish.
func life(t *rapid.T, changes bool) []step {
	var steps []step
	seen := map[int]bool{}
	for i := range rapid.IntRange(1, 40).Draw(t, "length") {
		n := i
		if changes {
			n = rapid.IntRange(0, 25).Draw(t, "mention")
		}
		if seen[n] && rapid.Bool().Draw(t, "gone") {
			delete(seen, n)
			steps = append(steps, step{post: said(uint64(i+1), fmt.Sprint(n), "", ""), gone: true})
			continue
		}
		seen[n] = true
		text := rapid.SampledFrom(append([]string{"love it", "ok", ""}, phrases...)).Draw(t, "text")
		if words := strings.Fields(text); len(words) > 8 {
			at := rapid.IntRange(0, len(words)-1).Draw(t, "word")
			words[at] = rapid.SampledFrom([]string{"lorem", "ipsum", words[at]}).Draw(t, "edit")
			text = strings.Join(words, " ")
		}
		refer := fmt.Sprintf("m:%d", rapid.IntRange(0, 25).Draw(t, "other"))
		how := rapid.IntRange(0, 8).Draw(t, "how")
		steps = append(steps, step{post: said(uint64(i+1), fmt.Sprint(n), fmt.Sprintf("a%d", n%7), text, func(m *earshot.Mention) {
			switch how {
			case 0:
				m.ReplyTo = refer
			case 1:
				m.RepostOf = refer
			case 2:
				m.QuoteOf = refer
			case 3:
				m.Links = []string{"https://news.example/fire"}
			}
		})})
	}
	return steps
}

func (s step) do(x *story.Index) story.Place {
	if s.gone {
		x.Remove(s.post.Brand, s.post.Key)
		return story.Place{}
	}
	return x.Place(s.post)
}

// store is where records lie meanwhile.
type store map[string][]byte

func (s store) save(t interface{ Fatal(...any) }, x *story.Index) {
	for _, r := range x.Changed() {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if s[r.Story.ID] = b; r.Gone {
			delete(s, r.Story.ID)
		}
	}
}

func (s store) restore(t interface{ Fatal(...any) }, o story.Options) *story.Index {
	x := story.New(o)
	for _, id := range slices.Sorted(maps.Keys(s)) {
		var r story.Record
		if err := json.Unmarshal(s[id], &r); err != nil {
			t.Fatal(err)
		}
		if err := x.Restore(r); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// replay is what a log offers after a restart: the last version of each mention
// that was not taken back, and that it was, in the order of the last changes.
func replay(steps []step) []step {
	var list []step
	for _, s := range steps {
		list = slices.DeleteFunc(list, func(t step) bool { return t.post.Key == s.post.Key })
		list = append(list, s)
	}
	return list
}

// Wherever a stream is cut: what restores and replays knows the same stories
// afterwards. Whether a mention was a copy of one that has been edited since is
// not in the log any more, and makes a difference once that copy changes, too.
func TestRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := life(t, true)
		restart(t, steps, rapid.IntRange(0, len(steps)).Draw(t, "cut"), 0, cmpopts.IgnoreFields(earshot.Story{}, "Copies"))
	})
}

// The same if what changed last was not stored any more.
func TestCrash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := life(t, false)
		cut := rapid.IntRange(0, len(steps)).Draw(t, "cut")
		restart(t, steps, cut, rapid.IntRange(0, cut).Draw(t, "not stored"))
	})
}

func restart(t *rapid.T, steps []step, cut, lost int, options ...cmp.Option) {
	whole, records := story.New(story.Options{}), store{}
	for _, s := range steps[:cut-lost] {
		s.do(whole)
		records.save(t, whole)
	}
	for _, s := range steps[cut-lost : cut] {
		s.do(whole)
	}
	again := records.restore(t, story.Options{})
	for _, s := range replay(steps[:cut]) {
		s.do(again)
	}
	for _, s := range steps[cut:] {
		want, got := s.do(whole), s.do(again)
		if want.Story != got.Story || want.Count != got.Count {
			t.Fatalf("mention %d: %+v, after a restart %+v", s.post.Sequence, want, got)
		}
	}
	for _, s := range steps {
		id := earshot.Key("acme\x00story\x00" + s.post.Key)
		if diff := cmp.Diff(whole.Story(id), again.Story(id), options...); diff != "" {
			t.Fatalf("story of mention %s (-whole +restarted):\n%s", s.post.Source.Mention, diff)
		}
	}
}

// However little is remembered: a mention has a place, and its story says the same.
func TestLittleRoom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := story.Options{Prints: rapid.IntRange(1, 6).Draw(t, "prints"), Stories: rapid.IntRange(1, 3).Draw(t, "stories")}
		x, records := story.New(o), store{}
		for i, s := range life(t, true) {
			place := s.do(x)
			known := x.Story(place.Story)
			switch {
			case s.gone:
			case place.Story == "" || place.Count < 1 || place.How == "":
				t.Fatalf("mention %d: %+v", s.post.Sequence, place)
			case known == nil && place.Count > 1, known != nil && known.Count != place.Count:
				t.Fatalf("mention %d: %+v in %+v", s.post.Sequence, place, known)
			}
			if records.save(t, x); i%7 == 6 {
				x = records.restore(t, o)
			}
		}
	})
}
