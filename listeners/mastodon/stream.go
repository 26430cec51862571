package mastodon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/mattn/go-mastodon"

	"earshot/listeners"
)

const (
	maxEvent     = 4 << 20 // bytes
	mostAhead    = 100     // events that are read before somebody wants them
	dialTimeout  = 20 * time.Second
	pingInterval = 30 * time.Second
	pingTimeout  = 20 * time.Second
)

// event is what a stream tells.
type event struct {
	kind    string      // update, status.update, delete, notification …
	id      mastodon.ID // of a deleted status
	payload []byte      // anything else
}

// stream is one connection. Events come until it is closed; err then says why.
type stream struct {
	events chan event
	err    error

	conn    *websocket.Conn
	waiting atomic.Bool // for the server, and not for whoever takes the events
	stop    context.CancelFunc
	ended   sync.WaitGroup
}

// open connects to the stream of the timeline. Source: "Streaming" in the
// documentation of Mastodon.
func (l *listening) open(ctx context.Context) (*stream, error) {
	address, err := l.address(ctx)
	if err != nil {
		return nil, err
	}
	o := &websocket.DialOptions{HTTPClient: l.server.stream, HTTPHeader: http.Header{}}
	if l.token != "" {
		o.HTTPHeader.Set("Authorization", "Bearer "+l.token)
	}
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, resp, err := websocket.Dial(dialing, address, o)
	if resp != nil && resp.Body != nil {
		defer func() { _ = resp.Body.Close() }() // all there is of it is in memory
	}
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	conn.SetReadLimit(maxEvent)
	ctx, stop := context.WithCancel(ctx)
	s := &stream{events: make(chan event, mostAhead), conn: conn, stop: stop}
	s.ended.Go(func() { s.read(ctx) })
	s.ended.Go(func() { s.ping(ctx) })
	return s, nil
}

// address is where the stream is: the server may keep it at a host of its own. It
// is not followed to one that could be overheard.
func (l *listening) address(ctx context.Context) (string, error) {
	got, err := l.server.call(ctx, l.token, false, func(c *mastodon.Client) error {
		_, err := c.GetInstance(ctx)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("asking %s for its stream: %w", l.server.url.Host, err)
	}
	var about struct {
		URLs struct {
			Streaming string `json:"streaming_api"`
		} `json:"urls"`
	}
	if err := json.Unmarshal(got.body, &about); err != nil {
		return "", fmt.Errorf("%w: reading where the stream is: %w", listeners.ErrMalformed, err)
	}
	u, err := url.Parse(about.URLs.Streaming)
	if about.URLs.Streaming == "" || err != nil || u.Host == "" {
		own := *l.server.url
		own.Scheme = map[string]string{"https": "wss", "http": "ws"}[own.Scheme]
		u = &own
	}
	if l.server.url.Scheme == "https" && u.Scheme != "wss" {
		return "", errors.New("the server names a stream that is not encrypted")
	}
	q := url.Values{"stream": {l.timeline.stream}}
	if l.timeline.tag != "" {
		q.Set("tag", l.timeline.tag)
	}
	u = u.JoinPath("api/v1/streaming")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// close ends the stream and everything that belongs to it.
func (s *stream) close() {
	s.stop()
	_ = s.conn.CloseNow() // the answer to a farewell could take long
	s.ended.Wait()
}

func (s *stream) read(ctx context.Context) {
	defer s.stop()
	defer close(s.events)
	for {
		s.waiting.Store(true)
		_, message, err := s.conn.Read(ctx)
		s.waiting.Store(false)
		if err != nil {
			s.err = fmt.Errorf("reading the stream: %w", err)
			return
		}
		e, ok := readEvent(message)
		if !ok {
			continue // of a kind that is not heard, or nonsense: the next round finds what it was about
		}
		select {
		case s.events <- e:
		case <-ctx.Done():
			s.err = ctx.Err()
			return
		}
	}
}

// ping finds out whether a silent server is still there.
func (s *stream) ping(ctx context.Context) {
	ticker := time.NewTicker(pingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !s.waiting.Load() {
			continue // nobody would hear the answer
		}
		pinging, cancel := context.WithTimeout(ctx, pingTimeout)
		err := s.conn.Ping(pinging)
		cancel()
		if err != nil && s.waiting.Load() {
			_ = s.conn.CloseNow() // the reader says that it has ended
			return
		}
	}
}

// readEvent reads a message of the stream. The payload is JSON within a string,
// or an ID; some servers leave the string away.
func readEvent(message []byte) (event, bool) {
	var m struct {
		Event   string          `json:"event"`
		Payload json.RawMessage `json:"payload"`
	}
	if json.Unmarshal(message, &m) != nil {
		return event{}, false
	}
	switch m.Event {
	case "delete":
		e := event{kind: m.Event}
		err := json.Unmarshal(m.Payload, &e.id)
		return e, err == nil && e.id != ""
	case "update", "status.update", "notification":
		payload := []byte(m.Payload)
		var text string
		if json.Unmarshal(payload, &text) == nil {
			payload = []byte(text)
		}
		return event{kind: m.Event, payload: payload}, len(payload) > 0
	}
	return event{}, false
}
