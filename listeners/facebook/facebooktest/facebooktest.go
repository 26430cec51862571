// Package facebooktest stands in for Meta on loopback: the Graph API of one page and
// one Instagram account, and signed deliveries to an inbox, which come again until
// they are accepted. It refuses and limits in Meta's ways.
package facebooktest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What the stand-in knows.
const (
	Page      = "1067280970047460"
	Instagram = "17841405309211844"
	Token     = "page-token"
	Secret    = "app-secret"
	Word      = "meaty hamhock"
)

// Post is a post of a visitor on the page, or a comment below one.
type Post struct {
	ID, Text string
	Parent   string // post that it is below; empty for a post
	Created  time.Time
}

// Failure is an answer instead of the right one.
type Failure struct {
	Status int
	Header http.Header
	Body   string
}

// Server is the stand-in. Its methods may be called concurrently.
type Server struct {
	URL string

	server *httptest.Server
	over   chan struct{}
	sender sync.WaitGroup

	mu       sync.Mutex
	posts    []Post // oldest first
	token    string
	failures []Failure
	usage    http.Header
	asked    []string
	repeats  bool
	stalled  chan struct{}
	once     sync.Once
	inbox    string
	unsent   []string // deliveries, oldest first
	sent     chan struct{}

	delivered []string // all of them
}

// New starts a stand-in. Close it.
func New() *Server {
	s := &Server{token: Token, over: make(chan struct{}), sent: make(chan struct{}, 1), usage: http.Header{}}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.server.URL
	return s
}

// Close ends it.
func (s *Server) Close() {
	close(s.over)
	s.sender.Wait()
	s.server.Close()
}

// Config is the section of a listener that hears the stand-in, by asking and by
// deliveries, but for its name. Credentials are written into dir.
func (s *Server) Config(dir string) (string, error) {
	for name, secret := range map[string]string{"page.token": Token, "app.secret": Secret, "verify.token": Word} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret+"\n"), 0o600); err != nil {
			return "", fmt.Errorf("writing a credential: %w", err)
		}
	}
	return fmt.Sprintf("type: facebook\napi: %s\nevery: 50ms\napp_secret_file: %s\nverify_token_file: %s\naccounts:\n  - {page: %q, token_file: %s}\n",
		s.URL, filepath.Join(dir, "app.secret"), filepath.Join(dir, "verify.token"), Page, filepath.Join(dir, "page.token")), nil
}

// Publish adds posts of visitors, oldest first, and delivers them if somebody wants
// them delivered.
func (s *Server) Publish(texts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range texts {
		p := Post{ID: Page + "_" + strconv.Itoa(1000+len(s.posts)), Text: text, Created: time.Now().UTC()}
		s.posts = append(s.posts, p)
		s.deliver(delivery(p))
	}
}

// Comment adds a comment below the nth post.
func (s *Server) Comment(n int, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	root := s.posts[n].ID
	_, native, _ := strings.Cut(root, "_")
	p := Post{ID: native + "_" + strconv.Itoa(1000+len(s.posts)), Parent: root, Text: text, Created: time.Now().UTC()}
	s.posts = append(s.posts, p)
	s.deliver(delivery(p))
}

// Change changes the nth post or comment.
func (s *Server) Change(n int, change func(*Post)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.posts[n])
}

// Fail makes the next requests fail.
func (s *Server) Fail(failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, failures...)
}

// Use sets the headers that say how much is used up.
func (s *Server) Use(header http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage = header
}

// Repeat has every page begin with what the one before ended with.
func (s *Server) Repeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repeats = true
}

// Revoke makes the token end.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = ""
}

// Asked returns the requests so far.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.asked...)
}

// Stall makes the API hang. The channel is closed once somebody waits.
func (s *Server) Stall() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = make(chan struct{})
	return s.stalled
}
