package mastodontest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
)

func marshal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only for what no status holds
	}
	return string(b)
}

// limitWindow is how long a limit lasts. Source: "Rate limits" in the
// documentation of Mastodon, 300 requests in five minutes.
const limitWindow = 5 * time.Minute

// guard limits, refuses and stalls.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		o, stalled := s.options, s.stalled
		s.stalled = nil
		if time.Since(s.window) > limitWindow {
			s.used, s.window = 0, time.Now()
		}
		s.used++
		left, reset := o.Limit-s.used, s.window.Add(limitWindow)
		s.mu.Unlock()
		if stalled != nil {
			close(stalled)
			<-r.Context().Done()
			return
		}
		if o.Limit > 0 {
			w.Header().Set("X-RateLimit-Limit", strconv.Itoa(o.Limit))
			w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(max(left, 0)))
			w.Header().Set("X-RateLimit-Reset", reset.UTC().Format("2006-01-02T15:04:05.000000Z"))
			if left < 0 {
				refuse(w, http.StatusTooManyRequests, "Throttled")
				return
			}
		}
		if o.Refuse != 0 {
			maps.Copy(w.Header(), o.Header)
			refuse(w, o.Refuse, "refused by the stand-in")
			return
		}
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		private := o.Members || strings.HasSuffix(r.URL.Path, "/notifications") || strings.HasSuffix(r.URL.Path, "/streaming")
		if r.Header["Authorization"] != nil && token != Token || token == "" && private {
			refuse(w, http.StatusUnauthorized, "The access token is invalid")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, status int, what string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"error":%q}`, what) // whoever asked may be gone
}

func (s *Server) instance(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"uri": "stand-in", "version": "4.5.0", "urls": map[string]any{"streaming_api": "ws" + strings.TrimPrefix(s.http.URL, "http")}})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = io.WriteString(w, marshal(v)) // whoever asked may be gone
}

func (s *Server) tagged(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.PathValue("tag"), Tag) {
		answer(w, []any{})
		return
	}
	s.page(w, r, func() []Status { return s.statuses })
}

func (s *Server) public(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("remote") == "true" { // nobody federates with a stand-in
		answer(w, []any{})
		return
	}
	s.page(w, r, func() []Status { return s.statuses })
}

func (s *Server) notifications(w http.ResponseWriter, r *http.Request) {
	excluded := r.URL.Query()["exclude_types[]"]
	s.page(w, r, func() []Status {
		return slices.DeleteFunc(slices.Clone(s.notices), func(n Status) bool { return slices.Contains(excluded, fmt.Sprint(n["type"])) })
	})
}

// page answers with a page of what all returns, newest first. Source: the
// parameters and headers of "Timelines" in the documentation of Mastodon.
func (s *Server) page(w http.ResponseWriter, r *http.Request, all func() []Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit > 40 {
		limit = 20
	}
	less := func(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }
	var page []Status
	for _, st := range all() {
		id := fmt.Sprint(st["id"])
		below := q.Get("max_id") == "" || less(id, q.Get("max_id"))
		above := q.Get("min_id") == "" || s.options.NoMinID || less(q.Get("min_id"), id)
		if below && above {
			page = append(page, st)
		}
	}
	if q.Get("min_id") != "" && !s.options.NoMinID {
		page = page[:min(limit, len(page))]
	} else {
		page = page[max(0, len(page)-limit):]
	}
	page = slices.Clone(page)
	slices.Reverse(page)
	if len(page) > 0 && !s.options.NoLink {
		at := s.http.URL + r.URL.Path
		w.Header().Set("Link", fmt.Sprintf(`<%s?max_id=%s>; rel="next", <%s?min_id=%s>; rel="prev"`, at, page[len(page)-1]["id"], at, page[0]["id"]))
	}
	if s.options.Shuffle {
		rand.Shuffle(len(page), func(i, j int) { page[i], page[j] = page[j], page[i] })
	}
	if page == nil {
		page = []Status{}
	}
	answer(w, page)
}

func (s *Server) find(id string) Status {
	for _, st := range s.statuses {
		if st["id"] == id {
			return st
		}
	}
	return nil
}

func (s *Server) status(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.Broken {
		refuse(w, http.StatusInternalServerError, "We're sorry, but something went wrong on our end.")
		return
	}
	if st := s.find(r.PathValue("id")); st != nil {
		answer(w, st)
		return
	}
	refuse(w, http.StatusNotFound, "Record not found")
}

func (s *Server) context(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.find(r.PathValue("id"))
	if s.options.Broken {
		refuse(w, http.StatusInternalServerError, "We're sorry, but something went wrong on our end.")
		return
	}
	if st == nil {
		refuse(w, http.StatusNotFound, "Record not found")
		return
	}
	above := []Status{}
	for {
		id, _ := st["in_reply_to_id"].(string)
		if st = s.find(id); st == nil {
			break
		}
		above = append([]Status{st}, above...)
	}
	answer(w, map[string]any{"ancestors": above, "descendants": []any{}})
}

// streaming tells of what happens. Source: "Streaming" in the documentation of
// Mastodon.
func (s *Server) streaming(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o := s.options
	s.mu.Unlock()
	if o.NoStream {
		refuse(w, http.StatusNotFound, "Not found")
		return
	}
	events := make(chan event, 10_000)
	s.mu.Lock() // before the answer: who has it, expects to hear everything
	s.streams[events] = r.URL.Query().Get("stream")
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.streams, events)
	}()
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := conn.CloseRead(r.Context())
	for sent := 0; ; sent++ {
		if o.CutAfter > 0 && sent == o.CutAfter {
			return
		}
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			if !ok || conn.Write(ctx, websocket.MessageText, []byte(marshal(e))) != nil {
				return
			}
		}
	}
}

// tell sends an event to the streams that want it. It is called with the lock.
func (s *Server) tell(kind, payload string) {
	if s.options.Deaf {
		return
	}
	for events, wanted := range s.streams {
		if (kind == "notification") != (wanted == "user:notification") {
			continue
		}
		select {
		case events <- event{Stream: []string{wanted}, Event: kind, Payload: payload}:
		default: // a server drops what a slow client does not take
		}
	}
}

// CutStreams ends all streams without a farewell.
func (s *Server) CutStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for events := range s.streams {
		close(events)
		delete(s.streams, events)
	}
}

// Streams is how many streams there are.
func (s *Server) Streams() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}
