package rss

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"earshot/listeners"
)

// With the client that all listeners share: a redirect, gzip, and an answer that
// goes on beyond what is accepted, of which the beginning is heard.
func TestSharedClient(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/old", http.RedirectHandler("/feed", http.StatusPermanentRedirect))
	mux.HandleFunc("/feed", func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("it does not accept gzip")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, strings.TrimSuffix(channel(item("1", "one")), "</channel></rss>"))
		for range 100 {
			_, _ = io.WriteString(z, strings.Repeat(" ", 64<<10))
		}
		_ = z.Close()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	options := listeners.DefaultClient()
	options.AllowPrivate, options.MaxBody, options.PerSecond = []string{"127.0.0.1"}, 1<<20, 1000
	client, err := listeners.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)

	s := newSession(t, nil)
	s.source = sourceAt(server.URL + "/old")
	s.source.client = client
	said, err := s.round()
	if !slices.Equal(said, []string{"new one"}) || listeners.Class(err) != "too_large" {
		t.Errorf("heard %q, ended with %v (%s)", said, err, listeners.Class(err))
	}
	if moved := s.state().MovedTo; moved != server.URL+"/feed" {
		t.Errorf("it moved to %q", moved)
	}
}

// A private address is refused, as a redirect too, and nothing is remembered.
func TestPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/latest/", http.StatusMovedPermanently))
	t.Cleanup(server.Close)
	options := listeners.DefaultClient()
	options.AllowPrivate = []string{"127.0.0.1"}
	client, err := listeners.NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	s := newSession(t, nil)
	s.source = sourceAt(server.URL + "/feed")
	s.source.client = client
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err = s.source.Listen(ctx, nil, func(context.Context, listeners.Batch) error {
		t.Error("something was emitted")
		return nil
	})
	if listeners.Class(err) != "refused_address" {
		t.Errorf("it ended with %v (%s)", err, listeners.Class(err))
	}
}
