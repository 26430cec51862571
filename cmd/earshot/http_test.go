package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// Alive is not ready: /readyz names each part and why it is not.
func TestHealth(t *testing.T) {
	var down error
	h := &health{}
	h.Register("bus", func() error { return down })
	h.Register("listeners", func() error { return nil })
	server := httptest.NewServer(newHTTPHandler(HTTPConfig{}, h, prometheus.NewRegistry()))
	defer server.Close()

	if status, body := fetch(t, server.URL+"/readyz"); status != http.StatusOK || !strings.Contains(body, `"ready":true`) {
		t.Errorf("ready: %d %s", status, body)
	}
	down = errors.New("the server is away")
	status, body := fetch(t, server.URL+"/readyz")
	var report healthReport
	if err := json.Unmarshal([]byte(body), &report); err != nil {
		t.Fatal(err)
	}
	want := partReport{Part: "bus", Why: "the server is away"}
	if status != http.StatusServiceUnavailable || report.Ready || report.Parts[0] != want || !report.Parts[1].Ready {
		t.Errorf("not ready: %d %s", status, body)
	}
	if err := h.Err(); err == nil || err.Error() != "bus: the server is away" {
		t.Errorf("Err says %v", err)
	}
	if status, body := fetch(t, server.URL+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("alive: %d %s", status, body)
	}
}

// Profiles are served on request only, metrics always.
func TestMetricsAndPprof(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector())
	for _, on := range []bool{false, true} {
		server, err := serveHTTP(t.Context(), HTTPConfig{Listen: "127.0.0.1:0", Pprof: on}, &health{}, registry)
		if err != nil {
			t.Fatal(err)
		}
		if status, body := fetch(t, "http://"+server.Addr()+"/metrics"); status != http.StatusOK || !strings.Contains(body, "go_goroutines") {
			t.Errorf("metrics: %d", status)
		}
		status, _ := fetch(t, "http://"+server.Addr()+"/debug/pprof/cmdline")
		if want := map[bool]int{false: http.StatusNotFound, true: http.StatusOK}[on]; status != want {
			t.Errorf("pprof %v: %d, want %d", on, status, want)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Error(err)
		}
	}
}

// Without an address nothing is served and closing is harmless.
func TestNoHTTP(t *testing.T) {
	server, err := serveHTTP(t.Context(), HTTPConfig{}, &health{}, prometheus.NewRegistry())
	if err != nil || server.Addr() != "" || server.Close(t.Context()) != nil {
		t.Errorf("%q %v", server.Addr(), err)
	}
}
