package x

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"earshot/listeners"
)

// api asks X's API v2 for all parts of a listener: with its credentials, within
// X's limits. It is safe for concurrent use.
type api struct {
	base   string // without a slash at its end
	keys   keys
	client *http.Client
	long   *http.Client // for the stream
	stall  time.Duration
	*standing
}

// standing is what the parts of a listener know together of how they stand with
// X. It is safe for concurrent use.
type standing struct {
	mu     sync.Mutex
	limits map[endpoint]limited
	names  map[endpoint]edition
	ahead  time.Duration // X's clock, of ours
}

func newStanding() *standing {
	return &standing{limits: map[endpoint]limited{}, names: map[endpoint]edition{endpointStream: tweetNames}}
}

// keepAlive is how often X sends at least an empty line down a stream; one that
// says nothing for longer than stallAfter is dead.
const (
	keepAlive  = 20 * time.Second
	stallAfter = keepAlive + 10*time.Second
	maxAnswer  = 16 << 20 // bytes of one page
)

// get asks for one answer and reads it to its end.
func (a *api) get(ctx context.Context, end endpoint, path string, query url.Values) ([]byte, error) {
	resp, err := a.named(end, query, func(full url.Values) (*http.Response, error) {
		return a.do(ctx, a.client, end, http.MethodGet, path, full, nil)
	})
	if err != nil {
		return nil, err
	}
	return readAnswer(resp)
}

// open asks for an answer that goes on. The caller closes its body.
func (a *api) open(ctx context.Context, end endpoint, path string, query url.Values) (*http.Response, error) {
	return a.named(end, query, func(full url.Values) (*http.Response, error) {
		return a.do(ctx, a.long, end, http.MethodGet, path, full, nil)
	})
}

// post sends JSON.
func (a *api) post(ctx context.Context, end endpoint, path string, body []byte) ([]byte, error) {
	resp, err := a.do(ctx, a.client, end, http.MethodPost, path, nil, body)
	if err != nil {
		return nil, err
	}
	return readAnswer(resp)
}

func readAnswer(resp *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if closing := resp.Body.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, fmt.Errorf("reading what X answered: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, &listeners.TooLarge{Limit: maxAnswer}
	}
	return body, nil
}

// do makes one request. Every answer that is not 200 is an error.
func (a *api) do(ctx context.Context, with *http.Client, end endpoint, method, path string, query url.Values, body []byte) (*http.Response, error) {
	if err := a.limit(end).asked(end, a.now()); err != nil {
		return nil, err
	}
	address := a.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", withoutQuery(err))
	}
	if body == nil {
		req.Body, req.ContentLength, req.GetBody = nil, 0, nil
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	signed, err := a.keys.sign(with, end)
	if err != nil {
		return nil, err
	}
	resp, err := signed.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking X: %w", withoutQuery(err))
	}
	a.learn(ctx, end, resp.Header)
	if err := failure(resp, a.now()); err != nil {
		_ = resp.Body.Close() // the error says more
		return nil, a.keys.blame(err, end)
	}
	return resp, nil
}

// learn remembers what time it is at X, and remembers and reports what X still
// allows.
func (a *api) learn(ctx context.Context, end endpoint, h http.Header) {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		a.mu.Lock()
		a.ahead = time.Until(date)
		a.mu.Unlock()
	}
	l, said := limitOf(h)
	if !said {
		return
	}
	a.mu.Lock()
	a.limits[end] = l
	a.mu.Unlock()
	listeners.Report(ctx, listeners.Outlook{Left: l.left, Of: l.of, Reset: l.reset})
}

// now is the time at X, to the second: a clock of ours that is fast would have us
// believe that we have heard what is still to come.
func (s *standing) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ahead.Abs() < skew {
		return time.Now()
	}
	return time.Now().Add(s.ahead)
}

// skew is how far apart clocks may be without meaning anything: X's has seconds.
const skew = 3 * time.Second

func (s *standing) limit(end endpoint) limited {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limits[end]
}

func (s *standing) edition(end endpoint) edition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.names[end]
}

func (s *standing) remember(end endpoint, e edition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names[end] = e
}
