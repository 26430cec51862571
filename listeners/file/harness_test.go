package file_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"earshot"
	"earshot/listeners"
	"earshot/listeners/file"
)

const patience = 2 * time.Minute

// open returns the source of a configuration.
func open(t testing.TB, config file.Config) listeners.Source {
	t.Helper()
	parts, err := openParts(config)
	if err != nil {
		t.Fatal(err)
	}
	return parts[0].Source
}

func openParts(config file.Config) ([]listeners.Part, error) {
	return file.Driver().Open(listeners.Setup{
		Name: "test",
		Decode: func(into any) error {
			*into.(*file.Config) = config
			return nil
		},
	})
}

func following(path string) file.Config {
	return file.Config{Path: path, Follow: true, Network: "file"}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func ndjson(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		line, _ := json.Marshal(map[string]string{"text": text}) // strings always marshal
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// heard is a Listen of a test, with what it emitted.
type heard struct {
	t      testing.TB
	cancel context.CancelFunc
	ended  chan error
	came   chan struct{}

	mu       sync.Mutex
	mentions []earshot.Mention
	dead     []earshot.DeadLetter
	cursor   earshot.Cursor
}

func listen(t testing.TB, src listeners.Source, from earshot.Cursor) *heard {
	ctx, cancel := context.WithCancel(context.Background())
	h := &heard{t: t, cancel: cancel, ended: make(chan error, 1), came: make(chan struct{}, 1)}
	go func() {
		h.ended <- src.Listen(ctx, from, func(_ context.Context, b listeners.Batch) error {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.mentions = append(h.mentions, b.Mentions...)
			h.dead = append(h.dead, b.Dead...)
			h.cursor = b.Next
			select {
			case h.came <- struct{}{}:
			default:
			}
			return nil
		})
	}()
	t.Cleanup(cancel)
	return h
}

// until waits for so many mentions and dead letters and returns the texts.
func (h *heard) until(mentions, dead int) []string {
	h.t.Helper()
	timeout := time.After(patience)
	for {
		h.mu.Lock()
		texts := make([]string, len(h.mentions))
		for i, m := range h.mentions {
			texts[i] = m.Text
		}
		enough := len(texts) >= mentions && len(h.dead) >= dead
		h.mu.Unlock()
		if enough {
			return texts
		}
		select {
		case <-h.came:
		case err := <-h.ended:
			h.t.Fatalf("Listen ended: %v", err)
		case <-timeout:
			h.t.Fatalf("heard only %q", texts)
		}
	}
}

func (h *heard) stop() earshot.Cursor {
	h.t.Helper()
	h.cancel()
	if err := <-h.ended; !errors.Is(err, context.Canceled) {
		h.t.Errorf("Listen ended with %v", err)
	}
	return h.cursor
}
