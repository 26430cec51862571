package bluesky

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is what a message is turned into.
type golden struct {
	Seq, At int64
	Mention *earshot.Mention `json:",omitempty"`
	Account string           `json:",omitempty"`
	Handle  string           `json:",omitempty"`
	Gone    bool             `json:",omitempty"`
	Dead    string           `json:",omitempty"`
}

// Every recorded message becomes what is beside it.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			message, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			one := understand(string(message))
			g := golden{Seq: one.seq, At: one.at, Mention: one.mention, Account: one.did, Handle: one.handle, Gone: one.gone}
			if one.dead != nil {
				g.Dead = one.dead.Reason
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

func messages(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		message, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(message))
	}
	return all
}
