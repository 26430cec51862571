package story_test

import (
	"testing"

	"earshot/cmd/earshot/story"
)

// The embedded tale is whole: enough posts, in enough languages, and all the
// things happen that the demo promises to show.
func TestRead(t *testing.T) {
	s, err := story.Read(story.Files())
	if err != nil {
		t.Fatal(err)
	}
	langs, alerts, strangers, does := map[string]int{}, 0, 0, map[string]int{}
	for _, step := range s.Steps {
		langs[step.Lang]++
		alerts += len(step.Expect)
		does[string(step.Does)]++
		if !step.Matches {
			strangers++
		}
	}
	t.Logf("%d posts, %d of them not about the brand, %d languages, %d alerts, %v", s.Posts(), strangers, len(langs), alerts, does)
	if s.Posts() < 220 || len(langs) < 12 || alerts < 12 || strangers < 50 || does["edited"] == 0 || does["deleted"] == 0 {
		t.Error("the story has become too small")
	}
}
