package sinktest

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Request is what a server was sent and accepted.
type Request struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// Answer is what a server says to a request.
type Answer struct {
	Status int // 200 if 0
	Header map[string]string
	Body   string
}

// Server is a stand-in for a peer that is told over HTTP. Its methods may be called
// concurrently.
type Server struct {
	*httptest.Server

	accept func(Request) Answer
	modes  map[Mode]Answer
	over   chan struct{}

	mu       sync.Mutex
	mode     Mode
	requests []Request
}

// NewServer starts a server that answers as accept says while it works, and as modes
// say otherwise, with the usual answers of the web where those say nothing.
func NewServer(t *testing.T, accept func(Request) Answer, modes map[Mode]Answer) *Server {
	t.Helper()
	s := &Server{accept: accept, mode: Works, over: make(chan struct{}), modes: map[Mode]Answer{
		Fails:   {Status: http.StatusServiceUnavailable, Body: "down for a moment"},
		Limits:  {Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": "7"}},
		Rejects: {Status: http.StatusBadRequest, Body: "invalid payload"},
		Refuses: {Status: http.StatusUnauthorized, Body: "who are you?"},
	}}
	maps.Copy(s.modes, modes)
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(s.over) })
	return s
}

// Mode implements Peer.Mode.
func (s *Server) Mode(mode Mode) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = mode
	return true
}

// Requests are those that were accepted, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.requests...)
}

// Bodies implements Peer.Told for those whose words are in the body.
func (s *Server) Bodies() []string {
	var all []string
	for _, r := range s.Requests() {
		all = append(all, r.Body)
	}
	return all
}

// ServeHTTP answers as the mode says.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	r := Request{Method: req.Method, Path: req.URL.RequestURI(), Header: req.Header, Body: string(body)}
	s.mu.Lock()
	mode := s.mode
	s.mu.Unlock()
	switch mode {
	case Hangs:
		select {
		case <-s.over:
		case <-req.Context().Done():
		}
	case Cuts:
		panic(http.ErrAbortHandler)
	case Leaks:
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, req.URL.String()+"\n")
		_ = req.Header.Write(w)
		_, _ = w.Write(body)
	case Works:
		answer := s.accept(r)
		if answer.Status/100 <= 2 {
			s.mu.Lock()
			s.requests = append(s.requests, r)
			s.mu.Unlock()
		}
		answer.write(w)
	default:
		s.modes[mode].write(w)
	}
}

func (a Answer) write(w http.ResponseWriter) {
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	_, _ = io.WriteString(w, a.Body)
}

// SecretFile writes a secret into a file of its own and returns its path.
func SecretFile(t *testing.T, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
