package mastodon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-mastodon"
	"github.com/tomnomnom/linkheader"

	"earshot/listeners"
)

// renew is how a person gets a token.
const renew = "make one at your server under Preferences, Development, New application, with the scope read, and write it to the file"

// instance is one server, shared by the parts of a listener: they share its limit.
type instance struct {
	url            *url.URL
	config         Config
	client, stream *http.Client

	mu    sync.Mutex
	limit limit
}

// limit is how much the server allows, as it last said.
type limit struct {
	left, of int64
	reset    time.Time
	known    bool
}

// token reads the access token anew: it may have been replaced.
func (s *instance) token() (string, error) {
	if s.config.TokenFile == "" {
		return "", nil
	}
	return listeners.Credential(s.config.TokenFile, renew)
}

// answer is what a server said to one request.
type answer struct {
	body  []byte
	older mastodon.ID // where the page of older posts ends: from the Link header, else its oldest ID; "" for an empty one
	newer mastodon.ID // where the page of newer posts begins, likewise
}

// call does requests with what the library offers and returns what the server
// answered. The library's own reading of it is not used: one post that is not as
// it should be would cost the whole page.
func (s *instance) call(ctx context.Context, token string, remote bool, ask func(*mastodon.Client) error) (*answer, error) {
	if err := s.await(); err != nil {
		return nil, err
	}
	got := &answer{}
	client := mastodon.NewClient(&mastodon.Config{Server: s.url.String(), AccessToken: token})
	client.Client = *s.client
	client.Transport = &exchange{instance: s, next: s.client.Transport, remote: remote, token: token, answer: got}
	err := ask(client)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if status, ok := errors.AsType[*listeners.StatusError](err); ok {
		return nil, s.refused(status, err, token)
	}
	if got.body == nil {
		return nil, err
	}
	oldest, newest := span(got.body)
	if got.older == "" {
		got.older = oldest
	}
	got.newer = max2(got.newer, newest)
	return got, nil
}

// refused makes an answer that a person must deal with one that stops the asking.
func (s *instance) refused(status *listeners.StatusError, err error, token string) error {
	members := token == "" && status.Code == http.StatusUnprocessableEntity // as Mastodon says it
	if status.Code != http.StatusUnauthorized && status.Code != http.StatusForbidden && !members {
		return err
	}
	if token == "" {
		return &listeners.Refused{Renew: "the server shows this to members only: " + renew + " that token_file names", Err: status}
	}
	return &listeners.Refused{File: s.config.TokenFile, Renew: renew, Err: status}
}

// await fails while the server allows nothing, instead of asking in vain.
func (s *instance) await() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := time.Until(s.limit.reset)
	if !s.limit.known || s.limit.left > 0 || wait <= 0 {
		return nil
	}
	return &listeners.RetryAfter{Wait: wait, Err: fmt.Errorf("asking %s: its limit of %d requests is used up", s.url.Host, s.limit.of)}
}

// spare reports whether there is enough left for what is merely good to know.
func (s *instance) spare() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.limit.known || s.limit.left > s.limit.of/4
}

func (s *instance) report(ctx context.Context) {
	s.mu.Lock()
	l := s.limit
	s.mu.Unlock()
	if l.known {
		listeners.Report(ctx, listeners.Outlook{Left: l.left, Of: l.of, Reset: l.reset})
	}
}

// note remembers what an answer says of the limit. Source: "Rate limits" of the
// documentation of Mastodon; the time of the reset is in ISO 8601.
func (s *instance) note(h http.Header, now time.Time) {
	left, err1 := strconv.ParseInt(h.Get("X-RateLimit-Remaining"), 10, 64)
	of, err2 := strconv.ParseInt(h.Get("X-RateLimit-Limit"), 10, 64)
	reset, err3 := time.Parse(time.RFC3339, h.Get("X-RateLimit-Reset"))
	if err1 != nil || err2 != nil || err3 != nil || reset.Sub(now) > 24*time.Hour {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit{left: left, of: of, reset: reset, known: true}
}

// exchange answers for the library, which waits in its own way when it is told
// to wait, and knows no limits.
type exchange struct {
	*instance
	next   http.RoundTripper
	remote bool
	token  string
	answer *answer
}

// RoundTrip does one exchange and keeps what was answered.
func (e *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	if e.token == "" {
		req.Header.Del("Authorization")
	}
	if e.remote {
		q := req.URL.Query()
		q.Set("remote", "true")
		req.URL.RawQuery = q.Encode()
	}
	resp, err := e.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	e.note(resp.Header, now)
	if err := e.status(resp, now); err != nil {
		_ = resp.Body.Close() // what it says besides is for browsers
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // all has been read, or err says why not
	if err != nil {
		return nil, err
	}
	e.answer.body = body
	e.answer.older, e.answer.newer = pages(resp.Header.Get("Link"))
	resp.Header.Del("Link") // the library takes one that it does not understand for a failure
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// status is listeners.CheckStatus with this API's way to say when.
func (e *exchange) status(resp *http.Response, now time.Time) error {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		return nil // the client follows it
	}
	err := listeners.CheckStatus(resp, now)
	retry, ok := errors.AsType[*listeners.RetryAfter](err)
	if !ok || resp.Header.Get("Retry-After") != "" {
		return err
	}
	if reset, bad := time.Parse(time.RFC3339, resp.Header.Get("X-RateLimit-Reset")); bad == nil {
		retry.Wait = max(reset.Sub(now), 0)
	}
	return retry
}

// pages reads a Link header: rel=next leads to older posts, rel=prev to newer.
func pages(header string) (older, newer mastodon.ID) {
	for _, l := range linkheader.Parse(header) {
		u, err := url.Parse(l.URL)
		if err != nil {
			continue
		}
		switch strings.ToLower(l.Rel) {
		case "next":
			older = mastodon.ID(u.Query().Get("max_id"))
		case "prev":
			newer = mastodon.ID(u.Query().Get("min_id"))
		}
	}
	return older, newer
}
