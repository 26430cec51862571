package telegram

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"earshot/listeners"
	"earshot/listeners/sourcetest"
	"earshot/listeners/telegram/telegramtest"
)

// The telegram source keeps the promises of every source.
func TestPromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		t.Helper()
		server := telegramtest.New()
		t.Cleanup(server.Close)
		server.Keep() // a foreign cursor begins anew, and finds what was confirmed long ago
		return sourcetest.Network{
			Publish: server.Publish,
			Stall:   server.Stall,
			Open:    func() listeners.Source { return newSource(t, server) },
		}
	}})
}

func newSource(t *testing.T, server *telegramtest.Server) *source {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(telegramtest.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &source{
		bot: bot{file: file, server: server.URL, client: &http.Client{Transport: transport}},
		log: zap.NewNop(),
	}
}
