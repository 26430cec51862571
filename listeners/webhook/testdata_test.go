package webhook_test

import (
	"context"
	"encoding/json"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"earshot/listeners"
	"earshot/listeners/webhook/webhooktest"
)

var update = flag.Bool("update", false, "rewrite the golden mentions")

// Deliveries as their senders document them become these mentions.
func TestDeliveries(t *testing.T) {
	bodies, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range bodies {
		if strings.HasSuffix(name, ".golden.json") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			plain := strings.TrimSuffix(name, ".json")
			body, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			mapping, err := os.ReadFile(plain + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			section, _, _ := strings.Cut(sectionOf(t, "token"), "mapping:")
			section += "mapping:\n  " + strings.ReplaceAll(strings.TrimSpace(string(mapping)), "\n", "\n  ") + "\n"
			got := deliver(t, section, string(body))
			golden := plain + ".golden.json"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// deliver sends one body to a listener and returns what was heard and answered.
func deliver(t *testing.T, section, body string) []byte {
	t.Helper()
	b := &bench{T: t, inbox: listeners.NewInbox("", func(string) bool { return true }), section: section, kind: "token"}
	b.start()
	defer func() { b.stop() }()
	req := httptest.NewRequestWithContext(context.Background(), http.MethodPost, listeners.InboxPath+"hook", strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+webhooktest.Secret)
	code, says := b.send(req)
	text, err := json.MarshalIndent(map[string]any{"status": code, "answer": says, "mentions": b.mentions, "dead": b.dead}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}
