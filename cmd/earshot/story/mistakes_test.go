package story_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"earshot/cmd/earshot/story"
)

const smallIndex = `
brand: whimbrel
length: 10s
feeds:
  - {name: plaza, format: atom, title: Plaza, home: "https://plaza.example"}
  - {name: wire, format: rss, title: Wire, home: "https://wire.example"}
chapters: [one]
`

// A tale with a mistake in it is not told, and whoever wrote it learns where.
func TestReadMistakes(t *testing.T) {
	const head = "chapter: One\nin: plaza\nposts:\n"
	tests := []struct{ name, posts, want string }{
		{"unknown key", `  - {at: 1, by: A, lang: en, text: x, mood: sad}`, "mood"},
		{"unknown feed", `  - {at: 1, in: tv, by: A, lang: en, text: x}`, `feed "tv" is not in story.yaml`},
		{"no author", `  - {at: 1, lang: en, text: x}`, "text, by and lang are needed"},
		{"too late", `  - {at: 10, by: A, lang: en, text: x}`, "outside the story"},
		{"same ID", "  - {id: a, at: 1, by: A, lang: en, text: x}\n  - {id: a, at: 2, by: A, lang: en, text: y}", `ID "a" is taken`},
		{"alert without a case", `  - {at: 1, by: A, lang: en, text: x, expect: [{team: cs, kind: customer, urgency: low, why: new}]}`, "names no case"},
		{"no such kind", `  - {at: 1, by: A, lang: en, text: x, case: c, expect: [{team: cs, kind: rumour, urgency: low, why: new}]}`, "is not an alert"},
		{"edit of nothing", `  - {at: 1, edit: ghost, text: x}`, `"ghost" is changed before it is written`},
		{"edited too early", "  - {id: a, at: 5, by: A, lang: en, text: x}\n  - {at: 2, edit: a, text: y}", "before it is written"},
		{"answer in another feed", "  - {id: a, at: 1, by: A, lang: en, text: x}\n  - {in: wire, at: 2, by: A, lang: en, text: y, reply: a}", "answers"},
		{"deleted where nobody can tell", "  - {id: a, in: wire, at: 1, by: A, lang: en, text: x}\n  - {at: 2, delete: a}", "only an atom feed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := story.Read(fstest.MapFS{
				"story.yaml":     {Data: []byte(smallIndex)},
				"posts/one.yaml": {Data: []byte(head + tt.posts)},
			})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Read: %v, want something about %q", err, tt.want)
			}
		})
	}
}
