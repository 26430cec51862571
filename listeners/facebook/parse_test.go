package facebook

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/listeners/facebook/facebooktest"
)

var update = flag.Bool("update", false, "write the golden files anew")

var received = time.Date(2026, 11, 17, 9, 40, 0, 0, time.UTC)

// golden is what an answer or a delivery is turned into.
type golden struct {
	Mentions []earshot.Mention
	Dead     []string  `json:",omitempty"`
	Pending  []pending `json:",omitempty"`
	Roots    []string  `json:",omitempty"`
	Next     string    `json:",omitempty"`
}

// Every recorded answer and delivery becomes what is beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(goldenOf(t, filepath.Base(file), body), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(got), "secret") {
				t.Error("it holds a token")
			}
			name := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(name, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("it differs (-want +got):\n%s", diff)
			}
		})
	}
}

func goldenOf(t *testing.T, name string, body []byte) golden {
	t.Helper()
	var g golden
	var dead []earshot.DeadLetter
	if strings.HasPrefix(name, "delivery") {
		p, err := parseDelivery(body, received)
		if err != nil {
			t.Fatal(err)
		}
		g.Mentions, g.Pending, dead = p.mentions, p.pending, p.dead
	} else {
		var l list
		if err := json.Unmarshal(body, &l); err != nil {
			t.Fatal(err)
		}
		network, channel := facebook, facebooktest.Page
		if strings.Contains(name, instagram) {
			network, channel = instagram, facebooktest.Instagram
		}
		p := parsePage(network, channel, l)
		g.Mentions, g.Next, dead = p.mentions, p.next, p.dead
		for _, r := range p.roots {
			g.Roots = append(g.Roots, r.id+" after "+r.after)
		}
	}
	for _, d := range dead {
		g.Dead = append(g.Dead, d.Reason+": "+string(d.Body))
	}
	return g
}

// Whatever is delivered or answered, reading it ends, and what is made of it has an
// ID.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var all []earshot.Mention
		if p, err := parseDelivery(body, received); err == nil {
			all = p.mentions
			for _, todo := range p.pending {
				if !nativeID.MatchString(todo.Comment + todo.Post) {
					t.Errorf("asks for %q", todo)
				}
			}
		}
		var l list
		if json.Unmarshal(body, &l) == nil {
			all = append(all, parsePage(facebook, "1", l).mentions...)
		}
		for _, m := range all {
			network, native, _ := strings.Cut(m.ID, ":")
			if network != facebook && network != instagram || native == "" {
				t.Errorf("ID %q", m.ID)
			}
		}
	})
}

// What cannot be read at all is an error.
func TestNoDelivery(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "x", "[]", `{"entry":7}`, strings.Repeat("[", 100_000)} {
		if _, err := parseDelivery([]byte(body), received); err == nil {
			t.Errorf("%.20q is read", body)
		}
	}
	if p, err := parseDelivery([]byte("{}"), received); err != nil || len(p.dead) != 1 {
		t.Errorf("%v, %v", p, err)
	}
}
