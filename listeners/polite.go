package listeners

import (
	"fmt"
	"net/http"
	"time"
)

// politeTransport waits for its turn at the host, gives the exchange a deadline,
// says who we are and decodes what comes back.
type politeTransport struct {
	next    *http.Transport
	options ClientOptions
	hosts   *hosts
	turns   turns
}

// RoundTrip does one exchange; its turn at the host ends with the body.
func (t *politeTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	leave, err := t.hosts.enter(req.Context(), req.URL.Host)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // the contract of RoundTripper; there is nobody to tell
		}
		return nil, fmt.Errorf("waiting for a turn at %s: %w", req.URL.Host, err)
	}
	e, ctx := newExchange(req.Context(), t.options.Timeout, spentBefore(req), t.turns)
	resp, err := t.next.RoundTrip(t.introduce(req.Clone(ctx)))
	if err != nil {
		if cause := e.late(); cause != nil {
			err = cause
		}
		e.end()
		leave()
		return nil, err
	}
	b := &body{raw: resp.Body, exchange: e, limit: t.options.MaxBody}
	b.done = func() {
		b.total = e.spent()
		e.end()
		leave()
	}
	b.decodeAs(resp)
	resp.Body = b
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (t *politeTransport) CloseIdleConnections() { t.next.CloseIdleConnections() }

func (t *politeTransport) introduce(req *http.Request) *http.Request {
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", t.options.UserAgent)
	}
	if req.Header.Get("Accept-Encoding") == "" {
		req.Header.Set("Accept-Encoding", "gzip, br")
	}
	return req
}

// spentBefore is what the redirects before req have used up of its time: they
// share one deadline, or ten slow hops would take ten times as long.
func spentBefore(req *http.Request) time.Duration {
	if req.Response == nil {
		return 0
	}
	if b, ok := req.Response.Body.(*body); ok {
		return b.total
	}
	return 0
}
