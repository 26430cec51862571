package listeners

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"code.dny.dev/ssrf"

	"earshot"
)

// ClientOptions says how earshot behaves towards other people's servers. It is
// the section client of the configuration.
type ClientOptions struct {
	UserAgent    string        `yaml:"user_agent" jsonschema:"description=Who we say we are: name a way to reach you"`
	AllowPrivate []string      `yaml:"allow_private" jsonschema:"description=Private addresses (192.0.2.7) or networks (10.0.0.0/8) or host names that may be called all the same"`
	MaxBody      int64         `yaml:"max_body" jsonschema:"description=The largest answer in bytes once decompressed"`
	Timeout      time.Duration `yaml:"timeout" jsonschema:"description=How long a request may take from the first byte sent to the last byte read"`
	PerSecond    float64       `yaml:"per_second" jsonschema:"description=Requests a second to one host"`
	Burst        int           `yaml:"burst" jsonschema:"description=Requests to one host that may follow each other at once after a rest"`
	Concurrent   int           `yaml:"concurrent" jsonschema:"description=Requests to one host at the same time"`
}

// DefaultClient returns the options that are kind to every server.
func DefaultClient() ClientOptions {
	return ClientOptions{
		UserAgent:  "earshot/1 (social listening; feed reader)",
		MaxBody:    16 << 20,
		Timeout:    time.Minute,
		PerSecond:  2,
		Burst:      4,
		Concurrent: 2,
	}
}

const (
	maxRedirects   = 10
	maxHeaderBytes = 256 << 10
	dialTimeout    = 10 * time.Second
	headerTimeout  = 30 * time.Second
	idleTimeout    = 90 * time.Second
)

// NewClient returns the one HTTP client all sources share: polite to each host,
// guarded against private addresses (after redirects too), decoding gzip and
// brotli with a cap on the decompressed size, and never waiting longer than
// o.Timeout for an answer to end. Of answers beyond 256 KiB it lets two at a time
// be read, of those beyond 4 MiB one: another that goes on waits, and its deadline
// with it, until one is closed. So close an answer once what came of it is stored,
// and before asking for another. A driver that wants to watch redirects copies the
// client and wraps its CheckRedirect, calling the original. Problems of the options
// are earshot.Problems with paths relative to the section.
func NewClient(o ClientOptions) (*http.Client, error) {
	n, err := NewNetwork(o)
	if err != nil {
		return nil, err
	}
	return n.Client, nil
}

// Network is the way out to other people's servers, for all sources.
type Network struct {
	Client *http.Client // see NewClient
	Stream *http.Client // the same guard and politeness, for answers that never end and for WebSockets: neither deadline nor cap, nothing decoded
	Dial   Dial         // the same guard, for what is not HTTP
}

// NewNetwork returns the way out as the options allow it; NewClient says more.
func NewNetwork(o ClientOptions) (*Network, error) {
	problems := o.check()
	guard, bad := newGuard(o.AllowPrivate)
	if problems = append(problems, bad...); len(problems) > 0 {
		return nil, problems
	}
	hosts := newHosts(o)
	return &Network{
		Client: &http.Client{
			Transport:     &politeTransport{next: newTransport(o, guard), options: o, hosts: hosts, turns: newTurns()},
			CheckRedirect: checkRedirect,
		},
		Stream: &http.Client{
			Transport:     &streamTransport{next: newTransport(o, guard), options: o, hosts: hosts},
			CheckRedirect: checkRedirect,
		},
		Dial: guard.dial,
	}, nil
}

// CloseIdleConnections closes what nobody uses at the moment.
func (n *Network) CloseIdleConnections() {
	n.Client.CloseIdleConnections()
	n.Stream.CloseIdleConnections()
}

func newTransport(o ClientOptions, guard *guard) *http.Transport {
	return &http.Transport{
		DialContext:            guard.dial,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		ResponseHeaderTimeout:  min(headerTimeout, o.Timeout),
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true, // we decode, with a cap
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    o.Concurrent,
		IdleConnTimeout:        idleTimeout,
	}
}

func (o ClientOptions) check() earshot.Problems {
	var problems earshot.Problems
	refuse := func(wrong bool, path, what, hint string) {
		if wrong {
			problems = append(problems, earshot.Problem{Path: path, What: what, Hint: hint})
		}
	}
	refuse(o.UserAgent == "", "user_agent", "user_agent is empty", "say who you are, or leave the key out")
	refuse(o.MaxBody <= 0, "max_body", "max_body is not positive", "give a size, 16MiB for example")
	refuse(o.Timeout <= 0, "timeout", "timeout is not positive", "give a time, 60s for example")
	refuse(!(o.PerSecond > 0), "per_second", "per_second is not positive", "give requests a second, 2 for example")
	refuse(o.Burst < 1, "burst", "burst is less than 1", "give a number, 4 for example")
	refuse(o.Concurrent < 1, "concurrent", "concurrent is less than 1", "give a number, 2 for example")
	return problems
}

