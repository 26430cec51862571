package xtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxRule  = 1024
	maxRules = 1000
)

type rule struct {
	ID    string `json:"id"`
	Value string `json:"value"`
	Tag   string `json:"tag,omitempty"`
}

// subscriber is one connection to the stream.
type subscriber struct {
	lines   chan []byte
	cut     chan struct{}
	request *http.Request
}

// offer sends a post that a rule matches. A reader that is too slow is cut off.
func (sub *subscriber) offer(s *Server, p *Post) {
	var matching []any
	for _, r := range s.rules {
		if Match(r.Value, p) {
			matching = append(matching, map[string]any{"id": r.ID, "tag": r.Tag})
		}
	}
	if len(matching) == 0 || p.Deleted {
		return
	}
	body, referred := s.answer([]Post{*p}, sub.request)
	body["data"] = p.json(true)
	body["matching_rules"] = matching
	line, err := json.Marshal(body)
	if err != nil {
		return
	}
	select {
	case sub.lines <- line:
		s.charged.Posts += 1 + referred
	default:
		close(sub.cut)
		delete(s.streams, sub)
	}
}

func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	sub := &subscriber{lines: make(chan []byte, 10_000), cut: make(chan struct{}), request: r}
	s.mu.Lock()
	if len(s.streams) > 0 {
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"title":"ConnectionException","detail":"This stream is currently at the maximum allowed connection limit.","connection_issue":"TooManyConnections","type":"https://api.twitter.com/2/problems/streaming-connection"}`))
		return
	}
	s.streams[sub] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.streams, sub)
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	flusher := http.NewResponseController(w)
	_ = flusher.Flush()
	alive := time.NewTicker(s.options.KeepAlive)
	defer alive.Stop()
	for {
		line := []byte{}
		select {
		case line = <-sub.lines:
		case <-alive.C:
		case <-sub.cut:
			return
		case <-s.done:
			return
		case <-r.Context().Done():
			return
		}
		if _, err := w.Write(append(line, '\r', '\n')); err != nil {
			return
		}
		_ = flusher.Flush()
	}
}

// CutStreams ends all streams, without a word.
func (s *Server) CutStreams() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.streams {
		close(sub.cut)
		delete(s.streams, sub)
	}
}

// Say sends a line down all streams: a notice of X's, or nonsense.
func (s *Server) Say(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for sub := range s.streams {
		sub.lines <- []byte(line)
	}
}

// Streaming returns how many streams are open.
func (s *Server) Streaming() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// Rules returns the values of all rules by their tags.
func (s *Server) Rules() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]string{}
	for _, r := range s.rules {
		all[r.Tag] = r.Value
	}
	return all
}

// AddRule adds a rule of somebody else.
func (s *Server) AddRule(value, tag string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addRule(value, tag)
}

func (s *Server) addRule(value, tag string) rule {
	s.lastRule++
	r := rule{ID: strconv.Itoa(1_273_026_480_692_322_300 + s.lastRule), Value: value, Tag: tag}
	s.rules = append(s.rules, r)
	return r
}

func (s *Server) listRules(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body := map[string]any{"meta": map[string]any{"sent": time.Now().UTC().Format(time.RFC3339), "result_count": len(s.rules)}}
	if len(s.rules) > 0 {
		body["data"] = s.rules
	}
	reply(w, body)
}

func (s *Server) changeRules(w http.ResponseWriter, r *http.Request) {
	var change struct {
		Add    []rule `json:"add"`
		Delete struct {
			IDs []string `json:"ids"`
		} `json:"delete"`
	}
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil {
		invalid(w, "the body is no JSON")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = slices.DeleteFunc(s.rules, func(r rule) bool { return slices.Contains(change.Delete.IDs, r.ID) })
	var errs []any
	created := []rule{}
	for _, r := range change.Add {
		switch {
		case len([]rune(r.Value)) > maxRule || strings.TrimSpace(r.Value) == "" || len(s.rules) >= maxRules:
			errs = append(errs, map[string]any{"value": r.Value, "title": "UnprocessableEntity", "type": "https://api.twitter.com/2/problems/invalid-rules"})
		case slices.ContainsFunc(s.rules, func(have rule) bool { return have.Value == r.Value }):
			errs = append(errs, map[string]any{"value": r.Value, "title": "DuplicateRule", "type": "https://api.twitter.com/2/problems/duplicate-rules"})
		default:
			created = append(created, s.addRule(r.Value, r.Tag))
		}
	}
	body := map[string]any{"data": created, "meta": map[string]any{"sent": time.Now().UTC().Format(time.RFC3339)}}
	if len(errs) > 0 {
		body["errors"] = errs
	}
	w.WriteHeader(http.StatusCreated)
	reply(w, body)
}
