// Package telegramtest is a stand-in for Telegram's Bot API on loopback, after
// core.telegram.org/bots/api (getUpdates, Making requests, ResponseParameters): it
// holds answers back, forgets what is confirmed, gives a hundred updates at most,
// serves one poller at a time and fails on demand.
package telegramtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Token is the bot's.
const Token = "123456789:AAtestTESTtestTESTtestTESTtest"

const mostAnswered = 100

// Server is the stand-in. Its methods may be called concurrently.
type Server struct {
	URL  string
	http *httptest.Server

	mu       sync.Mutex
	queue    []update // not confirmed
	next     int64    // number of the next update
	messages int64
	bell     chan struct{} // closed and replaced when something is posted
	polls    int           // under way
	failures []Failure
	repeat   bool
	keep     bool
	stalled  chan struct{}
	over     chan struct{}
}

type update struct {
	number int64
	body   string
}

// Failure is an answer that is none.
type Failure struct {
	Status int
	Header map[string]string
	Body   string
}

// New starts the stand-in.
func New() *Server {
	s := &Server{next: 500, bell: make(chan struct{}), over: make(chan struct{})}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	s.URL = s.http.URL
	return s
}

// Close ends it, and whoever waits.
func (s *Server) Close() {
	close(s.over)
	s.http.Close()
}

// Config writes the token into dir and returns a listener's section.
func (s *Server) Config(dir string) (string, error) {
	file := filepath.Join(dir, "telegram.token")
	if err := os.WriteFile(file, []byte(Token+"\n"), 0o600); err != nil {
		return "", err
	}
	return fmt.Sprintf("type: telegram\nserver: %s\ntoken_file: %s\n", s.URL, file), nil
}

// Publish adds messages to a public group, oldest first.
func (s *Server) Publish(texts ...string) {
	for _, text := range texts {
		s.mu.Lock()
		s.messages++
		number, at := s.messages, time.Now().Unix()
		s.mu.Unlock()
		quoted, err := json.Marshal(text)
		if err != nil {
			panic(err) // a text is always JSON
		}
		s.Update(fmt.Sprintf(`"message": {"message_id": %d, "date": %d, "from": {"id": 7, "is_bot": false, "first_name": "Ida", "username": "ida_holm"},
			"chat": {"id": -1001234567890, "type": "supergroup", "title": "Toy fans", "username": "toyfans"}, "text": %s}`, number, at, quoted))
	}
}

// Update adds an update of the given members.
func (s *Server) Update(members string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, update{s.next, fmt.Sprintf(`{"update_id": %d, %s}`, s.next, members)})
	s.next++
	close(s.bell)
	s.bell = make(chan struct{})
}

// Renumber makes the next update have the given number.
func (s *Server) Renumber(next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = next
}

// Waiting is how many updates were not confirmed.
func (s *Server) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// Scramble gives updates newest first and each twice from now on.
func (s *Server) Scramble() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repeat = true
}

// Keep makes the stand-in forget nothing: what is confirmed is given again to
// whoever asks from the beginning.
func (s *Server) Keep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keep = true
}

// Fail makes the next requests fail, one each.
func (s *Server) Fail(failures ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures = append(s.failures, failures...)
}

// Stall makes the stand-in hang; the channel is closed once somebody waits.
func (s *Server) Stall() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stalled = make(chan struct{})
	return s.stalled
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/bot"+Token+"/getUpdates" {
		refuse(w, http.StatusUnauthorized, `{"ok":false,"error_code":401,"description":"Unauthorized"}`)
		return
	}
	var ask struct {
		Offset, Limit, Timeout int64
		Allowed                []string `json:"allowed_updates"`
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil || ask.Limit < 1 || ask.Limit > mostAnswered {
		refuse(w, http.StatusBadRequest, `{"ok":false,"error_code":400,"description":"Bad Request: can't parse JSON object"}`)
		return
	}
	s.mu.Lock()
	if s.stalled != nil {
		select {
		case <-s.stalled:
		default:
			close(s.stalled)
		}
		s.mu.Unlock()
		s.hold(r, nil, time.Hour)
		return
	}
	if len(s.failures) > 0 {
		f := s.failures[0]
		s.failures = s.failures[1:]
		s.mu.Unlock()
		for name, value := range f.Header {
			w.Header().Set(name, value)
		}
		refuse(w, f.Status, f.Body)
		return
	}
	s.polls++
	alone := s.polls == 1
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.polls--
		s.mu.Unlock()
	}()
	if !alone {
		refuse(w, http.StatusConflict, `{"ok":false,"error_code":409,"description":"Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}`)
		return
	}
	s.answer(w, r, ask.Offset, ask.Limit, time.Duration(ask.Timeout)*time.Second)
}

func refuse(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

// answer gives what is not confirmed, once there is something.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, offset, limit int64, patience time.Duration) {
	s.mu.Lock()
	bell := s.bell
	if len(s.from(offset)) == 0 {
		s.mu.Unlock()
		s.hold(r, bell, patience)
		s.mu.Lock()
	}
	defer s.mu.Unlock()
	some := s.from(offset)
	some = some[:min(int64(len(some)), limit)]
	fmt.Fprint(w, `{"ok":true,"result":[`)
	first := true
	say := func(u update) {
		if !first {
			fmt.Fprint(w, ",")
		}
		first = false
		fmt.Fprint(w, u.body)
	}
	for i := range some {
		if s.repeat {
			say(some[len(some)-1-i])
			say(some[len(some)-1-i])
		} else {
			say(some[i])
		}
	}
	fmt.Fprint(w, `]}`)
}

// from forgets what comes before the offset and returns the rest.
func (s *Server) from(offset int64) []update {
	i := 0
	for i < len(s.queue) && offset > 0 && s.queue[i].number < offset {
		i++
	}
	if !s.keep {
		s.queue, i = s.queue[i:], 0
	}
	return s.queue[i:]
}

// hold waits for the bell, the asker's patience or its end.
func (s *Server) hold(r *http.Request, bell <-chan struct{}, patience time.Duration) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-bell:
	case <-timer.C:
	case <-r.Context().Done():
	case <-s.over:
	}
}
