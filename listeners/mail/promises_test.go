package mail_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"earshot/listeners"
	"earshot/listeners/mail"
	"earshot/listeners/mail/mailtest"
	"earshot/listeners/sourcetest"
)

// The mail source keeps the promises of every source.
func TestPromises(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{New: func(t *testing.T) sourcetest.Network {
		server := start(t)
		return sourcetest.Network{
			Publish: server.Publish,
			Open:    func() listeners.Source { return source(t, server, nil) },
			Stall:   server.Stall,
		}
	}})
}

// start starts a server for the test.
func start(t *testing.T) *mailtest.Server {
	t.Helper()
	server := mailtest.New()
	t.Cleanup(server.Close)
	return server
}

// source opens the INBOX of a server, or the folders that change asks for: the
// first of them.
func source(t *testing.T, server *mailtest.Server, change func(*mail.Config)) listeners.Source {
	t.Helper()
	return openParts(t, func(c *mail.Config) {
		c.Server, c.TLS, c.User = server.Addr, "none", mailtest.User
		c.PasswordFile = secret(t, mailtest.Password)
		if change != nil {
			change(c)
		}
	})[0].Source
}

func openParts(t *testing.T, change func(*mail.Config)) []listeners.Part {
	t.Helper()
	parts, err := openWith(zaptest.NewLogger(t, zaptest.Level(zap.FatalLevel)), change)
	if len(parts) == 0 {
		t.Fatal(err)
	}
	return parts
}

func openWith(log *zap.Logger, change func(*mail.Config)) ([]listeners.Part, error) {
	var dialer net.Dialer
	return mail.Driver().Open(listeners.Setup{
		Name: "letters", Dial: dialer.DialContext, Log: log,
		Decode: func(into any) error {
			c, ok := into.(*mail.Config)
			if !ok {
				return errors.New("not a Config")
			}
			c.Every = 100 * time.Millisecond
			change(c)
			return nil
		},
	})
}

func secret(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(content+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// heard collects what a source emits and can be waited for.
type heard struct {
	batches []listeners.Batch
	count   int
	enough  int
	cancel  context.CancelFunc
}

// listen runs a source until it has emitted so many mentions and dead letters, and
// then until it has nothing left to do with them.
func listen(t *testing.T, src listeners.Source, from []byte, enough int) *heard {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	h := &heard{enough: enough, cancel: cancel}
	err := src.Listen(ctx, from, h.emit)
	if h.count < enough {
		t.Fatalf("heard %d of %d: %v", h.count, enough, err)
	}
	return h
}

func (h *heard) emit(_ context.Context, b listeners.Batch) error {
	h.batches = append(h.batches, b)
	if h.count += len(b.Mentions) + len(b.Dead); h.count >= h.enough {
		h.cancel()
	}
	return nil
}

func (h *heard) texts() []string {
	var texts []string
	for _, b := range h.batches {
		for _, m := range b.Mentions {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

func (h *heard) cursor() []byte { return h.batches[len(h.batches)-1].Next }
