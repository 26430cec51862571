package x

import (
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/listeners"
)

var update = flag.Bool("update", false, "write the golden files anew")

// outcome is what comes of an answer.
type outcome struct {
	Mentions []earshot.Mention
	Dead     []string `json:",omitempty"`
	Gone     []string `json:",omitempty"`
	Next     string   `json:",omitempty"`
	Charged  int      // posts
}

func read(t *testing.T, body []byte) outcome {
	t.Helper()
	page, err := translate(body)
	if err != nil {
		t.Fatal(err)
	}
	// As go-twitter would hand them on.
	text, err := json.Marshal(page.tweets)
	if err != nil {
		t.Fatal(err)
	}
	var tweets []tweet
	if err := json.Unmarshal(text, &tweets); err != nil {
		t.Fatal(err)
	}
	batch := batchOf(tweets)
	out := outcome{Mentions: batch.Mentions, Next: page.next, Charged: page.posts}
	for _, d := range batch.Dead {
		out.Dead = append(out.Dead, d.Reason+" <= "+string(d.Body))
	}
	for _, id := range page.gone {
		out.Gone = append(out.Gone, idOf(id))
	}
	return out
}

// Each documented answer becomes the mentions that are expected of it.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no answers in testdata", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.MarshalIndent(read(t, body), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		golden := file + ".golden"
		if *update {
			writeFile(t, golden, string(text))
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(text)+"\n"); diff != "" {
			t.Errorf("%s\n%s", file, diff)
		}
	}
}

// Whatever X answers, mentions have IDs and times, and nothing panics; what the
// stream makes of it is one message.
func FuzzTranslate(f *testing.F) {
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
		page, err := translate(body)
		if err == nil {
			batch := batchOf(page.tweets)
			if len(batch.Mentions)+len(batch.Dead) != len(page.tweets) {
				t.Errorf("%d posts became %d mentions and %d dead letters", len(page.tweets), len(batch.Mentions), len(batch.Dead))
			}
			for _, m := range batch.Mentions {
				if _, err := parseID(strings.TrimPrefix(m.ID, "x:")); err != nil || m.Posted.IsZero() {
					t.Errorf("%+v", m)
				}
			}
		}
		line := legacyLine(body)
		if !strings.HasSuffix(string(line), "\r\n") || strings.Count(string(line), "\r\n") != 1 || !json.Valid(line) {
			t.Errorf("a message of the stream is %q", line)
		}
		_ = problemsOf(body)
		_, _ = users(body)
	})
}

// Cursors are read as they were written; others are refused and never panic.
func FuzzCursor(f *testing.F) {
	f.Add([]byte(`{"v":1,"walks":{"a":{"since":"5","until":"9","began":"7","seen":["8"]}}}`))
	f.Add([]byte(`{"v":1,"to":"2026-11-20T00:00:00Z","after":"7"}`))
	f.Add([]byte(`{"v":1,"walks":{"a":null}}`))
	f.Fuzz(func(t *testing.T, cursor []byte) {
		st, err := readState(cursor)
		if err != nil && len(st.Walks) > 0 {
			t.Errorf("a damaged cursor is %+v", st)
		}
		st.follow([]string{"acme"}, 1)
		for _, p := range st.Walks {
			p.heard(5)
			p.settle(7)
			if p.has(5) {
				t.Error("what is settled is remembered")
			}
		}
		if _, err := st.cursor(); err != nil {
			t.Error(err)
		}
		if c, err := readChecked(cursor, time.Now()); c.To.IsZero() {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

// Lines end where X ends them, however they arrive; what is too long or cut off
// is an error.
func TestLines(t *testing.T) {
	t.Parallel()
	body := "\r\n" + `{"data":{"id":"1990000000000000007","text":"acme"}}` + "\n" + `{"data":` + "\r\n" + `{"data":{"id":"1990`
	l := newLines(io.NopCloser(strings.NewReader(body)), time.Minute)
	out, err := io.ReadAll(l)
	if err != nil {
		t.Fatal(err)
	}
	messages := strings.Split(string(out), "\r\n")
	if len(messages) != 4 || !strings.Contains(messages[0], "warning") || !strings.Contains(messages[1], "1990000000000000007") ||
		!strings.Contains(messages[2], "damage") || messages[3] != "" {
		t.Errorf("read %q", messages)
	}
	l = newLines(io.NopCloser(strings.NewReader(strings.Repeat("x", maxLine+100))), time.Minute)
	if _, err := io.ReadAll(l); listeners.Class(err) != "too_large" {
		t.Errorf("ended with %v", err)
	}
}

// IDs hold the time, to the millisecond.
func TestSnowflakes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 1, 2, 3, 456_000_000, time.UTC)
	if got := idAt(at).time(); !got.Equal(at) {
		t.Errorf("%v became %v", at, got)
	}
	if got := idAt(time.Unix(0, 0)); got != 0 {
		t.Errorf("before X there was %v", got)
	}
}
