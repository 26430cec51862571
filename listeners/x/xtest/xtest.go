// Package xtest is a stand-in of X's API v2 on loopback for tests: search,
// mentions, lookup, filtered stream and rules, with X's limits, prices and ways to
// fail, in both editions of its names. It knows a part of X's search syntax and
// nothing of earshot.
package xtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// What the stand-in knows.
const (
	Token  = "AAAAAAAAAAAAAAAAAAAAAxtest" // the app's bearer token
	Handle = "acmecare"                   // the brand's account
	UserID = "2244994945"                 // its number
	Key    = "xtestkey"                   // consumer key and access token of OAuth 1.0a

	PricePost    = 0.005
	PriceMention = 0.001
	PriceUser    = 0.010
)

// Options are how the stand-in behaves.
type Options struct {
	OldNames  bool          // tweet.fields instead of post.fields, where X has changed them
	Lag       time.Duration // until a post is found by search
	Limit     int           // requests of an endpoint in a window; 0 means 100,000
	Window    time.Duration // of a limit; 0 means 15 minutes
	KeepAlive time.Duration // of streams; 0 means 20 s
	MaxPage   int           // posts of a page whatever is asked for; 0 for no limit
	Twice     bool          // pages repeat the last post of the page before
	Shuffled  bool          // pages are in no order
}

// Post is one post.
type Post struct {
	ID       int64
	Text     string
	Author   string // handle
	ReplyTo  int64
	Edits    []int64 // all versions, this one included
	Deleted  bool
	Repost   bool
	Posted   time.Time
	Mentions bool // the brand's account
}

// Server is the stand-in. Its methods may be called concurrently.
type Server struct {
	URL string

	options Options
	http    *httptest.Server
	done    chan struct{}

	mu       sync.Mutex
	posts    []Post // oldest first
	rules    []rule
	lastRule int
	used     map[string]*window
	streams  map[*subscriber]bool
	charged  Charged
	asked    map[string]int
	failures []Failure
	revoked  bool
	stalled  chan struct{}
	once     sync.Once
}

// Charged is what X would have charged for.
type Charged struct{ Posts, Mentions, Users int }

// Cost is what that costs in USD.
func (c Charged) Cost() float64 {
	return float64(c.Posts)*PricePost + float64(c.Mentions)*PriceMention + float64(c.Users)*PriceUser
}

// Failure is one answer that is an error.
type Failure struct {
	Endpoint string // search mentions lookup users stream rules
	Status   int
	Header   map[string]string
	Body     string // problem+json; empty for one that fits the status
}

type window struct {
	used  int
	until time.Time
}

// New starts a stand-in without posts.
func New() *Server { return NewWith(Options{}) }

// NewWith starts a stand-in that behaves in a certain way.
func NewWith(o Options) *Server {
	if o.Limit == 0 {
		o.Limit = 100_000
	}
	if o.Window == 0 {
		o.Window = 15 * time.Minute
	}
	if o.KeepAlive == 0 {
		o.KeepAlive = 20 * time.Second
	}
	s := &Server{
		options: o, done: make(chan struct{}), used: map[string]*window{}, streams: map[*subscriber]bool{}, asked: map[string]int{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2/tweets/search/recent", s.guard("search", s.search))
	mux.HandleFunc("GET /2/users/{id}/mentions", s.guard("mentions", s.mentions))
	mux.HandleFunc("GET /2/tweets", s.guard("lookup", s.lookup))
	mux.HandleFunc("GET /2/users/by", s.guard("users", s.users))
	mux.HandleFunc("GET /2/tweets/search/stream", s.guard("stream", s.stream))
	mux.HandleFunc("GET /2/tweets/search/stream/rules", s.guard("rules", s.listRules))
	mux.HandleFunc("POST /2/tweets/search/stream/rules", s.guard("rules", s.changeRules))
	s.http = httptest.NewServer(mux)
	s.URL = s.http.URL
	return s
}

// Close stops the stand-in.
func (s *Server) Close() {
	close(s.done)
	s.http.CloseClientConnections()
	s.http.Close()
}

// Config writes the credential and returns the keys of a listener that hears all
// posts by search and by stream, as fast as a test wants it.
func (s *Server) Config(dir string) (string, error) {
	file := filepath.Join(dir, "x.token")
	if err := os.WriteFile(file, []byte(Token+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing the token: %w", err)
	}
	return fmt.Sprintf("type: x\nserver: %s\nbearer_token_file: %s\nmentions: false\nstream: true\nevery: 50ms\nrecheck: []\nbudget: {day: 0, month: 0}\n", s.URL, file), nil
}

// epoch is when X's clock begins.
const epoch = 1_288_834_974_657

// Publish adds posts, oldest first.
func (s *Server) Publish(texts ...string) {
	for _, text := range texts {
		s.Post(Post{Text: text})
	}
}

// Post adds a post, which gets an ID unless it has one, and returns it.
func (s *Server) Post(p Post) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Posted.IsZero() {
		p.Posted = time.Now().UTC()
	}
	if p.ID == 0 {
		p.ID = (p.Posted.UnixMilli() - epoch) << 22
		if n := len(s.posts); n > 0 && p.ID <= s.posts[n-1].ID && p.Posted.After(s.posts[n-1].Posted.Add(-time.Second)) {
			p.ID = s.posts[n-1].ID + 1
		}
	}
	if p.Author == "" {
		p.Author = "ida_holm"
	}
	if len(p.Edits) == 0 {
		p.Edits = []int64{p.ID}
	}
	s.posts = append(s.posts, p)
	for sub := range s.streams {
		sub.offer(s, &p)
	}
	return p.ID
}

// Edit adds a version of a post and returns its ID.
func (s *Server) Edit(id int64, text string) int64 {
	s.mu.Lock()
	var old *Post
	for i := range s.posts {
		if s.posts[i].ID == id {
			old = &s.posts[i]
		}
	}
	edited := *old
	next := s.posts[len(s.posts)-1].ID + 1
	edited.ID, edited.Text, edited.Edits = next, text, append(append([]int64{}, old.Edits...), next)
	for i := range s.posts {
		for _, version := range old.Edits {
			if s.posts[i].ID == version {
				s.posts[i].Edits = edited.Edits
			}
		}
	}
	s.mu.Unlock()
	return s.Post(edited)
}

// Delete takes a post back.
func (s *Server) Delete(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.posts {
		if s.posts[i].ID == id {
			s.posts[i].Deleted = true
		}
	}
}

// Charged returns what has been charged for so far.
func (s *Server) Charged() Charged {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.charged
}

// Asked returns how often an endpoint has been asked.
func (s *Server) Asked(endpoint string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[endpoint]
}

// Fail makes the next requests fail, in this order.
func (s *Server) Fail(failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, failures...)
}

// Revoke makes the credentials invalid.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

// Stall makes all requests hang. The channel is closed when one does.
func (s *Server) Stall() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = make(chan struct{})
	return s.stalled
}
