// Package reddittest is a stand-in for Reddit on loopback, after the documents
// named in ../testdata/README.md: tokens, listings that end after a thousand posts
// and lose their anchors, limits with their headers, and failures on demand. It
// knows one subreddit.
package reddittest

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
	Subreddit = "toys"
	ClientID  = "earshot-test"
	Secret    = "swordfish"

	perWindow   = 1000
	window      = time.Second // instead of ten minutes
	mostListed  = 1000
	mostAPage   = 100
	firstPostID = 36 * 36 * 36 * 36
)

// Post is a post or a comment.
type Post struct {
	Name    string // t3_… or t1_…
	Text    string
	At      time.Time
	Deleted bool // by its author
}

// Server is the stand-in. Its methods may be called concurrently.
type Server struct {
	URL  string
	http *httptest.Server

	mu       sync.Mutex
	posts    []Post // oldest first
	token    int
	used     int
	reset    time.Time
	failures []Failure
	twice    bool
	feeds    time.Duration // between two feeds
	feedAt   time.Time     // when the next one is given
	slow     bool          // only a few more posts are shown at each look …
	shown    int           // … so many so far
	asked    []string
	stalled  chan struct{}
	over     chan struct{}
}

// Failure is an answer that is none.
type Failure struct {
	Status int
	Header map[string]string
	Body   string
}

// New starts the stand-in.
func New() *Server {
	s := &Server{over: make(chan struct{})}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.http.URL
	return s
}

// Close ends it, and whoever hangs.
func (s *Server) Close() {
	close(s.over)
	s.http.Close()
}

// Config writes the application's secret into dir and returns a listener's section.
// From then on only a few more posts are shown at each look: a listing ends after a
// thousand, and who is killed again and again shall find them all the same.
func (s *Server) Config(dir string) (string, error) {
	file := filepath.Join(dir, "reddit.secret")
	if err := os.WriteFile(file, []byte(Secret+"\n"), 0o600); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow = true
	return fmt.Sprintf("type: reddit\nserver: %s\nclient_id: %s\nsecret_file: %s\nsubreddits: [%s]\ncomments: false\nbrands: false\nevery: 20ms\n",
		s.URL, ClientID, file, Subreddit), nil
}

// Publish adds posts, oldest first.
func (s *Server) Publish(texts ...string) { s.add("t3_", texts) }

// Comment adds comments below the first post, oldest first.
func (s *Server) Comment(texts ...string) { s.add("t1_", texts) }

func (s *Server) add(kind string, texts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range texts {
		n := len(s.posts)
		s.posts = append(s.posts, Post{
			Name: kind + strconv.FormatInt(int64(firstPostID+n), 36), Text: text,
			At: First().Add(time.Duration(n) * time.Second),
		})
	}
}

// First is when the first post was published; each other a second after the one
// before. It is an hour ago, so that posts are no old news.
func First() time.Time { return first }

var first = time.Now().UTC().Truncate(time.Second).Add(-time.Hour)

// Change calls change with the n-th post.
func (s *Server) Change(n int, change func(*Post)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.posts[n])
}

// Fail makes the next requests fail, one each; tokens are given all the same.
func (s *Server) Fail(failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, failures...)
}

// Repeat makes each page begin with the last post of the one before.
func (s *Server) Repeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.twice = true
}

// LimitFeeds refuses a feed that is asked for sooner than so long after the last.
func (s *Server) LimitFeeds(pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.feeds = pause
}

// Revoke makes tokens that were given invalid.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token++
}

// Asked returns the paths that were asked for since the last call, and forgets them.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// Stall makes the stand-in hang; the channel is closed once somebody waits.
func (s *Server) Stall() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = make(chan struct{})
	return s.stalled
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	stalled := s.stalled
	if stalled != nil {
		select {
		case <-stalled:
		default:
			close(stalled)
		}
	}
	s.mu.Unlock()
	if stalled != nil {
		select {
		case <-r.Context().Done():
		case <-s.over:
		}
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	agent := r.Header.Get("User-Agent")
	switch {
	case agent == "", strings.HasPrefix(agent, "Go-http-client"):
		answer(w, http.StatusTooManyRequests, `{"message": "Too Many Requests", "error": 429}`)
	case r.URL.Path == "/api/v1/access_token":
		s.giveToken(w, r)
	default:
		s.asked = append(s.asked, r.URL.Path)
		if f := s.failure(); f != nil {
			for name, value := range f.Header {
				w.Header().Set(name, value)
			}
			answer(w, f.Status, f.Body)
			return
		}
		s.read(w, r)
	}
}

func (s *Server) failure() *Failure {
	if len(s.failures) == 0 {
		return nil
	}
	f := s.failures[0]
	s.failures = s.failures[1:]
	return &f
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func (s *Server) giveToken(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	switch grant := r.FormValue("grant_type"); {
	case id != ClientID || secret != Secret:
		answer(w, http.StatusUnauthorized, `{"message": "Unauthorized", "error": 401}`)
	case grant == "password" && r.FormValue("password") != "hunter2":
		answer(w, http.StatusOK, `{"error": "invalid_grant"}`)
	case grant != "client_credentials" && grant != "password":
		answer(w, http.StatusOK, `{"error": "unsupported_grant_type"}`)
	default:
		answer(w, http.StatusOK, fmt.Sprintf(`{"access_token": "token-%d", "token_type": "bearer", "expires_in": 86400, "scope": "*"}`, s.token))
	}
}

// read answers a reader who may.
func (s *Server) read(w http.ResponseWriter, r *http.Request) {
	if path, feed := strings.CutSuffix(r.URL.Path, ".rss"); feed {
		s.feed(w, r, path)
		return
	}
	if r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d", s.token) {
		answer(w, http.StatusUnauthorized, `{"message": "Unauthorized", "error": 401}`)
		return
	}
	if now := time.Now(); now.After(s.reset) {
		s.used, s.reset = 0, now.Add(window)
	}
	s.used++
	w.Header().Set("X-Ratelimit-Used", strconv.Itoa(min(s.used, perWindow)))
	w.Header().Set("X-Ratelimit-Remaining", fmt.Sprintf("%.1f", float64(max(perWindow-s.used, 0))))
	w.Header().Set("X-Ratelimit-Reset", "1")
	if s.used > perWindow {
		answer(w, http.StatusTooManyRequests, `{"message": "Too Many Requests", "error": 429}`)
		return
	}
	switch r.URL.Path {
	case "/api/info":
		s.info(w, r)
	case "/subreddits/search":
		answer(w, http.StatusOK, listing(nil, ""))
	default:
		posts, ok := s.timeline(r.URL.Path, r.FormValue("after") == "")
		if !ok {
			http.Redirect(w, r, "/subreddits/search?q=x", http.StatusFound)
			return
		}
		posts, after := s.cut(posts, r)
		answer(w, http.StatusOK, listing(posts, after))
	}
}
