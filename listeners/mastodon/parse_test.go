package mastodon

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-mastodon"

	"earshot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is what a page is turned into.
type golden struct {
	Posts []goldenPost
	Dead  []string `json:",omitempty"`
	Error string   `json:",omitempty"`
}

type goldenPost struct {
	Page, ID, Replies mastodon.ID
	Mention           earshot.Mention
}

func readerOf(file string) reader {
	return reader{host: "mastodon.example", notifications: strings.Contains(file, "notifications")}
}

// Every recorded page becomes what is beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			posts, dead, err := readerOf(file).page(body)
			g := golden{Posts: []goldenPost{}}
			for _, p := range posts {
				g.Posts = append(g.Posts, goldenPost{p.page, p.id, p.replies, p.mention})
			}
			for _, d := range dead {
				g.Dead = append(g.Dead, d.Reason)
			}
			if err != nil {
				g.Error = err.Error()
			}
			got, err := json.MarshalIndent(g, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			path := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("it differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever a server answers, reading it ends, and what comes of it is fit to be
// stored.
func FuzzPage(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, strings.Contains(file, "notifications"))
	}
	f.Fuzz(func(t *testing.T, body []byte, notifications bool) {
		posts, dead, err := reader{host: "x.example", notifications: notifications}.page(body)
		if err != nil && len(posts)+len(dead) > 0 {
			t.Error("an error and posts")
		}
		for _, d := range dead {
			if d.Reason == "" {
				t.Error("a dead letter without a reason")
			}
		}
		for _, p := range posts {
			if !strings.HasPrefix(p.mention.ID, "mastodon:") || len(p.mention.ID) > 2000 || strings.ContainsAny(p.mention.ID, " \n\x00") {
				t.Errorf("ID %q", p.mention.ID)
			}
			if p.id == "" || p.page == "" || !utf8.ValidString(p.mention.Text) {
				t.Errorf("%+v", p)
			}
			st := &state{Version: cursorVersion}
			st.add(knownOf(&p))
			cursor, err := st.write()
			if err != nil {
				t.Fatal(err)
			}
			back, err := readState(cursor)
			if diff := cmp.Diff(st, back); diff != "" || err != nil {
				t.Error(diff, err)
			}
			st.drop(p.mention.ID)
			if len(st.Known) != 0 {
				t.Error("it cannot be forgotten")
			}
		}
	})
}

// Whatever a stream tells, reading it ends.
func FuzzEvent(f *testing.F) {
	for _, seed := range []string{
		`{"stream":["hashtag"],"event":"update","payload":"{\"id\":\"1\"}"}`, `{"event":"delete","payload":"103"}`,
		`{"event":"delete","payload":103}`, `{"event":"status.update","payload":{"id":"1"}}`, `{"event":"filters_changed"}`, `[]`, `{"event":"update"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		if e, ok := readEvent(message); ok && (e.kind == "delete") != (e.id != "") {
			t.Errorf("%+v", e)
		}
	})
}

// A cursor of another program or version is a fresh start that is told of.
func TestForeignCursors(t *testing.T) {
	t.Parallel()
	for _, foreign := range []string{"x", "{}", `{"v":2}`, `{"v":1,"known":5}`, "[]"} {
		if st, err := readState([]byte(foreign)); err == nil || st.Version != cursorVersion || len(st.Known) > 0 {
			t.Errorf("%s: %+v, %v", foreign, st, err)
		}
	}
}

// What is known stays in order and bounded; asking never begins after something
// that was not settled.
func TestKnown(t *testing.T) {
	t.Parallel()
	st := &state{Version: cursorVersion}
	for _, id := range []mastodon.ID{"5", "10", "7"} {
		st.add(known{Page: id, Mention: string(id)})
	}
	st.settle()
	if st.Known[0].Page != "5" || st.Known[2].Page != "10" || st.Floor != "5" {
		t.Errorf("%+v", st)
	}
	for i := range 3 * mostKept {
		st.add(known{Page: mastodon.ID([]byte{'a', byte('a' + i/26/26), byte('a' + i/26%26), byte('a' + i%26)})})
	}
	st.settle()
	if len(st.Known) != mostKept || st.Floor != st.Known[mostKept-window-1].Page {
		t.Errorf("%d known, floor %s", len(st.Known), st.Floor)
	}
}
