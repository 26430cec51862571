package youtube

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"earshot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is what an answer is turned into.
type golden struct {
	Mentions []earshot.Mention
	Dead     []string `json:",omitempty"` // reasons
	Next     string   `json:",omitempty"`
}

func recorded(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing recorded: %v", err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// goldenOf reads an answer as the list that it is of.
func goldenOf(list string, body []byte) (golden, error) {
	var g golden
	add := func(p post, err error) {
		if err != nil {
			g.Dead = append(g.Dead, err.Error())
		} else {
			g.Mentions = append(g.Mentions, p.mention)
		}
	}
	switch {
	case strings.HasPrefix(list, "commentThreads"):
		var l threadList
		if err := json.Unmarshal(body, &l); err != nil {
			return g, err
		}
		p := l.page("@acmetoys")
		for _, t := range p.threads {
			add(t.post, nil)
			for _, r := range t.replies {
				add(r, nil)
			}
		}
		for _, d := range p.dead {
			g.Dead = append(g.Dead, d.Reason)
		}
		g.Next = p.next
	case strings.HasPrefix(list, "comments"):
		var l commentList
		if err := json.Unmarshal(body, &l); err != nil {
			return g, err
		}
		for _, c := range l.Items {
			add(c.post("@acmetoys", "vid-0000001"))
		}
	default:
		var l videoList
		if err := json.Unmarshal(body, &l); err != nil {
			return g, err
		}
		for _, v := range l.Items {
			add(v.post())
		}
	}
	return g, nil
}

// Every recorded answer becomes the mentions beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	for file, body := range recorded(t) {
		g, err := goldenOf(filepath.Base(file), body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.MarshalIndent(g, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		if *update {
			if err := os.WriteFile(file+".golden", got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file + ".golden")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// Whatever YouTube sends, reading it ends, and what is made of it is a mention.
func FuzzParse(f *testing.F) {
	for _, body := range recorded(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, list := range []string{"commentThreads", "comments", "videos"} {
			g, err := goldenOf(list, body)
			if err != nil {
				continue
			}
			for _, m := range g.Mentions {
				if native, ok := strings.CutPrefix(m.ID, "youtube:"); !ok || len(native) < 11 || !utf8.ValidString(m.Text) {
					t.Errorf("%+v", m)
				}
				if m.URL != "" && !strings.HasPrefix(m.URL, "https://www.youtube.com/watch?v=") {
					t.Errorf("URL %q", m.URL)
				}
			}
		}
	})
}
