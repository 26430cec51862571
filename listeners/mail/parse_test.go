package mail

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"earshot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// received is when the server got the mails of the tests.
var received = time.Date(2026, 11, 17, 8, 31, 0, 0, time.UTC)

// Every recorded mail becomes the mention beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no mails: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var golden struct {
				Mention earshot.Mention
				Error   string `json:",omitempty"`
			}
			if golden.Mention, err = parse(raw, received, false); err != nil {
				golden.Error = err.Error()
			}
			got, err := json.MarshalIndent(golden, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(file, ".eml") + ".golden"
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
				t.Errorf("the mention differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever is in a mailbox, reading it ends, and what is made of it is a mention
// or an error.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, false)
		f.Add(raw[:len(raw)/2], true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, cut bool) {
		m, err := parse(raw, received, cut)
		if err != nil {
			return
		}
		if !strings.HasPrefix(m.ID, "mail:") || len(m.ID) == len("mail:") || strings.ContainsAny(m.ID, "\r\n\t\x00") {
			t.Errorf("ID %q", m.ID)
		}
		for _, s := range append([]string{m.ID, m.Title, m.Text, m.Author.Handle, m.Author.Name, m.ReplyTo, m.Conversation}, m.To...) {
			if !utf8.ValidString(s) {
				t.Errorf("invalid UTF-8 in %q", s)
			}
		}
		if m.Visibility != earshot.Private || m.Posted.IsZero() || m.ReplyTo == m.ID {
			t.Errorf("%+v", m)
		}
		if again, _ := parse(raw, received, cut); again.ID != m.ID || again.Text != m.Text {
			t.Errorf("read twice, it differs")
		}
	})
}
