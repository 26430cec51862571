package facebooktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"time"
)

// Listener is the name of the listener that deliveries are for.
const Listener = "heard"

// DeliverTo has everything from now on delivered to a listener's place in the inbox
// at an address, one after the other, again and again until it is accepted.
func (s *Server) DeliverTo(inbox string) {
	s.mu.Lock()
	s.inbox = inbox + "/hooks/" + Listener
	s.mu.Unlock()
	s.sender.Go(s.send)
}

// deliver is called with the lock held.
func (s *Server) deliver(body string) {
	if s.inbox == "" {
		return
	}
	s.unsent = append(s.unsent, body)
	s.delivered = append(s.delivered, body)
	select {
	case s.sent <- struct{}{}:
	default:
	}
}

// Deliver has a body delivered.
func (s *Server) Deliver(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliver(body)
}

// Redeliver has everything that was delivered delivered once more.
func (s *Server) Redeliver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsent = append([]string{}, s.delivered...)
}

func (s *Server) send() {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		s.mu.Lock()
		var body string
		if len(s.unsent) > 0 {
			body = s.unsent[0]
		}
		inbox := s.inbox
		s.mu.Unlock()
		if body != "" && Send(inbox, body, Sign(body)) == http.StatusOK {
			s.accepted(body)
			continue
		}
		select {
		case <-s.over:
			return
		case <-again.C:
		case <-s.sent:
		}
	}
}

// accepted forgets the first delivery, unless everything comes again meanwhile.
func (s *Server) accepted(body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.unsent) > 0 && s.unsent[0] == body {
		s.unsent = s.unsent[1:]
	}
}

// Sign is the header that proves a body.
func Sign(body string) string {
	mac := hmac.New(sha256.New, []byte(Secret))
	_, _ = io.WriteString(mac, body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// Send posts a delivery once and returns the status, 0 for no answer.
func Send(address, body, signature string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature-256", signature)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
