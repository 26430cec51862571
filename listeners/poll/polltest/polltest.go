// Package polltest is a stand-in for a network with a JSON API: a list of posts,
// newest or oldest first, in pages, with a token, limits and the failures that
// such networks have. It is for tests of poll and of what is built upon it.
package polltest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Token is what the network wants to be shown, as Authorization: Bearer.
const Token = "poll-token-4711"

// Options say how the network behaves.
type Options struct {
	Oldest  bool // it lists the oldest posts first
	PerPage int  // posts on a page; 0 means 20
	Pages   int  // the most pages it shows; 0 means all
	PerHour int  // requests it allows; 0 means any number
}

// Post is one post of the network.
type Post struct {
	ID      int    `json:"id"`
	Text    string `json:"text"`
	Created int64  `json:"created"` // seconds since 1970
	By      string `json:"by"`
	Deleted bool   `json:"deleted,omitempty"`
}

// Server is the network, on loopback.
type Server struct {
	URL     string
	options Options
	server  *httptest.Server

	mu       sync.Mutex
	posts    []Post
	faults   []http.HandlerFunc
	asked    []string      // paths with queries
	stalled  chan struct{} // closed when a request hangs; nil while answers are given
	hung     bool
	released chan struct{}
	left     int
}

// New starts a network without posts.
func New(o Options) *Server {
	if o.PerPage == 0 {
		o.PerPage = 20
	}
	s := &Server{options: o, released: make(chan struct{}), left: o.PerHour}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.server.URL
	return s
}

// Close stops the network.
func (s *Server) Close() {
	close(s.released)
	s.server.CloseClientConnections()
	s.server.Close()
}

// Publish adds posts of now, oldest first.
func (s *Server) Publish(texts ...string) {
	for _, text := range texts {
		s.Add(Post{Text: text, Created: time.Now().Unix(), By: "ana"})
	}
}

// Add adds a post as it is, but for its ID if that is 0.
func (s *Server) Add(p Post) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.ID == 0 {
		p.ID = len(s.posts) + 1
	}
	s.posts = append(s.posts, p)
}

// Change edits the posts of an ID.
func (s *Server) Change(id int, edit func(*Post)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.posts {
		if s.posts[i].ID == id {
			edit(&s.posts[i])
		}
	}
}

// Fail has the next requests, one each, answered by faults.
func (s *Server) Fail(faults ...http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Asked returns the requests so far: path and query.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Stall makes the network hang. The channel is closed once somebody waits.
func (s *Server) Stall() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = make(chan struct{})
	return s.stalled
}

// Config writes the token into dir and returns the keys of a listener section
// besides its name.
func (s *Server) Config(dir string) (string, error) {
	file := filepath.Join(dir, "poll.token")
	if err := os.WriteFile(file, []byte(Token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing the token: %w", err)
	}
	order := "newest"
	if s.options.Oldest {
		order = "oldest"
	}
	return fmt.Sprintf(`type: poll
network: polled
url: %s/posts?since={since:unix}&page={page}
order: %s
every: 20ms
secrets: [{header: Authorization, prefix: "Bearer ", value_file: %s}]
renew: ask the network for another
paging: {more: more, most: 50}
answer: {failure: error, backoff: backoff}
mapping:
  items: posts
  id: id
  text: text
  posted: unix(created)
  author: {handle: by}
  change: 'deleted ? "deleted" : ""'
`, s.URL, order, file), nil
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.RequestURI())
	stalled := s.stalled
	if stalled != nil && !s.hung {
		s.hung = true
		close(stalled)
	}
	var fault http.HandlerFunc
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	switch {
	case stalled != nil:
		select {
		case <-r.Context().Done():
		case <-s.released:
		}
	case fault != nil:
		fault(w, r)
	case r.Header.Get("Authorization") != "Bearer "+Token:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"error": "who are you?"}`))
	case !s.allow(w):
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		s.list(w, r)
	}
}

// allow counts a request and says how many are left.
func (s *Server) allow(w http.ResponseWriter) bool {
	if s.options.PerHour == 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	allowed := s.left > 0
	s.left = max(s.left-1, 0)
	w.Header().Set("X-RateLimit-Limit", strconv.Itoa(s.options.PerHour))
	w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(s.left))
	w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10))
	return allowed
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	number := func(name string, otherwise int64) int64 {
		n, err := strconv.ParseInt(query.Get(name), 10, 64)
		if err != nil {
			return otherwise
		}
		return n
	}
	s.mu.Lock()
	posts := slices.Clone(s.posts)
	s.mu.Unlock()
	posts = slices.DeleteFunc(posts, func(p Post) bool {
		return p.Created < number("since", 0) || p.Created > number("until", 1<<40) || int64(p.ID) <= number("after", 0)
	})
	if !s.options.Oldest {
		slices.Reverse(posts)
	}
	page, size := int(number("page", 1)), s.options.PerPage
	from, to := min((page-1)*size, len(posts)), min(page*size, len(posts))
	more := to < len(posts)
	if s.options.Pages > 0 && page > s.options.Pages {
		from, to = 0, 0
	}
	body, err := json.Marshal(map[string]any{"posts": append([]Post{}, posts[from:to]...), "more": more})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256(body))
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if more {
		next := *r.URL
		q := next.Query()
		q.Set("page", strconv.Itoa(page+1))
		next.RawQuery = q.Encode()
		w.Header().Set("Link", `</first>; rel="first", <`+next.String()+`>; rel="next"`)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the client may have gone: it asks again
}

// Status answers with a status, headers (name, value …) and a body.
func Status(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// Cut begins an answer and hangs up in the middle.
func Cut(w http.ResponseWriter, _ *http.Request) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	hangUp(conn)
}

func hangUp(conn net.Conn) {
	_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"posts\": [{\"id\": 1,"))
	_ = conn.Close()
}
