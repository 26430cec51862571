package facebook

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"earshot/listeners"
	"earshot/listeners/facebook/facebooktest"
	"earshot/listeners/sourcetest"
)

// A page that is asked keeps the promises of every source.
func TestPromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		server := start(t)
		return sourcetest.Network{
			Publish: server.Publish,
			Stall:   server.Stall,
			Open:    func() listeners.Source { return asking(t, server) },
		}
	}})
}

// So does what is delivered, even if everything is delivered again whenever the
// process starts.
func TestPromisesOfDeliveries(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		server := start(t)
		inbox := listeners.NewInbox("", func(string) bool { return true })
		front := httptest.NewServer(inbox)
		server.DeliverTo(front.URL)
		t.Cleanup(front.Close)
		return sourcetest.Network{
			Publish: server.Publish,
			Open: func() listeners.Source {
				server.Redeliver() // as somebody would who has recorded it all
				return receiving(t, server, inbox)
			},
		}
	}})
}

func start(t *testing.T) *facebooktest.Server {
	t.Helper()
	server := facebooktest.New()
	t.Cleanup(server.Close)
	return server
}

func configOf(t *testing.T, server *facebooktest.Server) Config {
	t.Helper()
	dir := t.TempDir()
	if _, err := server.Config(dir); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(dir, "page.token")
	c := defaults()
	c.API, c.Every = server.URL, 5*time.Millisecond
	c.AppSecretFile, c.VerifyTokenFile = filepath.Join(dir, "app.secret"), filepath.Join(dir, "verify.token")
	c.Accounts = []Account{{Page: facebooktest.Page, TokenFile: token}, {Instagram: facebooktest.Instagram, TokenFile: token}}
	return c
}

func asking(t *testing.T, server *facebooktest.Server) *source {
	t.Helper()
	c := configOf(t, server)
	return newSource(c, c.Accounts[0], client(t), zap.NewNop())
}

func receiving(t *testing.T, server *facebooktest.Server, inbox *listeners.Inbox) *deliveries {
	t.Helper()
	return &deliveries{Config: configOf(t, server), listener: facebooktest.Listener, inbox: inbox, client: client(t), log: zap.NewNop()}
}

func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
