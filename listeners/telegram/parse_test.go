package telegram

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

var rewrite = flag.Bool("update", false, "write the golden files anew")

// golden is what an answer is turned into.
type golden struct {
	Mentions []earshot.Mention
	Silent   []int64  `json:",omitempty"`
	Dead     []string `json:",omitempty"` // reasons
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

// Every recorded answer becomes the mentions beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	for file, body := range recorded(t) {
		var answer response
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		var g golden
		for _, raw := range answer.Result {
			u, err := parseUpdate(raw, "123")
			switch {
			case err != nil:
				g.Dead = append(g.Dead, err.Error())
			case u.mention == nil:
				g.Silent = append(g.Silent, u.ID)
			default:
				g.Mentions = append(g.Mentions, *u.mention)
			}
		}
		got, err := json.MarshalIndent(g, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		if *rewrite {
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

// Whatever an update holds, reading it ends, and what is made of it is a mention.
func FuzzParse(f *testing.F) {
	for _, body := range recorded(f) {
		var answer response
		if err := json.Unmarshal(body, &answer); err != nil {
			f.Fatal(err)
		}
		for _, raw := range answer.Result {
			f.Add([]byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		u, err := parseUpdate(raw, "123")
		if err == nil && u.ID <= 0 || u.ID < 0 || u.ID > mostNumber {
			t.Errorf("update %d, %v", u.ID, err)
		}
		if u.mention == nil {
			return
		}
		m := u.mention
		if !strings.HasPrefix(m.ID, "telegram:") || !utf8.ValidString(m.Text) || m.Visibility == "" {
			t.Errorf("%+v", m)
		}
		for _, link := range append(m.Links, m.URL) {
			if link != "" && !strings.HasPrefix(link, "http") {
				t.Errorf("link %q", link)
			}
		}
	})
}
