package rss

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"earshot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is what a document is turned into.
type golden struct {
	Mentions []earshot.Mention
	Dead     []string `json:",omitempty"` // reason: body
	Pace     string   `json:",omitempty"`
	Error    string   `json:",omitempty"`
}

// Every recorded feed becomes the mentions beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) == 0 && !*update {
		t.Fatalf("no golden files: %v", err)
	}
	if *update {
		files = nil
		for _, pattern := range []string{"testdata/*.xml", "testdata/*.json"} {
			found, _ := filepath.Glob(pattern)
			files = append(files, found...)
		}
	}
	for _, file := range files {
		file = strings.TrimSuffix(file, ".golden")
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			got, err := json.MarshalIndent(goldenOf(t, file), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			if *update {
				if err := os.WriteFile(file+".golden", got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("mentions differ (-want +got):\n%s", diff)
			}
		})
	}
}

func goldenOf(t *testing.T, file string) golden {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	header, _ := os.ReadFile(file + ".header")
	_, contentType, _ := strings.Cut(strings.TrimSpace(string(header)), ": ")
	doc, err := read(body, contentType)
	if err != nil {
		return golden{Error: err.Error()}
	}
	s := sourceAt("https://feeds.example/" + filepath.Base(file))
	batch := s.sift(&state{}, doc, s.address)
	g := golden{Mentions: batch.Mentions}
	for i, m := range g.Mentions {
		if year := m.Posted.Year(); year < 1 || year > 9999 {
			g.Mentions[i].Posted = time.Time{} // JSON cannot say it
		}
	}
	for _, d := range batch.Dead {
		g.Dead = append(g.Dead, d.Reason+": "+string(d.Body))
	}
	if pace := statedPace(doc.hints); pace > 0 {
		g.Pace = pace.String()
	}
	return g
}

func sourceAt(address string) *source {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return &source{
		listener: "test", part: address, address: u, log: zap.NewNop(),
		bounds: bounds{least: time.Minute, most: time.Hour},
	}
}

// A feed may declare entities that stand for much; they are not expanded, and a
// mention that refers to one says so.
func TestOwnEntities(t *testing.T) {
	doc := `<!DOCTYPE rss [<!ENTITY brand "acme">]><rss version="2.0"><channel><item><guid>urn:x:1</guid><title>about &brand;</title></item></channel></rss>`
	parsed, err := read([]byte(doc), "")
	if err != nil {
		t.Fatal(err)
	}
	m := normaliser{doc: parsed}.mention(parsed.Items[0])
	if strings.Contains(m.Title, "acme") {
		t.Errorf("title %q", m.Title)
	}
	if !slices.Contains(m.Flags, "garbled") {
		t.Errorf("flags %q", m.Flags)
	}
}

func read(body []byte, contentType string) (*document, error) {
	return readFresh(body, contentType, nil)
}

func readFresh(body []byte, contentType string, known *recent) (*document, error) {
	a := &answer{body: body, header: http.Header{"Content-Type": {contentType}}}
	return a.read(context.Background(), known)
}
