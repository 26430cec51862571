package reddit

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
	Dead     []string `json:",omitempty"` // reason: body
	After    string   `json:",omitempty"`
	Error    string   `json:",omitempty"`
}

func recorded(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"testdata/*.json", "testdata/*.rss"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing at %s: %v", pattern, err)
		}
		all = append(all, found...)
	}
	return all
}

func parse(file string, body []byte) (page, error) {
	if strings.HasSuffix(file, ".rss") {
		return parseFeed(body)
	}
	return parsePage(body)
}

// Every recorded answer becomes the mentions beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, file := range recorded(t) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var g golden
		p, err := parse(file, body)
		if err != nil {
			g.Error = err.Error()
		}
		g.After = p.after
		for _, one := range p.posts {
			g.Mentions = append(g.Mentions, one.mention)
		}
		for _, d := range p.dead {
			g.Dead = append(g.Dead, d.Reason+": "+string(d.Body))
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

// Whatever Reddit sends, reading it ends, and what is made of it is a mention.
func FuzzParse(f *testing.F) {
	for _, file := range recorded(f) {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, file := range []string{".json", ".rss"} {
			p, err := parse(file, body)
			if err != nil {
				continue
			}
			for _, one := range p.posts {
				m := one.mention
				if !isName(one.name) || m.ID != "reddit:"+one.name || m.Network != network {
					t.Errorf("%q makes %q", one.name, m.ID)
				}
				if !utf8.ValidString(m.Text) || m.URL != "" && !strings.HasPrefix(m.URL, "http") {
					t.Errorf("%+v", m)
				}
				if m.Change == earshot.Deleted && m.Text+m.Title+m.Author.Handle != "" {
					t.Errorf("what was taken back is said: %+v", m)
				}
			}
		}
	})
}
