package alerts

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of a call to a peer.
const (
	callTimeout = 30 * time.Second
	maxAnswer   = 1 << 20 // bytes of an answer that are read
	maxSaid     = 200     // runes of an answer that an error repeats
)

// NewSinkClient returns a client for sinks: bounded in time, with redirects refused,
// since they would take a secret elsewhere.
func NewSinkClient(config *tls.Config) *http.Client {
	return &http.Client{
		Timeout: callTimeout,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        config,
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        time.Minute,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Call is one request to a peer.
type Call struct {
	Method  string // POST unless said otherwise
	URL     string // never told anybody, beyond its host
	Header  http.Header
	Body    []byte
	Secrets []string // to be kept out of what the peer is quoted with
	File    string   // of the credential, for when it is refused
	Renew   string   // how a person gets another
	Private bool     // the address is the credential: not to be found is to be refused
}

// Bearer signs the call in with a token, which is kept out of errors from then on.
func (c *Call) Bearer(token string) {
	c.header("Authorization", "Bearer "+token)
	c.Secrets = append(c.Secrets, token)
}

// Basic signs the call in with a password, which is kept out of errors from then on.
func (c *Call) Basic(user, password string) {
	coded := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	c.header("Authorization", "Basic "+coded)
	c.Secrets = append(c.Secrets, password, coded)
}

func (c *Call) header(name, value string) {
	if c.Header == nil {
		c.Header = http.Header{}
	}
	c.Header.Set(name, value)
}

// Content makes a value the body. One that cannot be written is rejected.
func (c *Call) Content(value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return &Rejected{Err: fmt.Errorf("writing what is sent: %w", err)}
	}
	c.Body = body
	return nil
}

// Answer is what a peer said, whatever its status.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do makes the call. Its error is of the kind that has the courier do the right
// thing: *Refused for 401 and 403, ErrGone for 410, *Rejected for 400, 413 and 422,
// *RetryAfter for 429 and whenever the peer says how long, otherwise temporary. It
// names the host and nothing else of the address.
func (c Call) Do(ctx context.Context, client *http.Client) (Answer, error) {
	if c.Method == "" {
		c.Method = http.MethodPost
	}
	u := webAddress(c.URL)
	if u == nil {
		return Answer{}, &Refused{File: c.File, Renew: c.Renew, Err: errors.New("it is no address")}
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, c.URL, bytes.NewReader(c.Body))
	if err != nil {
		return Answer{}, &Refused{File: c.File, Renew: c.Renew, Err: errors.New("it is no address")}
	}
	if c.Header != nil {
		req.Header = c.Header
	}
	req.Header.Set("User-Agent", "earshot/1")
	if c.Method != http.MethodGet && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(req)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // without the address
		}
		return Answer{}, c.said(u.Host, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	a := Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}
	if err != nil && resp.StatusCode/100 == 2 {
		return a, c.said(u.Host, fmt.Errorf("reading its answer: %w", err))
	}
	return a, c.judge(u.Host, a, time.Now())
}

// said wraps what went wrong on the way, which may quote what must not be told.
func (c Call) said(host string, err error) error {
	if text := err.Error(); c.scrub(text) != text {
		err = errors.New(c.scrub(text))
	}
	return fmt.Errorf("calling %s: %w", host, err)
}

// judge turns a status into the error that it stands for.
func (c Call) judge(host string, a Answer, now time.Time) error {
	if a.Status/100 == 2 {
		return nil
	}
	if a.Status/100 == 3 { // where it leads to may hold a secret
		return fmt.Errorf("%s answered %d %s: redirects are not followed (give the address that it leads to)", host, a.Status, http.StatusText(a.Status))
	}
	err := fmt.Errorf("%s answered %d %s%s", host, a.Status, http.StatusText(a.Status), c.quote(a.Body))
	wait, stated := retryAfter(a.Header.Get("Retry-After"), now)
	switch a.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &Refused{File: c.File, Renew: c.Renew, Err: err}
	case http.StatusNotFound:
		if c.Private {
			return &Refused{File: c.File, Renew: c.Renew, Err: err}
		}
	case http.StatusGone:
		return fmt.Errorf("%w: %w", ErrGone, err)
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return &Rejected{Err: err}
	case http.StatusTooManyRequests:
		if !stated {
			wait, stated = time.Minute, true
		}
	}
	if stated {
		return &RetryAfter{Wait: wait, Err: err}
	}
	return err
}

// quote repeats the beginning of what a peer said.
func (c Call) quote(body []byte) string {
	if len(body) > 16<<10 {
		body = body[:16<<10]
	}
	said := clean(c.scrub(strings.ToValidUTF8(string(body), "")), maxSaid)
	if said == "" {
		return ""
	}
	return ": " + said
}

// logins are names and passwords in addresses, such as that of a proxy.
var logins = regexp.MustCompile(`://[^\s"]*@`)

// scrub takes out what is secret, the address behind the host first.
func (c Call) scrub(text string) string {
	text = logins.ReplaceAllString(text, "://…@")
	secrets := append([]string{}, c.Secrets...)
	if u, err := url.Parse(c.URL); err == nil {
		secrets = append(secrets, c.URL, u.RequestURI(), u.Path, u.RawQuery)
		if u.User != nil {
			password, _ := u.User.Password()
			secrets = append(secrets, password, u.User.Username())
		}
		if c.Private { // any piece of the path may be it
			secrets = append(secrets, strings.Split(u.Path, "/")...)
			for _, values := range u.Query() {
				secrets = append(secrets, values...)
			}
		}
	}
	for _, secret := range secrets {
		if len(secret) > 5 {
			text = strings.ReplaceAll(text, secret, "…")
			text = strings.ReplaceAll(text, url.QueryEscape(secret), "…")
		}
	}
	return text
}

// retryAfter reads the header of the name, seconds or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1e6) * float64(time.Second)), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}
