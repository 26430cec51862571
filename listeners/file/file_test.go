package file_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/file"
	"earshot/listeners/sourcetest"
)

func TestFileKeepsThePromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		path := filepath.Join(t.TempDir(), "mentions.ndjson")
		return sourcetest.Network{
			Publish: func(texts ...string) { write(t, path, ndjson(texts...)) },
			Open:    func() listeners.Source { return open(t, following(path)) },
		}
	}})
}

func TestPipeKeepsThePromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{Cursorless: true, New: func(t *testing.T) sourcetest.Network {
		path := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skipf("no named pipes here: %v", err)
		}
		// A reader of the test's own lets writers open the pipe before the source has.
		keep, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = keep.Close() })
		return sourcetest.Network{
			Publish: func(texts ...string) { write(t, path, ndjson(texts...)) },
			Open:    func() listeners.Source { return open(t, following(path)) },
			Stall: func() <-chan struct{} {
				write(t, path, `{"text": "goes on `)
				stalled := make(chan struct{})
				close(stalled) // a pipe does not tell who reads
				return stalled
			},
		}
	}})
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func wantTexts(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

func TestRotationWhileListening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, ndjson("one", "two"))
	h := listen(t, open(t, following(path)), nil)
	h.until(2, 0)
	rename(t, path, path+".1")
	write(t, path+".1", ndjson("three, by a writer that still has the old file")+`{"text":"four, unfinished"}`)
	write(t, path, ndjson("one", "five"))
	got := h.until(6, 0)
	wantTexts(t, got, "one", "two", "three, by a writer that still has the old file", "four, unfinished", "one", "five")
	if h.mentions[0].ID == h.mentions[4].ID {
		t.Error("the same words at the same place of the next file have the same ID")
	}
	h.stop()
}

func TestRotationWhileNobodyListens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, ndjson("one", "two"))
	h := listen(t, open(t, following(path)), nil)
	h.until(2, 0)
	cursor := h.stop()
	write(t, path, ndjson("three"))
	rename(t, path, path+".1")
	write(t, path, ndjson("four"))

	h = listen(t, open(t, following(path)), cursor)
	wantTexts(t, h.until(2, 0), "three", "four")
	cursor = h.stop()

	write(t, path, ndjson("five"))
	h = listen(t, open(t, following(path)), cursor)
	wantTexts(t, h.until(1, 0), "five")
	h.stop()
}

func TestTruncationStartsAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, ndjson("one", "two"))
	h := listen(t, open(t, following(path)), nil)
	h.until(2, 0)
	if err := os.WriteFile(path, []byte(ndjson("one")), 0o600); err != nil { // truncates, keeps the inode
		t.Fatal(err)
	}
	h.until(3, 0)
	if err := os.WriteFile(path, []byte(ndjson("something longer than before", "and more")), 0o600); err != nil {
		t.Fatal(err)
	}
	wantTexts(t, h.until(5, 0), "one", "two", "one", "something longer than before", "and more")
	if h.mentions[0].ID == h.mentions[2].ID {
		t.Error("the first line after the truncation has the ID of the one before")
	}
	h.stop()
}

func TestCopyTruncateLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	long := strings.Repeat("long enough to know a file by ", 50)
	write(t, path, ndjson(long))
	h := listen(t, open(t, following(path)), nil)
	h.until(1, 0)
	cursor := h.stop()
	write(t, path, ndjson("written before the copy"))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path+".1", string(content))
	if err := os.WriteFile(path, []byte(ndjson("written after")), 0o600); err != nil {
		t.Fatal(err)
	}
	h = listen(t, open(t, following(path)), cursor)
	wantTexts(t, h.until(2, 0), "written before the copy", "written after")
	h.stop()
}

func TestAnotherFileIsReadFromItsBeginning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, ndjson("one"))
	h := listen(t, open(t, following(path)), nil)
	h.until(1, 0)
	cursor := h.stop()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write(t, path, ndjson("another", "file"))
	h = listen(t, open(t, following(path)), cursor)
	wantTexts(t, h.until(2, 0), "another", "file")
	h.stop()
}

// A file restored from a backup is the same file: its beginning says so.
func TestRestoredFileGoesOnWhereItWasLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	long := strings.Repeat("long enough to know a file by ", 50)
	write(t, path, ndjson(long))
	h := listen(t, open(t, following(path)), nil)
	h.until(1, 0)
	cursor := h.stop()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rename(t, path, path+".old")
	write(t, path, string(content)+ndjson("more"))
	h = listen(t, open(t, following(path)), cursor)
	wantTexts(t, h.until(1, 0), "more")
	h.stop()
}

func TestFileMayAppearLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	h := listen(t, open(t, following(path)), nil)
	write(t, path, ndjson("at last"))
	wantTexts(t, h.until(1, 0), "at last")
	h.stop()
}

func TestPartialLineWaitsForItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, ndjson("one")+`{"text":"tw`)
	h := listen(t, open(t, following(path)), nil)
	h.until(1, 0)
	cursor := h.stop()
	write(t, path, "o\"}\n")
	h = listen(t, open(t, following(path)), cursor)
	wantTexts(t, h.until(1, 0), "two")
	h.stop()
}

