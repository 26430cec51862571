package story

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"time"

	"earshot"
)

// Server publishes the tale as far as it has been told: one feed a path, with
// validators, so that asking again costs nothing. It is safe for concurrent use.
type Server struct {
	mu    sync.RWMutex
	feeds map[string]*edition // by path
}

// NewServer returns a server of the tale's feeds, all of them still empty.
func NewServer(s *Story) *Server {
	srv := &Server{feeds: map[string]*edition{}}
	for _, f := range s.Feeds {
		e := &edition{feed: f, at: map[string]int{}}
		e.print(time.Now())
		srv.feeds[f.Path()] = e
	}
	return srv
}

// Publish makes the step visible to whoever asks from now on.
func (srv *Server) Publish(s Step, now time.Time) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	e := srv.feeds[s.Feed.Path()]
	e.apply(s, now)
	e.print(now)
}

// ServeHTTP answers with the feed at the path as it stands.
func (srv *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	srv.mu.RLock()
	e, ok := srv.feeds[r.URL.Path]
	if !ok {
		srv.mu.RUnlock()
		http.NotFound(w, r)
		return
	}
	body, tag, feed := e.body, e.tag, e.feed
	srv.mu.RUnlock()
	w.Header().Set("Content-Type", feed.Format.contentType())
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// edition is a feed at one moment.
type edition struct {
	feed    Feed
	entries []entry        // oldest first
	at      map[string]int // place in entries, by post ID
	number  int            // counts what was printed
	body    []byte
	tag     string
}

// entry is a post in a feed.
type entry struct {
	Step

	posted  time.Time
	updated time.Time
	parent  string // ID in the feed of the post it answers
}

func (e *edition) apply(s Step, now time.Time) {
	if i, ok := e.at[s.ID]; ok {
		e.entries[i].Step, e.entries[i].updated = s, now
		return
	}
	en := entry{Step: s, posted: now.Add(-s.Age), updated: now.Add(-s.Age)}
	if s.Reply != "" {
		en.parent = s.Feed.tag(s.Reply)
	}
	e.at[s.ID] = len(e.entries)
	e.entries = append(e.entries, en)
}

// print renders the feed anew. Bodies are never changed afterwards, so that
// readers need no lock for them.
func (e *edition) print(now time.Time) {
	e.number++
	e.body = e.feed.render(e.entries, now)
	e.tag = fmt.Sprintf(`"%s-%d"`, e.feed.Name, e.number)
}

func (en entry) deleted() bool { return en.Does == earshot.Deleted }
