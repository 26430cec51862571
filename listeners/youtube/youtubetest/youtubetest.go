// Package youtubetest is a stand-in for the YouTube Data API on loopback, after the
// documents named in ../testdata/README.md: comment threads, comments, videos,
// channels and searches, pages with tokens, keys, quotas and Google's errors. It
// knows one channel with one video, and what a test adds.
package youtubetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What the stand-in knows.
const (
	Channel = "UCtoytoytoytoytoytoytoyy"
	Handle  = "@acmetoys"
	Video   = "vid-0000001"
	Key     = "AIzaTestTestTest"
)

// Comment is a comment or a reply.
type Comment struct {
	ID, Video, Parent, Text string
	At                      time.Time
}

// Server is the stand-in. Its methods may be called concurrently.
type Server struct {
	URL  string
	http *httptest.Server

	mu       sync.Mutex
	comments []Comment // oldest first
	videos   []string  // the oldest first
	units    int       // left of the day's quota
	failures map[string][]Failure
	asked    []string
	spread   bool // each comment is below a video of its own, and …
	shown    int  // … so many are shown so far: a few more at each look
	stalled  chan struct{}
	over     chan struct{}
}

// Failure is an answer with a reason of Google's.
type Failure struct {
	Status int
	Reason string
}

// New starts the stand-in, with a quota that lasts.
func New() *Server {
	s := &Server{videos: []string{Video}, units: 1 << 30, failures: map[string][]Failure{}, over: make(chan struct{})}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.http.URL
	return s
}

// Close ends it, and whoever hangs.
func (s *Server) Close() {
	close(s.over)
	s.http.Close()
}

// Config writes the key into dir and returns a listener's section. From then on
// each comment is below a video of its own, a matter of its own, and only a few more
// are shown at each look: who is killed again and again shall find them all the same.
func (s *Server) Config(dir string) (string, error) {
	file := filepath.Join(dir, "youtube.key")
	if err := os.WriteFile(file, []byte(Key+"\n"), 0o600); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spread = true
	return fmt.Sprintf("type: youtube\nserver: %s\nkey_file: %s\nchannels: [%s]\nbrands: false\nauthors: false\nevery: 20ms\nbudget: {day: 0}\n",
		s.URL, file, Channel), nil
}

// First is when the first comment was published; each other a second after the one
// before. It is an hour ago, so that comments are no old news.
func First() time.Time { return first }

var first = time.Now().UTC().Truncate(time.Second).Add(-time.Hour)

// Publish adds comments, oldest first.
func (s *Server) Publish(texts ...string) {
	for _, text := range texts {
		s.mu.Lock()
		video := Video
		if s.spread {
			video = fmt.Sprintf("v%010d", len(s.videos))
			s.videos = append(s.videos, video)
		}
		s.mu.Unlock()
		s.Comment(video, "", text)
	}
}

// Comment adds a comment below a video, or a reply to a comment, and returns its ID.
func (s *Server) Comment(video, parent, text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.comments)
	id := fmt.Sprintf("Ug%024d", n)
	if parent != "" {
		id = fmt.Sprintf("%s.r%08d", parent, n)
	}
	s.comments = append(s.comments, Comment{id, video, parent, text, First().Add(time.Duration(n) * time.Second)})
	return id
}

// AddVideo adds a video that a search finds.
func (s *Server) AddVideo(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.videos = append(s.videos, id)
}

// Change calls change with the comment of an ID; one without a text is deleted.
func (s *Server) Change(id string, change func(*Comment)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.comments, func(c Comment) bool { return c.ID == id })
	change(&s.comments[i])
	if s.comments[i].Text == "" {
		s.comments = slices.Delete(s.comments, i, i+1)
	}
}

// Allow sets what is left of the day's quota.
func (s *Server) Allow(units int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.units = units
}

// Fail makes the next requests for a list fail, one each.
func (s *Server) Fail(list string, failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[list] = append(s.failures[list], failures...)
}

// Asked returns the lists that were asked for since the last call, and forgets them.
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
	if stalled := s.stalled; stalled != nil {
		select {
		case <-stalled:
		default:
			close(stalled)
		}
		s.mu.Unlock()
		select {
		case <-r.Context().Done():
		case <-s.over:
		}
		return
	}
	defer s.mu.Unlock()
	list := strings.TrimPrefix(r.URL.Path, "/youtube/v3/")
	s.asked = append(s.asked, list)
	if f := s.failures[list]; len(f) > 0 {
		s.failures[list] = f[1:]
		refuse(w, f[0].Status, f[0].Reason)
		return
	}
	switch {
	case r.Header.Get("X-Goog-Api-Key") != Key:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "errors": [{"message": "API key not valid.", "domain": "global", "reason": "badRequest"}],
			"status": "INVALID_ARGUMENT", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]}}`)
		return
	case s.units <= 0:
		refuse(w, http.StatusForbidden, "quotaExceeded")
		return
	}
	s.units--
	answer, reason := s.answer(list, r)
	if reason != "" {
		refuse(w, map[bool]int{true: http.StatusNotFound, false: http.StatusBadRequest}[strings.HasSuffix(reason, "NotFound")], reason)
		return
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(err) // it is made of texts and numbers
	}
}

func refuse(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error": {"code": %d, "message": "The request cannot be completed.", "errors": [{"message": "No.", "domain": "youtube", "reason": %q}]}}`, status, reason)
}

// cut returns the page that is asked for.
func cut[T any](all []T, r *http.Request) (some []T, next, reason string) {
	most, err := strconv.Atoi(r.FormValue("maxResults"))
	if err != nil || most < 1 || most > 100 {
		return nil, "", "invalidParameter"
	}
	from := 0
	if token := r.FormValue("pageToken"); token != "" {
		if from, err = strconv.Atoi(strings.TrimPrefix(token, "page")); err != nil || from > len(all) {
			return nil, "", "invalidPageToken"
		}
	}
	some = all[from:min(from+most, len(all))]
	if from+most < len(all) {
		next = "page" + strconv.Itoa(from+most)
	}
	return some, next, ""
}