func TestWithoutFollowingTheLastLineNeedsNoEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, ndjson("one")+`{"text":"two"}`)
	config := following(path)
	config.Follow = false
	h := listen(t, open(t, config), nil)
	wantTexts(t, h.until(2, 0), "one", "two")
	h.stop()
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	config.Path += ".missing"
	err := open(t, config).Listen(t.Context(), nil, nil)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func TestLinesThatAreNoMentionsBecomeDeadLetters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	huge := `{"text":"` + strings.Repeat("x", 3<<20) + `"}`
	write(t, path, "\xef\xbb\xbf"+`{"text":"byte order mark"}`+"\r\n"+
		"\r\n  \n"+
		"not json\n"+
		`{"text": 5}`+"\n"+
		`{"text":"bad \xff byte"}`+"\n"+
		strings.ReplaceAll(`{"text":"a@b"}`, "@", "\xff")+"\n"+
		huge+"\n"+
		`{}`+"\n"+
		`{"text":"unknown keys are fine","mood":{"a":[1]}}`+"\n")
	h := listen(t, open(t, following(path)), nil)
	wantTexts(t, h.until(2, 6), "byte order mark", "unknown keys are fine")
	h.stop()
	var reasons []string
	for _, d := range h.dead {
		reasons = append(reasons, d.Reason)
		if len(d.Body) == 0 || len(d.Body) > 64<<10 {
			t.Errorf("%s: body of %d bytes", d.Reason, len(d.Body))
		}
	}
	want := []string{
		`line 4, column 1: a mention is a JSON object, in braces`,
		`line 5, column 10: "text" cannot be a number`,
		`line 6, column 15: invalid character 'x' in string escape code`,
		`line 7, column 11: invalid UTF-8`,
		`line 8, column 1048577: the line goes on beyond 1048576 bytes`,
		`line 9, column 1: there is neither "text" nor "title"`,
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	if !bytes.HasPrefix([]byte(huge), h.dead[4].Body) {
		t.Error("the dead letter does not show how the long line begins")
	}
}

func TestIDs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "my log.ndjson")
	write(t, path, `{"text":"a"}`+"\n"+`{"text":"b","network":"forum"}`+"\n"+`{"text":"c","id":"x:1"}`+"\n"+
		`{"text":"d","id":"17"}`+"\n"+`{"text":"e","id":"17","network":"forum"}`+"\n"+`{"id":"x:1","change":"deleted"}`+"\n")
	read := func() []earshot.Mention {
		h := listen(t, open(t, following(path)), nil)
		h.until(6, 0)
		h.stop()
		return h.mentions
	}
	first := read()
	var ids []string
	for _, m := range first {
		ids = append(ids, m.Network+" "+m.ID)
	}
	want := []string{"file file:my_log.ndjson:0:", "forum forum:my_log.ndjson:13:", "x x:1", "file file:17", "forum forum:17", "x x:1"}
	for i := range want {
		if ids[i] != want[i] && !(strings.HasSuffix(want[i], ":") && strings.HasPrefix(ids[i], want[i])) {
			t.Errorf("mention %d is %s, want %s", i, ids[i], want[i])
		}
	}
	if diff := cmp.Diff(first, read()); diff != "" {
		t.Errorf("reading it again gives something else:\n%s", diff)
	}
}

func TestLargeFileComesInBatchesOfBoundedSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var lines strings.Builder
	for i := range 1201 {
		lines.WriteString(ndjson(fmt.Sprint(i)))
	}
	write(t, path, lines.String())
	var sizes []int
	ctx, cancel := context.WithCancel(t.Context())
	total := 0
	_ = open(t, following(path)).Listen(ctx, nil, func(_ context.Context, b listeners.Batch) error {
		sizes = append(sizes, len(b.Mentions))
		if total += len(b.Mentions); total == 1201 {
			cancel()
		}
		return nil
	})
	if !slices.Equal(sizes, []int{500, 500, 201}) {
		t.Errorf("batches of %v", sizes)
	}
}

// Writers come and go, and one that leaves without a line end has still said
// something.
func TestPipeOutlivesItsWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	h := listen(t, open(t, following(path)), nil)
	write(t, path, ndjson("one"))
	h.until(1, 0)
	write(t, path, `{"text":"two"}`)
	h.until(2, 0)
	var lines strings.Builder
	for i := range 1500 {
		lines.WriteString(ndjson(fmt.Sprint("line ", i)))
	}
	write(t, path, lines.String())
	got := h.until(1502, 0)
	wantTexts(t, got[:3], "one", "two", "line 0")
	if got[1501] != "line 1499" || len(got) != 1502 {
		t.Errorf("%d lines, the last is %q", len(got), got[len(got)-1])
	}
	h.stop()
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	err := open(t, following(t.TempDir())).Listen(t.Context(), nil, nil)
	if err == nil || !strings.Contains(err.Error(), "neither a file nor a named pipe") {
		t.Errorf("a folder: %v", err)
	}
	var problems earshot.Problems
	if _, err := openParts(file.Config{Network: "Bad Name"}); !errors.As(err, &problems) || len(problems) != 2 {
		t.Errorf("a configuration without anything: %v", err)
	}
}
