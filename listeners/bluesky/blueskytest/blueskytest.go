// Package blueskytest is a stand-in for Jetstream on loopback: it packs, numbers
// and replays messages as version 2 does, and fails as instances do. What it does
// not do is read a relay; the test against the real server does that.
package blueskytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/klauspost/compress/zstd"

	"earshot/listeners/bluesky"
)

// Author is who writes all posts that Publish makes.
const Author = "did:plc:standin2222222222222222a"

// Network is what all instances hear, as a relay would tell them.
type Network struct {
	mu     sync.Mutex
	events []Event
	posts  int
	bell   chan struct{} // closed and replaced when something happens
}

// Event is a message without what each instance adds.
type Event struct {
	At     time.Time
	Fields map[string]any // did, kind, commit …
	Raw    string         // sent instead of the fields, if not empty
}

// NewNetwork returns one in which nobody has posted.
func NewNetwork() *Network { return &Network{bell: make(chan struct{})} }

// Publish adds posts, oldest first, and around each what Jetstream tells unasked.
func (n *Network) Publish(texts ...string) {
	for _, text := range texts {
		n.mu.Lock()
		n.posts++
		id := n.posts
		n.mu.Unlock()
		n.Tell(map[string]any{"did": Author, "kind": "identity", "identity": map[string]any{"did": Author, "handle": "standin.example"}})
		n.Commit("create", RKey(id), Post(text))
	}
}

// RKey is the key of a post, counted from 1.
func RKey(id int) string { return fmt.Sprintf("3standin%05d", id) }

// Post is a record with a text.
func Post(text string) map[string]any {
	return map[string]any{
		"$type": "app.bsky.feed.post", "text": text, "langs": []string{"en"},
		"createdAt": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
	}
}

// Commit adds what Author does with a post: create, update or delete.
func (n *Network) Commit(operation, rkey string, record map[string]any) {
	n.mu.Lock()
	rev := fmt.Sprintf("3rev%09d", len(n.events))
	n.mu.Unlock()
	c := map[string]any{"rev": rev, "operation": operation, "collection": "app.bsky.feed.post", "rkey": rkey}
	if record != nil {
		c["record"], c["cid"] = record, "bafyreistandin"
	}
	n.Tell(map[string]any{"did": Author, "kind": "commit", "commit": c})
}

// Account tells that an account changes its status; active if it is "".
func (n *Network) Account(did, status string) {
	n.Tell(map[string]any{"did": did, "kind": "account", "account": map[string]any{
		"did": did, "active": status == "", "status": status,
	}})
}

// Tell adds any message.
func (n *Network) Tell(fields map[string]any) { n.add(Event{At: time.Now(), Fields: fields}) }

// TellRaw adds something that need not be a message.
func (n *Network) TellRaw(text string) { n.add(Event{At: time.Now(), Raw: text}) }

func (n *Network) add(e Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = append(n.events, e)
	close(n.bell)
	n.bell = make(chan struct{})
}

// after returns an event and whether it is there yet, or what to wait for.
func (n *Network) after(i int) (Event, bool, <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if i < len(n.events) {
		return n.events[i], true, nil
	}
	return Event{}, false, n.bell
}

// Server is one instance.
type Server struct {
	*Network
	http *httptest.Server

	mu      sync.Mutex
	options Options
	asked   []string // the cursors of all connections
	cut     chan struct{}
	stalled chan struct{}
}

// Options is how an instance differs from others. It may be changed while the
// instance runs; connections notice with the next message, or when they are cut.
type Options struct {
	First    int64         // the number of the first message, 1 if 0
	Behind   time.Duration // by how much later it sees everything
	Legacy   bool          // it numbers nothing, as version 1
	Plain    bool          // it does not pack, whatever it is asked
	Twice    bool          // it says everything twice
	Forgot   int           // so many messages from the beginning it does not hold any more
	Blind    bool          // it tells of accounts and of no posts
	Refuse   int           // status that it answers instead
	Header   http.Header   // of that answer
	CutAfter int           // messages of a connection, without a farewell; 0 for never
}

// New starts an instance of a network of its own.
func New() *Server { return NewNetwork().Serve(Options{}) }

// Serve starts an instance.
func (n *Network) Serve(o Options) *Server {
	s := &Server{Network: n, options: o, cut: make(chan struct{})}
	s.http = httptest.NewServer(http.HandlerFunc(s.subscribe))
	return s
}

// URL is where the instance is.
func (s *Server) URL() string { return "ws" + strings.TrimPrefix(s.http.URL, "http") }

// Config returns the section of a listener that hears the instance. It needs no
// credentials, so that dir stays empty.
func (s *Server) Config(string) (string, error) {
	return fmt.Sprintf("type: bluesky\nservers: [%q]\n", s.URL()), nil
}

// Set changes the options and cuts all connections.
func (s *Server) Set(o Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options = o
	close(s.cut)
	s.cut = make(chan struct{})
}

// Stall makes the instance take connections and answer nothing. The channel is
// closed once somebody waits.
func (s *Server) Stall() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = make(chan struct{})
	return s.stalled
}

// Asked returns the cursors of all connections so far.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// Close ends the instance and its connections.
func (s *Server) Close() {
	s.Set(Options{Refuse: http.StatusServiceUnavailable})
	s.http.CloseClientConnections()
	s.http.Close()
}

// message is an event as the instance tells it.
func (o Options) message(i int, e Event) ([]byte, error) {
	if e.Raw != "" {
		return []byte(e.Raw), nil
	}
	m := map[string]any{"time_us": e.At.Add(o.Behind).UnixMicro()}
	maps.Copy(m, e.Fields)
	if !o.Legacy {
		m["cursor"] = o.number(i)
	}
	return json.Marshal(m)
}

func (o Options) number(i int) int64 { return max(o.First, 1) + int64(i) }

func (o Options) hides(e Event) bool { return o.Blind && e.Fields["kind"] == "commit" }

func packer() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderDict(bluesky.Dictionary()), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<17))
}

// accept answers a request that is not to be refused.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, o Options) *websocket.Conn {
	if o.Refuse != 0 {
		maps.Copy(w.Header(), o.Header)
		http.Error(w, "refused by the stand-in", o.Refuse)
		return nil
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return nil // the answer has been given
	}
	return conn
}
