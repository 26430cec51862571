package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// health knows whether each part of the program is ready. The zero value has no
// parts and is ready.
type health struct {
	mu     sync.Mutex
	checks []healthCheck
}

type healthCheck struct {
	part  string
	check func() error
}

// Register adds a part; check returns nil when it is ready, else why not. It must
// be quick and safe for concurrent use.
func (h *health) Register(part string, check func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, healthCheck{part, check})
}

// Report asks every part.
func (h *health) Report() healthReport {
	h.mu.Lock()
	checks := slices.Clone(h.checks)
	h.mu.Unlock()
	report := healthReport{Ready: true, Parts: make([]partReport, 0, len(checks))}
	for _, c := range checks {
		part := partReport{Part: c.part, Ready: true}
		if err := c.check(); err != nil {
			part.Ready, part.Why = false, err.Error()
			report.Ready = false
		}
		report.Parts = append(report.Parts, part)
	}
	return report
}

// Err returns nil when all parts are ready, else which are not and why.
func (h *health) Err() error {
	var errs []error
	for _, part := range h.Report().Parts {
		if !part.Ready {
			errs = append(errs, fmt.Errorf("%s: %s", part.Part, part.Why))
		}
	}
	return errors.Join(errs...)
}

// healthReport is the body of /readyz.
type healthReport struct {
	Ready bool         `json:"ready"`
	Parts []partReport `json:"parts"`
}

type partReport struct {
	Part  string `json:"part"`
	Ready bool   `json:"ready"`
	Why   string `json:"why,omitempty"`
}

// newHTTPHandler serves /healthz, /readyz and /metrics, and /debug/pprof if the
// configuration asks for it.
func newHTTPHandler(c HTTPConfig, h *health, metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		report := h.Report()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !report.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	if c.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// httpServer serves from where it listens until Close.
type httpServer struct {
	server *http.Server
	addr   string
	done   chan error
}

// serveHTTP serves health and metrics from now on, unless the configuration
// serves nothing.
func serveHTTP(ctx context.Context, c HTTPConfig, h *health, metrics prometheus.Gatherer) (*httpServer, error) {
	return serve(ctx, "http.listen", c.Listen, &http.Server{
		Handler:           newHTTPHandler(c, h, metrics),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      2 * time.Minute, // a CPU profile takes 30 s and more
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	})
}

// serveInbox serves what other people's servers push from now on, unless the
// configuration serves none.
func serveInbox(ctx context.Context, c InboxConfig, inbox http.Handler) (*httpServer, error) {
	server := &http.Server{
		Handler:           inbox,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second, // a body that takes longer is sent to wear us out
		WriteTimeout:      time.Minute,      // a delivery may wait for the bus
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	if c.Listen != "" && c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate of the inbox: %w", err)
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	}
	return serve(ctx, "inbox.listen", c.Listen, server)
}

// serve listens at once, unless there is no address.
func serve(ctx context.Context, key, address string, server *http.Server) (*httpServer, error) {
	if address == "" {
		return &httpServer{}, nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", key, err)
	}
	s := &httpServer{server: server, addr: listener.Addr().String(), done: make(chan error, 1)}
	go func() {
		if server.TLSConfig != nil {
			s.done <- server.ServeTLS(listener, "", "")
			return
		}
		s.done <- server.Serve(listener)
	}()
	return s, nil
}

// Addr is where the server listens, empty when it does not.
func (s *httpServer) Addr() string { return s.addr }

// Close lets requests end until ctx does, then cuts them off.
func (s *httpServer) Close(ctx context.Context) error {
	if s.server == nil {
		return nil
	}
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