// checkRedirect refuses loops, foreign schemes and a step from https to http that
// would show credentials to everybody on the way.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= maxRedirects {
		return fmt.Errorf("%w: more than %d redirects", ErrMalformed, maxRedirects)
	}
	switch req.URL.Scheme {
	case "https":
		return nil
	case "http":
		last := via[len(via)-1]
		if last.URL.Scheme == "https" && hasCredentials(req) {
			return fmt.Errorf("%w: a redirect from https to http would give the credentials away", ErrMalformed)
		}
		return nil
	}
	return fmt.Errorf("%w: a redirect to the scheme %q", ErrMalformed, req.URL.Scheme)
}

func hasCredentials(req *http.Request) bool {
	return req.URL.User != nil || req.Header.Get("Authorization") != "" || req.Header.Get("Cookie") != ""
}

// StatusError is an answer whose status says that it is not what was asked for.
type StatusError struct {
	Code int
	URL  string // without its query, which may hold a secret
}

// Error says which status came from where.
func (e *StatusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.URL, e.Code, http.StatusText(e.Code))
}

// CheckStatus turns a response that is neither 2xx nor 304 into the error that
// makes the runner do the right thing: *RetryAfter for 429 and for 503 with a
// time, ErrGone for 410, otherwise *StatusError. All of them wrap a *StatusError.
func CheckStatus(resp *http.Response, now time.Time) error {
	if resp.StatusCode/100 == 2 || resp.StatusCode == http.StatusNotModified {
		return nil
	}
	status := &StatusError{Code: resp.StatusCode}
	if resp.Request != nil && resp.Request.URL != nil {
		status.URL = resp.Request.URL.Scheme + "://" + resp.Request.URL.Host + resp.Request.URL.EscapedPath()
	}
	wait, stated := ParseRetryAfter(resp.Header.Get("Retry-After"), now)
	switch {
	case resp.StatusCode == http.StatusGone:
		return fmt.Errorf("%w: %w", ErrGone, status)
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable && stated:
		if !stated {
			wait = time.Minute
		}
		return &RetryAfter{Wait: wait, Err: status}
	}
	return status
}

// TooLarge is an answer that goes on beyond what is accepted.
type TooLarge struct {
	Limit int64 // bytes, after decompression
}

// Error says how much was accepted.
func (e *TooLarge) Error() string {
	return fmt.Sprintf("the answer is larger than %d bytes", e.Limit)
}

// ErrMalformed is wrapped by an error that says that a network answered
// something that is not what it should be.
var ErrMalformed = errors.New("malformed answer")

// Class names the kind of an error with one of a small set of words, fit for a
// label of a metric: timeout refused_address refused_credential budget too_large http_4xx http_5xx
// rate_limited gone tls dns network malformed conflict full panic other.
func Class(err error) string {
	var retry *RetryAfter
	var refused *Refused
	var large *TooLarge
	var status *StatusError
	var crash *panicError
	var dns *net.DNSError
	var connection *net.OpError
	switch {
	case errors.Is(err, earshot.ErrConflict):
		return "conflict"
	case errors.Is(err, earshot.ErrFull):
		return "full"
	case errors.Is(err, ErrGone):
		return "gone"
	case errors.As(err, &crash):
		return "panic"
	case errors.As(err, &refused):
		return "refused_credential"
	case errors.Is(err, ErrSpent):
		return "budget"
	case errors.As(err, &retry):
		return "rate_limited"
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return "refused_address"
	case errors.As(err, &large):
		return "too_large"
	case errors.As(err, &status):
		return statusClass(status.Code)
	case errors.Is(err, ErrMalformed):
		return "malformed"
	case errors.As(err, &dns):
		return "dns"
	case isTLS(err):
		return "tls"
	case isTimeout(err):
		return "timeout"
	case errors.As(err, &connection), errors.Is(err, io.ErrUnexpectedEOF):
		return "network"
	}
	return "other"
}

func statusClass(code int) string {
	switch {
	case code >= 500:
		return "http_5xx"
	case code >= 400:
		return "http_4xx"
	}
	return "malformed" // a status that no server should send for what was asked
}

func isTLS(err error) bool {
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.As(err, &verification) || errors.As(err, &record) || errors.As(err, &alert)
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
