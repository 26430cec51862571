// Package mastodontest is a stand-in for a Mastodon server on loopback: it pages
// and streams as the documentation of its API says, enforces its limit, and fails
// in its ways. It federates with nobody.
package mastodontest

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Token is what the server accepts, and Tag the hashtag of what Publish posts.
const (
	Token = "a-token-of-the-stand-in"
	Tag   = "acme"
)

// Status is a post, as the entity Status is documented.
type Status map[string]any

// Options is how the server behaves. It may be changed while the server runs.
type Options struct {
	Limit    int         // requests in five minutes; 0 for many
	Members  bool        // it shows nothing without a token
	NoStream bool        // it has no streaming
	Deaf     bool        // its stream tells nothing
	CutAfter int         // events of a stream, without a farewell
	Refuse   int         // status that it answers instead
	Header   http.Header // of that answer
	NoMinID  bool        // it does not know min_id
	Shuffle  bool        // posts of a page come in no order
	NoLink   bool        // it gives no Link header
	ULID     bool        // its IDs are not numbers
	Broken   bool        // it fails when asked about one post
}

// Server is the stand-in.
type Server struct {
	http *httptest.Server

	mu       sync.Mutex
	options  Options
	statuses []Status // oldest first
	notices  []Status // notifications, oldest first
	serial   int
	used     int
	window   time.Time
	stalled  chan struct{}
	streams  map[chan event]string // what each wants to hear
}

type event struct {
	Stream  []string `json:"stream"`
	Event   string   `json:"event"`
	Payload string   `json:"payload"`
}

// New starts a server.
func New() *Server { return NewWith(Options{}) }

// NewWith starts a server that behaves as said.
func NewWith(o Options) *Server {
	s := &Server{options: o, window: time.Now(), streams: map[chan event]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/instance", s.instance)
	mux.HandleFunc("GET /api/v1/timelines/tag/{tag}", s.tagged)
	mux.HandleFunc("GET /api/v1/timelines/public", s.public)
	mux.HandleFunc("GET /api/v1/notifications", s.notifications)
	mux.HandleFunc("GET /api/v1/statuses/{id}", s.status)
	mux.HandleFunc("GET /api/v1/statuses/{id}/context", s.context)
	mux.HandleFunc("GET /api/v1/streaming", s.streaming)
	s.http = httptest.NewServer(s.guard(mux))
	return s
}

// URL is where the server is.
func (s *Server) URL() string { return s.http.URL }

// Config returns the section of a listener that hears Tag, and writes the token
// into dir.
func (s *Server) Config(dir string) (string, error) {
	path := filepath.Join(dir, "mastodon.token")
	if err := os.WriteFile(path, []byte(Token+"\n"), 0o600); err != nil {
		return "", err
	}
	return fmt.Sprintf("type: mastodon\nserver: %s\ntoken_file: %s\ntags: [%s]\nevery: 50ms\n", s.URL(), path, Tag), nil
}

// Close ends the server and its streams.
func (s *Server) Close() {
	s.CutStreams()
	s.http.CloseClientConnections()
	s.http.Close()
}

// Set changes how the server behaves, from the next request on.
func (s *Server) Set(o Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options, s.used, s.window = o, 0, time.Now()
}

// Stall makes the server take requests and answer none. The channel is closed
// once somebody waits.
func (s *Server) Stall() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = make(chan struct{})
	return s.stalled
}

// Publish adds posts with the hashtag, oldest first.
func (s *Server) Publish(texts ...string) {
	for _, text := range texts {
		s.Post(text, nil)
	}
}

// Post adds a post, with other fields than usual, and returns its ID.
func (s *Server) Post(text string, fields Status) string { return s.post(text, fields, false) }

// Late adds a post that another server sent late: the stream tells of it, and in
// the timeline it stands before the newest.
func (s *Server) Late(text string) string { return s.post(text, nil, true) }

func (s *Server) post(text string, fields Status, late bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.nextID()
	if late { // between the two newest
		newest, err := strconv.Atoi(fmt.Sprint(s.statuses[len(s.statuses)-1]["id"]))
		if err != nil {
			panic("only posts with numbers come late") // a mistake of the test
		}
		id = strconv.Itoa(newest - 500)
	}
	st := s.entity(id, text)
	maps.Copy(st, fields)
	at := len(s.statuses)
	if late {
		at--
	}
	s.statuses = slices.Insert(s.statuses, at, st)
	s.tell("update", marshal(st))
	return id
}

// nextID is greater than all before.
func (s *Server) nextID() string {
	s.serial++
	if s.options.ULID {
		return fmt.Sprintf("01JSTANDIN%016d", s.serial)
	}
	return strconv.Itoa(115_000_000_000_000_000 + 1000*s.serial)
}

func (s *Server) entity(id, text string) Status {
	base := s.http.URL
	return Status{
		"id": id, "created_at": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "in_reply_to_id": nil,
		"in_reply_to_account_id": nil, "sensitive": false, "spoiler_text": "", "visibility": "public", "language": "en",
		"uri": fmt.Sprintf("%s/users/alice/statuses/%d", base, s.serial), "url": fmt.Sprintf("%s/@alice/%d", base, s.serial),
		"replies_count": 0, "reblogs_count": 0, "favourites_count": 0, "edited_at": nil, "content": "<p>" + text + "</p>",
		"reblog": nil, "card": nil, "poll": nil, "media_attachments": []any{}, "mentions": []any{}, "emojis": []any{},
		"tags":    []any{map[string]any{"name": Tag, "url": base + "/tags/" + Tag}},
		"account": map[string]any{"id": "1", "username": "alice", "acct": "alice", "display_name": "Alice", "url": base + "/@alice", "created_at": "2024-01-01T00:00:00.000Z", "followers_count": 12},
	}
}

// Edit changes what a post says; quietly means that no stream tells of it.
func (s *Server) Edit(id, text string, quietly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.statuses {
		if st["id"] == id {
			st["content"], st["edited_at"] = "<p>"+text+"</p>", time.Now().UTC().Format(time.RFC3339)
			if !quietly {
				s.tell("status.update", marshal(st))
			}
		}
	}
}

// Delete takes a post back.
func (s *Server) Delete(id string, quietly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = slices.DeleteFunc(s.statuses, func(st Status) bool { return st["id"] == id })
	if !quietly {
		s.tell("delete", id)
	}
}

// Mention adds a post that mentions the account of the token, and its notification.
func (s *Server) Mention(text, visibility string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.entity(s.nextID(), text)
	st["visibility"] = visibility
	s.statuses = append(s.statuses, st)
	notice := Status{"id": s.nextID(), "type": "mention", "created_at": st["created_at"], "account": st["account"], "status": st}
	s.notices = append(s.notices, Status{"id": s.nextID(), "type": "favourite", "account": st["account"]}, notice)
	s.tell("notification", marshal(notice))
}
