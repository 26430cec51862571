package xtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// guard answers what every endpoint answers: who may ask, and how often.
func (s *Server) guard(endpoint string, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[endpoint]++
		stalled, revoked := s.stalled, s.revoked
		failure, fails := s.failure(endpoint)
		s.mu.Unlock()
		if stalled != nil {
			s.once.Do(func() { close(stalled) })
			select {
			case <-r.Context().Done():
			case <-s.done:
			}
			return
		}
		if revoked || !authorised(endpoint, r.Header.Get("Authorization")) {
			problem(w, http.StatusUnauthorized, "about:blank", "Unauthorized", "Unauthorized")
			return
		}
		if fails {
			s.fail(w, failure)
			return
		}
		if !s.allowed(w, endpoint) {
			problem(w, http.StatusTooManyRequests, "about:blank", "Too Many Requests", "Too Many Requests")
			return
		}
		if wrong := s.wrongName(endpoint, r); wrong != "" {
			problem(w, http.StatusBadRequest, "https://api.x.com/2/problems/invalid-request", "Invalid Request",
				fmt.Sprintf("The query parameter [%s] is not one of those that this endpoint knows", wrong))
			return
		}
		answer(w, r)
	}
}

func authorised(endpoint, header string) bool {
	if header == "Bearer "+Token {
		return true
	}
	apps := endpoint == "stream" || endpoint == "rules"
	return !apps && strings.HasPrefix(header, "OAuth ") && strings.Contains(header, `oauth_consumer_key="`+Key+`"`) &&
		strings.Contains(header, `oauth_token="`+Key+`"`) && strings.Contains(header, "oauth_signature=")
}

// failure is the next failure that is meant for the endpoint.
func (s *Server) failure(endpoint string) (Failure, bool) {
	i := slices.IndexFunc(s.failures, func(f Failure) bool { return f.Endpoint == endpoint })
	if i < 0 {
		return Failure{}, false
	}
	f := s.failures[i]
	s.failures = slices.Delete(s.failures, i, i+1)
	return f, true
}

func (s *Server) fail(w http.ResponseWriter, f Failure) {
	for key, value := range f.Header {
		w.Header().Set(key, value)
	}
	if f.Body == "" {
		problem(w, f.Status, "about:blank", http.StatusText(f.Status), http.StatusText(f.Status))
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body))
}

// allowed counts a request and says how many are left.
func (s *Server) allowed(w http.ResponseWriter, endpoint string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	at := s.used[endpoint]
	if at == nil || now.After(at.until) {
		at = &window{until: now.Add(s.options.Window)}
		s.used[endpoint] = at
	}
	at.used++
	w.Header().Set("x-rate-limit-limit", strconv.Itoa(s.options.Limit))
	w.Header().Set("x-rate-limit-remaining", strconv.Itoa(max(s.options.Limit-at.used, 0)))
	w.Header().Set("x-rate-limit-reset", strconv.FormatInt(at.until.Unix()+1, 10))
	return at.used <= s.options.Limit
}

// wrongName is a parameter by the name of the other edition.
func (s *Server) wrongName(endpoint string, r *http.Request) string {
	wrong := "tweet.fields"
	if s.options.OldNames || endpoint == "stream" {
		wrong = "post.fields"
	}
	if r.URL.Query().Has(wrong) {
		return wrong
	}
	return ""
}

// problem answers an error as X writes them (RFC 7807).
func problem(w http.ResponseWriter, status int, kind, title, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	body, err := json.Marshal(map[string]any{"type": kind, "title": title, "detail": detail, "status": status})
	if err == nil {
		_, _ = w.Write(body)
	}
}

func invalid(w http.ResponseWriter, detail string) {
	problem(w, http.StatusBadRequest, "https://api.x.com/2/problems/invalid-request", "Invalid Request", detail)
}
