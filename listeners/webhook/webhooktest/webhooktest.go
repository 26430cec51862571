// Package webhooktest is a stand-in for a service that sends webhooks: it signs
// them as the configuration asks, sends them in order and again until they are
// accepted, as the Standard Webhooks specification wants it. It is for tests.
package webhooktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Secret is what the sender signs with, or the token that it shows.
const Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of the specification's examples

// retry is how long the sender waits before it sends again.
const retry = 10 * time.Millisecond

// Sender is the service. It begins to send when it knows where to.
type Sender struct {
	kind   string
	cancel context.CancelFunc
	ended  sync.WaitGroup
	client *http.Client

	mu     sync.Mutex
	target string
	queue  []Post
	next   int
	woken  chan struct{}
}

// Post is one item of a delivery.
type Post struct {
	ID   string `json:"id"`
	Text string `json:"text"`
	At   int64  `json:"at"` // seconds since 1970
}

// New starts a sender whose signatures are of a kind: standard, github or token.
func New(kind string) *Sender {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sender{kind: kind, cancel: cancel, client: &http.Client{Transport: &http.Transport{}}, woken: make(chan struct{}, 1)}
	s.ended.Go(func() { s.run(ctx) })
	return s
}

// Close stops the sender. What was not accepted is lost.
func (s *Sender) Close() {
	s.cancel()
	s.ended.Wait()
	s.client.CloseIdleConnections()
}

// Publish has posts delivered, oldest first.
func (s *Sender) Publish(texts ...string) {
	s.mu.Lock()
	for _, text := range texts {
		s.next++
		s.queue = append(s.queue, Post{ID: strconv.Itoa(s.next), Text: text, At: time.Now().Unix()})
	}
	s.mu.Unlock()
	s.wake()
}

// To says where deliveries go: the address of the inbox with the listener's name.
func (s *Sender) To(url string) {
	s.mu.Lock()
	s.target = url
	s.mu.Unlock()
	s.wake()
}

// Config writes the secret into dir and returns the keys of a listener section
// besides its name.
func (s *Sender) Config(dir string) (string, error) {
	file := filepath.Join(dir, "webhook.secret")
	if err := os.WriteFile(file, []byte(Secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing the secret: %w", err)
	}
	return fmt.Sprintf(`type: webhook
network: hooked
signature: %s
secret_file: %s
mapping: {id: id, text: text, posted: unix(at)}
`, s.kind, file), nil
}

func (s *Sender) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

func (s *Sender) run(ctx context.Context) {
	attempt := 0
	for {
		target, posts := s.due()
		if len(posts) == 0 || target == "" {
			select {
			case <-s.woken:
				continue
			case <-ctx.Done():
				return
			}
		}
		attempt++
		if s.deliver(ctx, target, posts, attempt) {
			s.mu.Lock()
			s.queue = s.queue[len(posts):]
			s.mu.Unlock()
			continue
		}
		timer := time.NewTimer(retry)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// due is what goes into the next delivery.
func (s *Sender) due() (target string, posts []Post) {
	const together = 3
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target, s.queue[:min(len(s.queue), together)]
}

// deliver reports whether a delivery was accepted.
func (s *Sender) deliver(ctx context.Context, target string, posts []Post, attempt int) bool {
	body, err := json.Marshal(posts)
	if err != nil {
		return false
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return false
	}
	Sign(req.Header, s.kind, fmt.Sprintf("msg_%s_%d", posts[0].ID, attempt), time.Now(), body)
	resp, err := s.client.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode/100 == 2
}

// Sign puts into the headers what proves that a body is from the sender.
func Sign(h http.Header, kind, id string, at time.Time, body []byte) {
	switch kind {
	case "standard":
		w, err := standardwebhooks.NewWebhook(Secret)
		if err != nil { // it is a constant
			return
		}
		signature, err := w.Sign(id, at, body)
		if err != nil {
			return
		}
		h.Set(standardwebhooks.HeaderWebhookID, id)
		h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
		h.Set(standardwebhooks.HeaderWebhookSignature, "v1,bm90IHRoaXM= "+signature) // as while a secret is replaced
	case "github":
		mac := hmac.New(sha256.New, []byte(Secret))
		mac.Write(body)
		h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	default:
		h.Set("Authorization", "Bearer "+Secret)
	}
}
