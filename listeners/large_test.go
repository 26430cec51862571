package listeners_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"earshot/listeners"
)

const (
	small = 100 << 10
	large = 300 << 10
	huge  = 5 << 20
)

// opened asks for an answer and leaves it to the test to read and close it.
func opened(t *testing.T, client *http.Client, url string) io.ReadCloser {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp.Body
}

func readWhole(t *testing.T, body io.Reader, want int) {
	t.Helper()
	got, err := io.ReadAll(body)
	if len(got) != want || err != nil {
		t.Fatalf("read %d bytes (%v), want %d", len(got), err, want)
	}
}

func answerOf(size int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, size)) }
}

// Only so many large answers are in memory at a time; one that must wait for them
// is not late for it, and small ones do not wait.
func TestLargeAnswersTakeTurns(t *testing.T) {
	for _, c := range []struct{ size, at int }{{large, 2}, {huge, 1}} {
		t.Run(fmt.Sprint(c.size), func(t *testing.T) {
			t.Parallel()
			const patience = 3 * time.Second // in which a busy machine reads one
			server := serve(t, answerOf(c.size))
			client := newClient(t, func(o *listeners.ClientOptions) { o.Timeout, o.Concurrent = patience, 10 })
			var open []io.ReadCloser
			for range c.at {
				body := opened(t, client, server.URL)
				readWhole(t, body, c.size)
				open = append(open, body)
			}
			next, read := opened(t, client, server.URL), make(chan error)
			go func() {
				_, err := io.Copy(io.Discard, next)
				read <- err
			}()
			if _, err := fetch(t, client, serve(t, answerOf(small)).URL); err != nil {
				t.Errorf("a small answer: %v", err)
			}
			select {
			case err := <-read:
				t.Fatalf("answer %d of %d bytes did not wait: %v", c.at+1, c.size, err)
			case <-time.After(patience + patience/4):
			}
			_ = open[0].Close()
			if err := <-read; err != nil {
				t.Errorf("after the wait: %v", err)
			}
		})
	}
}

// A driver can ask for a turn for a small answer, which ends with the caller's
// patience or is given back with the body.
func TestAwaitTurn(t *testing.T) {
	client := newClient(t, func(o *listeners.ClientOptions) { o.Concurrent = 10 })
	url := serve(t, answerOf(small)).URL
	first, second := opened(t, client, url), opened(t, client, url)
	readWhole(t, first, small)
	if err := listeners.AwaitTurn(t.Context(), first, huge); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := listeners.AwaitTurn(ctx, second, huge); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second turn: %v", err)
	}
	_ = first.Close()
	if err := listeners.AwaitTurn(t.Context(), second, huge); err != nil {
		t.Error(err)
	}
	if err := listeners.AwaitTurn(t.Context(), io.NopCloser(nil), huge); err != nil {
		t.Errorf("a body of another client: %v", err)
	}
}

// A small brotli stream may make its reader allocate 16 MiB.
func TestBrotliWindowsTakeTurns(t *testing.T) {
	compress := func(window int) []byte {
		var b bytes.Buffer
		z := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 1, LGWin: window})
		_, _ = z.Write(make([]byte, small))
		_ = z.Close()
		return b.Bytes()
	}
	for window, waits := range map[int]bool{16: false, 18: false, 20: false, 22: true, 24: true} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write(compress(window))
		})
		client := newClient(t, func(o *listeners.ClientOptions) { o.Concurrent = 10 })
		for range 2 {
			readWhole(t, opened(t, client, server.URL), small)
		}
		third, patience := opened(t, client, server.URL), 2*time.Minute
		if waits {
			patience = 50 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := listeners.AwaitTurn(ctx, third, large)
		cancel()
		if (err != nil) != waits {
			t.Errorf("after two with a window of %d bits: %v", window, err)
		}
	}
}
